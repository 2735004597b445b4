"""Writes bent curves into an action as keys: only where nothing is kept; every other key stays as it is.

`read_keys` reads the existing keys, `plan_curves` merges old and new and may run in another thread, `write_curves`
changes the action; `changed_beside` and `in_its_place` do the same without blocking Blender. A kept key keeps its value
bit for bit, because that value is never computed again.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Bools, Floats, Indices
from ..character.settings import Tolerance
from ..character.typing import ArmatureObject
from ..translation.saying import say
from .bending import BentCurve, Span
from .fcurves import (
    UNPLAYED,
    ActionCurves,
    Points,
    action_curves,
    choice,
    complete,
    data_path,
    dense_points,
    is_switch,
    merge,
    read_points,
    remove_unplayed,
    select,
    sparse_points,
    step_points,
    unplayed_copy,
    with_key,
    write_points,
)
from .generated import (
    fingerprints,
    generated_type,
    give_back_touched,
    read_record,
    write_record,
)
from .leading import lead
from .new_action import NewKeys, thinned


@dataclass(frozen=True, eq=False)
class OldKeys:
    """The keys of one F-curve.  outside: frame next to the range -> the curve's value there."""

    points: Points
    outside: dict[int, float]


CurveKey = tuple[str, str, int]
"""Bone, property and index of an F-curve."""


def key_on(frame: float, value: float) -> Points:
    """One generated key."""
    return complete(step_points(np.array([frame]), np.array([value]), "LINEAR"), generated_type())


def read_keys(
    armature_object: ArmatureObject, span: Span, channels: Iterable[tuple[str, str]], also: Sequence[int] = ()
) -> dict[CurveKey, OldKeys]:
    """The keys of those F-curves of these (bone, property) that exist.

    also: frames that each of them gets a key on, between its own keys, which does not change its shape.
    """
    action = action_curves(armature_object)
    curves = action.by_bone() if action else {}
    record = read_record(action.action if action else None)
    edges = (span.start - 1, span.end + 1)
    found = {}
    for bone, channel in channels:
        for index, curve in curves.get((bone, channel), {}).items():
            points = read_points(curve)
            give_back_touched(curve, points, record)
            for frame in also if not is_switch(channel) else ():
                points = _with_key_on(points, frame, curve)
            found[bone, channel, index] = OldKeys(points, {frame: curve.evaluate(frame) for frame in edges})
    return found


def is_between(times: Floats, frame: float) -> bool:
    """Whether there are keys before and after a frame."""
    return bool(times.min(initial=frame) < frame < times.max(initial=frame))


def _with_key_on(points: Points, frame: int, curve: bpy.types.FCurve) -> Points:
    times = points["co"][:, 0]
    if np.abs(times - frame).min(initial=9.0) < 0.5 or not is_between(times, frame):
        return points
    return with_key(points, frame, curve.evaluate(frame), generated_type())


def plan_curves(
    span: Span, bent: Sequence[BentCurve], old: dict[CurveKey, OldKeys], tolerance: Tolerance | None
) -> list[NewKeys]:
    """The keys that every F-curve will have.

    tolerance: for as few new keys as it allows, with fitted Bezier handles; None for a key on every frame.
    """
    planned = []
    for curve in bent:
        planned += _switch(span, curve, old) if is_switch(curve.channel) else _channels(span, curve, old, tolerance)
    return planned


def write_curves(armature_object: ArmatureObject, planned: Sequence[NewKeys]) -> bpy.types.Action:
    """Put the keys into the armature's action. Raises MotionGPTError where it has none."""
    action = _found(armature_object, action_curves(armature_object))
    for _ in _written(action, planned):
        pass
    follow_up(armature_object)
    return action.action


def follow_up(armature_object: ArmatureObject) -> None:
    """What has to be done once an armature's action has other keys."""
    lead(armature_object)
    armature_object.update_tag()


@dataclass(frozen=True, eq=False)
class Changed:
    """A copy of an action that has other keys. uid: the original's `session_uid`."""

    copy: bpy.types.Action
    uid: int

    def may_replace(self, armature_object: ArmatureObject) -> bool:
        """Whether the armature's action is still the one that was copied, and is nothing but an action of this file."""
        animation, curves = armature_object.animation_data, action_curves(armature_object)
        if animation is None or curves is None or animation.use_tweak_mode:
            return False
        own: Any = curves.action
        special = own.library or own.override_library or own.asset_data
        return not special and own.session_uid == self.uid


def changed_beside(
    armature_object: ArmatureObject, planned: Sequence[NewKeys]
) -> Generator[Changed | None, None, None]:
    """Put the keys into a copy of the armature's action, which nothing plays yet: an F-curve a step, which yields None;
    the last one yields what was made. Once it is closed, the copy is gone, unless something plays it. May not go on
    after an undo. Raises MotionGPTError where there is no action."""
    own = _found(armature_object, action_curves(armature_object))
    before = own.action.session_uid
    yield None
    copy = _found(armature_object, unplayed_copy(armature_object))
    uid = copy.action.session_uid
    try:
        yield None
        for _ in _written(copy, planned):
            yield None
        yield Changed(copy.action, before)
    finally:
        remove_unplayed(uid)


@contextmanager
def in_its_place(armature_object: ArmatureObject, changed: Changed) -> Iterator[bpy.types.Action]:
    """Have the copy played, and meant, wherever the armature's action is; where something raises inside, the action
    again."""
    own = _found(armature_object, action_curves(armature_object)).action
    _swap(own, changed.copy)
    try:
        yield changed.copy
    except BaseException:
        _swap(changed.copy, own)
        raise
    bpy.data.actions.remove(own)


def _swap(action: bpy.types.Action, other: bpy.types.Action) -> None:
    name, fake = action.name, action.use_fake_user
    action.user_remap(other)
    action.name, other.name = UNPLAYED, name
    action.use_fake_user, other.use_fake_user = False, fake


def _found(armature_object: ArmatureObject, curves: ActionCurves | None) -> ActionCurves:
    if curves is None:
        raise MotionGPTError(
            say('"{armature}" no longer has an animation.', armature=armature_object.name),
            "Undo, or press the button again.",
        )
    return curves


def _written(action: ActionCurves, planned: Sequence[NewKeys]) -> Iterator[None]:
    """Put the keys into an action, an F-curve a step."""
    curves = action.by_bone()
    for keys in planned:
        own = curves.get((keys.bone, keys.channel), {}).get(keys.index)
        write_points(own or action.new(keys.bone, keys.channel, keys.index), keys.points)
        yield
    write_record(action.action, np.concatenate([read_record(action.action), *(keys.record for keys in planned)]))


def _channels(span: Span, bent: BentCurve, old: dict[CurveKey, OldKeys], tolerance: Tolerance | None) -> list[NewKeys]:
    """The F-curves of one property."""
    first = span.before  # frames before it are existing motion
    values = bent.values[first:]
    kept = np.array([frame - first for frame in bent.kept], dtype=np.intp)
    jumps = np.array([frame - first for frame in bent.jumps if first < frame < len(bent.values)], dtype=np.intp)
    if tolerance is None:
        new = dense_points(span.start, values)
    else:
        forced = np.unique(np.concatenate([kept, jumps, jumps - 1]))
        new = sparse_points(span.start, thinned(bent.channel, values, tolerance, forced))
    planned = []
    for index, points in enumerate(new):
        points = complete(points, generated_type())
        own = old.get((bent.bone, bent.channel, index))
        there = _with_edges(span, own) if own else select(points, slice(0))
        planned.append(_joined(span, bent, index, there, points, jumps))
    return planned


def _with_edges(span: Span, old: OldKeys) -> Points:
    """The old keys, with one more just outside each end of the range that is between keys, so that the curve keeps its
    shape outside."""
    points = old.points
    for edge, outside in ((span.start, span.start - 1), (span.end, span.end + 1)):
        times = points["co"][:, 0]
        near = np.abs(times - edge).min(initial=9.0) < 0.5 or np.abs(times - outside).min(initial=9.0) < 0.5
        if not near and is_between(times, outside):
            points = with_key(points, outside, old.outside[outside], generated_type())
    return points


def _switch(span: Span, bent: BentCurve, old: dict[CurveKey, OldKeys]) -> list[NewKeys]:
    """The stepped keys of a control rig's switch, if it has to change at all; outside the range only where there is
    something to keep as it was."""
    values = bent.values[span.before :, 0]
    own = old.get((bent.bone, bent.channel, 0))
    if own is None and np.all(values == values[0]):
        return []
    steps = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
    times = np.concatenate([np.zeros(0), *(keys.points["co"][:, 0] for keys in old.values())])
    if not np.any(times > span.end) or (own is not None and span.end + 1 in np.round(own.points["co"][:, 0])):
        steps = steps[steps <= span.end - span.start]
    frames, values = span.start + steps, values[steps]
    if own is None and values[0] != bent.values[-1, 0] and np.any(times < span.start):
        frames, values = np.append(span.start - 1, frames), np.append(bent.values[-1, 0], values)
    new = complete(step_points(frames, values), generated_type())
    there = own.points if own else select(new, slice(0))
    return [_joined(span, bent, 0, there, new, np.array([], dtype=np.intp))]


def _joined(span: Span, bent: BentCurve, index: int, old: Points, new: Points, jumps: Indices) -> NewKeys:
    """The old keys outside the range and on kept poses, the new ones everywhere else.

    jumps: frames, counted from the range's first, into which nothing may interpolate.
    """
    frames = np.round(old["co"][:, 0]).astype(int)
    inside = (frames >= span.start) & (frames <= span.end)
    on_kept = inside & np.isin(frames - span.origin, bent.kept)
    old = select(old, ~inside | on_kept)
    frames, on_kept = frames[~inside | on_kept], on_kept[~inside | on_kept]
    whole = list(span.whole)
    old["type"][on_kept & np.isin(frames, whole)] = choice("type", "KEYFRAME")
    _turn_handles(old, frames, on_kept, new, span)
    new_frames = new["co"][:, 0].astype(int)
    new["type"][np.isin(new_frames, whole)] = choice("type", "KEYFRAME")
    new = select(new, ~np.isin(new_frames, frames[on_kept]))
    points = merge(old, new)
    leaps = np.isin(np.round(points["co"][:, 0]).astype(int) + 1, jumps + span.start)
    points["interpolation"][leaps] = choice("interpolation", "CONSTANT")
    generated = points["type"] == choice("type", generated_type())
    path = data_path(bent.bone, bent.channel)
    return NewKeys(bent.bone, bent.channel, index, points, fingerprints(path, index, points["co"][generated, 1]))


def _turn_handles(old: Points, frames: Indices, on_kept: Bools, new: Points, span: Span) -> None:
    """Give kept keys the new interpolation and handles inside the range; on the other side they keep their own."""
    free = choice("handle_left_type", "FREE")
    row = {int(frame): i for i, frame in enumerate(new["co"][:, 0])}
    bezier = new["interpolation"][0] == choice("interpolation", "BEZIER")
    for i in np.flatnonzero(on_kept):
        frame, k = int(frames[i]), row.get(int(frames[i]))
        if bezier or frame in (span.start, span.end):
            old["handle_left_type"][i] = old["handle_right_type"][i] = free
        if frame < span.end:
            old["interpolation"][i] = new["interpolation"][0]
            if bezier and k is not None:
                old["handle_right"][i] = new["handle_right"][k]
        if frame > span.start and bezier and k is not None:
            old["handle_left"][i] = new["handle_left"][k]
