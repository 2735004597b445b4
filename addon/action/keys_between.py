"""Keys of bent curves put into an action: only where nothing is kept, every other key as it was.

`read_keys` takes the keys that are there, `plan_curves` puts old and new together and may run in another thread,
`write_curves` changes the action.
"""

from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from ...retarget.typing import Bools, Floats, Indices
from ..jobs.edit_request import EditRequest
from .bending import BentCurve
from .keys import (
    Points,
    action_curves,
    bone_path,
    choice,
    fingerprints,
    generated_type,
    merge,
    new_points,
    read_points,
    read_record,
    select,
    with_key,
    write_points,
    write_record,
)
from .new_action import Tolerance, stash_action, thinned


@dataclass(frozen=True, eq=False)
class OldKeys:
    """The keys of one F-curve.  outside: frame next to the range -> the curve's value there."""

    points: Points
    outside: dict[int, float]


@dataclass(frozen=True, eq=False)
class NewKeys:
    """All keys that one F-curve is to have.  record: fingerprints of the generated ones among them."""

    bone: str
    channel: str
    index: int
    points: Points
    record: NDArray[np.uint32]


_EMPTY = new_points(np.empty(0), np.empty(0), "LINEAR", "FREE", "KEYFRAME")


def read_keys(
    armature_object: bpy.types.Object, request: EditRequest, channels: list[tuple[str, str]]
) -> dict[tuple[str, str, int], OldKeys]:
    """(bone, property, index) -> the keys, of the F-curves that exist."""
    action = action_curves(armature_object)
    curves = action.by_bone() if action else {}
    edges = (request.start - 1, request.end + 1)
    return {
        (bone, channel, index): OldKeys(read_points(curve), {frame: curve.evaluate(frame) for frame in edges})
        for bone, channel in channels
        for index, curve in curves.get((bone, channel), {}).items()
    }


def plan_curves(
    request: EditRequest,
    bent: list[BentCurve],
    old: dict[tuple[str, str, int], OldKeys],
    tolerance: Tolerance | None,
) -> list[NewKeys]:
    """What every F-curve is to hold.

    tolerance: as few new keys as it allows, with fitted Bezier handles; a key on every frame without it.
    """
    planned = []
    for curve in bent:
        planned += _switch(request, curve, old) if curve.channel.startswith("[") else _channels(
            request, curve, old, tolerance
        )  # fmt: skip
    return planned


def write_curves(
    armature_object: bpy.types.Object, request: EditRequest, planned: list[NewKeys], name: str
) -> bpy.types.Action:
    """Put the keys into the armature's action, or into a copy of it called `name` if the request says so."""
    if request.as_new:
        _copy_action(armature_object, name)
    action = action_curves(armature_object)
    curves = action.by_bone()
    for keys in planned:
        own = curves.get((keys.bone, keys.channel), {}).get(keys.index)
        write_points(own or action.new(bone_path(keys.bone, keys.channel), keys.index, keys.bone), keys.points)
    write_record(action.action, np.concatenate([read_record(action.action), *(keys.record for keys in planned)]))
    armature_object.update_tag()
    return action.action


def _copy_action(armature_object: bpy.types.Object, name: str) -> None:
    """Go on with a copy; the action that was there is stashed."""
    animation = armature_object.animation_data
    copy = animation.action.copy()
    copy.name = name
    slot = animation.action_slot.identifier if hasattr(animation, "action_slot") else ""
    stash_action(armature_object)
    animation.action = copy
    if slot:
        animation.action_slot = copy.slots[slot]


def _channels(
    request: EditRequest, bent: BentCurve, old: dict[tuple[str, str, int], OldKeys], tolerance: Tolerance | None
) -> list[NewKeys]:
    """The F-curves of one property."""
    first = request.before  # frames before it are the motion that was there
    values = bent.values[first:]
    kept = np.array([frame - first for frame in bent.kept], dtype=np.intp)
    jumps = np.array([frame - first for frame in bent.jumps if first < frame < len(bent.values)], dtype=np.intp)
    if tolerance is None:
        new = _dense(values, request.start)
    else:
        forced = np.unique(np.concatenate([kept, jumps, jumps - 1]))
        new = _sparse(bent.channel, values, request.start, tolerance, forced)
    return [
        _together(request, bent, index, *_with_edges(request, old.get((bent.bone, bent.channel, index))), own, jumps)
        for index, own in enumerate(new)
    ]


def _dense(values: Floats, start: int) -> list[Points]:
    """A key on every frame, straight lines between, for each channel of values (T, channels)."""
    frames = start + np.arange(len(values))
    return [new_points(frames, channel, "LINEAR", "AUTO_CLAMPED", generated_type()) for channel in values.T]


def _sparse(channel: str, values: Floats, start: int, tolerance: Tolerance, forced: Indices) -> list[Points]:
    """As few keys as the tolerance allows, with their fitted handles."""
    fitted = thinned(channel, values, tolerance, forced)
    at = start + fitted.frames.astype(np.float64)
    before, after = np.diff(at, prepend=at[0] - 3.0) / 3.0, np.diff(at, append=at[-1] + 3.0) / 3.0
    out = []
    for index in range(values.shape[1]):
        points = new_points(at, fitted.values[:, index], "BEZIER", "FREE", generated_type())
        points["handle_left"] = np.column_stack([at - before, fitted.left[:, index]]).astype(np.float32)
        points["handle_right"] = np.column_stack([at + after, fitted.right[:, index]]).astype(np.float32)
        out.append(points)
    return out


def _with_edges(request: EditRequest, old: OldKeys | None) -> tuple[Points, list[float]]:
    """The old keys, with one more next to the range where the curve is on its way there, so that it stays as it is
    outside; and the values of those that were added."""
    if old is None:
        return select(_EMPTY, slice(None)), []
    points, added = old.points, []
    for edge, outside in ((request.start, request.start - 1), (request.end, request.end + 1)):
        times = points["co"][:, 0]
        near = np.abs(times - edge).min(initial=9.0) < 0.5 or np.abs(times - outside).min(initial=9.0) < 0.5
        if not near and len(times) and times.min() < outside < times.max():
            points = with_key(points, outside, old.outside[outside])
            added.append(old.outside[outside])
    return points, added


def _together(
    request: EditRequest,
    bent: BentCurve,
    index: int,
    old: Points,
    added: list[float],
    new: Points,
    jumps: Indices,
) -> NewKeys:
    """The old keys outside the range and on kept poses and, where none of these lies, the new ones.

    added: values of those old keys that were generated just now.
    """
    frames = np.round(old["co"][:, 0]).astype(int)
    inside = (frames >= request.start) & (frames <= request.end)
    on_kept = inside & np.isin(frames - request.start + request.before, bent.kept)
    old = select(old, ~inside | on_kept)
    frames, on_kept = frames[~inside | on_kept], on_kept[~inside | on_kept]
    whole = [pose.frame for pose in request.poses if pose.whole]
    old["type"][on_kept & np.isin(frames, whole)] = choice("type", "KEYFRAME")
    _turn_handles(old, frames, on_kept, new, request)
    new_frames = new["co"][:, 0].astype(int)
    new["type"][np.isin(new_frames, whole)] = choice("type", "KEYFRAME")
    new = select(new, ~np.isin(new_frames, frames[on_kept]))
    points = merge(old, new)
    leaps = np.isin(np.round(points["co"][:, 0]).astype(int) + 1, jumps + request.start)
    points["interpolation"][leaps] = choice("interpolation", "CONSTANT")
    generated = points["type"] == choice("type", generated_type())
    path = bone_path(bent.bone, bent.channel)
    return NewKeys(bent.bone, bent.channel, index, points, fingerprints(path, index, points["co"][generated, 1]))


def _turn_handles(old: Points, frames: Indices, on_kept: Bools, new: Points, request: EditRequest) -> None:
    """Kept keys take the new side's interpolation and handles; towards the rest of the action they stay as they are."""
    free = choice("handle_left_type", "FREE")
    row = {int(frame): i for i, frame in enumerate(new["co"][:, 0])}
    bezier = new["interpolation"][0] == choice("interpolation", "BEZIER")
    for i in np.flatnonzero(on_kept):
        frame, k = int(frames[i]), row.get(int(frames[i]))
        if bezier or frame in (request.start, request.end):
            old["handle_left_type"][i] = old["handle_right_type"][i] = free
        if frame < request.end:
            old["interpolation"][i] = new["interpolation"][0]
            if bezier and k is not None:
                old["handle_right"][i] = new["handle_right"][k]
        if frame > request.start and bezier and k is not None:
            old["handle_left"][i] = new["handle_left"][k]


def _switch(request: EditRequest, bent: BentCurve, old: dict[tuple[str, str, int], OldKeys]) -> list[NewKeys]:
    """Steps of a control rig's switch, where it has to change at all."""
    values = bent.values[request.before :, 0]
    own = old.get((bent.bone, bent.channel, 0))
    if own is None and np.all(values == values[0]):
        return []
    there = select(own.points if own else _EMPTY, slice(None))
    steps = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
    if request.end + 1 in np.round(there["co"][:, 0]):
        steps = steps[steps <= request.end - request.start]
    frames, values = request.start + steps, values[steps]
    if own is None:
        frames, values = np.append(request.start - 1, frames), np.append(bent.values[-1, 0], values)
    new = new_points(frames, values, "CONSTANT", "AUTO_CLAMPED", generated_type())
    return [_together(request, bent, 0, there, [], new, np.array([], dtype=np.intp))]
