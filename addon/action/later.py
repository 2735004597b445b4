"""What an action holds after the frames that are written: moved along over the floor, or cut off."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import bpy
import numpy as np
from mathutils import Matrix

from ...retarget.motion import rotations as rot
from ...retarget.typing import Floats
from ..character.armature import object_axes
from ..character.character import Character
from ..character.leaders import targets_of, works
from ..character.rotation_modes import from_quaternions, rotation_property, to_quaternions
from ..character.typing import ArmatureObject
from .bending import GivenChannel, Span
from .fcurves import Points, action_curves, choice, data_path, is_switch, key_frames, read_points, select, with_key
from .generated import fingerprints, generated_type, give_back_touched, read_record
from .keys_between import CurveKey, OldKeys, key_on
from .new_action import NewKeys

_CARRYING = ("ARMATURE", "CHILD_OF", "COPY_TRANSFORMS")
"""Constraints by which one bone takes another along over the floor."""


@dataclass(frozen=True, eq=False)
class Move:
    """A turn about the vertical (4,), then a shift over the floor (3,) in metres, in the rig's axes."""

    turn: Floats
    shift: Floats


@dataclass(frozen=True, eq=False)
class Mover:
    """A bone that has to be moved when everything is. turn: (4,) by which its own rotation is multiplied.  axes: (3, 3)
    and shift: (3,) of its location, whose axes may be others than those of its rotation."""

    mode: str
    turn: Floats
    axes: Floats
    shift: Floats

    def moved(self, channel: str, values: Floats) -> Floats:
        """Values (K, channels) of the bone's location or rotation, moved."""
        if channel == "location":
            return np.asarray(values @ self.axes.T + self.shift)
        if self.mode == "QUATERNION":
            return rot.multiply(self.turn, values)  # linear, so that it may be applied to handles and keeps signs
        return from_quaternions(self.mode, rot.multiply(self.turn, to_quaternions(self.mode, values)))


def find_movers(
    armature_object: ArmatureObject, character: Character, move: Move, channels: Iterable[tuple[str, str]]
) -> dict[str, Mover]:
    """Bone -> how it has to be moved for everything that the action animates, or will, to be moved: the keyed bones
    that no other keyed bone carries. channels: (bone, property) of what is written."""
    curves = action_curves(armature_object)
    animated = [*(curves.by_bone() if curves else ()), *channels]
    keyed = {bone for bone, channel in animated if not is_switch(channel)}
    pose = armature_object.pose.bones
    names = [name for name in _carrying(armature_object, character, keyed & set(pose.keys())) if name in pose]
    axes = object_axes(armature_object)
    back = rot.conjugate(axes.turn)
    turn, shift = rot.multiply(back, rot.multiply(move.turn, axes.turn)), rot.rotate(back, move.shift) / axes.scale
    return {name: _mover(armature_object, pose[name], turn, shift) for name in names}


def _mover(armature_object: ArmatureObject, bone: bpy.types.PoseBone, turn: Floats, shift: Floats) -> Mover:
    """turn, shift: in the armature's space.

    A bone's head is h + A location, where A depends on its flags and h is where it is at rest under its parents. Moved,
    it is R (h + A location) + t = h + A location'.
    """

    def posed(at: tuple[float, float, float]) -> Matrix:
        return armature_object.convert_space(
            pose_bone=bone, matrix=Matrix.Translation(at), from_space="LOCAL", to_space="POSE"
        )

    rest = posed((0.0, 0.0, 0.0))
    own = np.array(rest.to_quaternion(), dtype=np.float64)
    head = np.array(rest.translation, dtype=np.float64)
    ends = [posed(at).translation for at in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))]
    axes = np.array(ends, dtype=np.float64).T - head[:, None]
    return Mover(
        mode=bone.rotation_mode,
        turn=rot.multiply(rot.conjugate(own), rot.multiply(turn, own)),
        axes=np.linalg.solve(axes, rot.to_matrix(turn) @ axes),
        shift=np.linalg.solve(axes, rot.rotate(turn, head) + shift - head),
    )


def _carrying(armature_object: ArmatureObject, character: Character, keyed: set[str]) -> list[str]:
    """The keyed bones that follow no other keyed bone, as the rig's spaces are set now."""
    found = [name for name in sorted(keyed) if not keyed & _carriers(armature_object, name)]
    return found or [character.places.hips.name]


def _carriers(armature_object: ArmatureObject, bone: str) -> set[str]:
    """Every bone that a bone is carried by: its parents, what their constraints hang them from, and so on."""
    pose, found, waiting = armature_object.pose.bones, {bone}, [bone]
    while waiting:
        own = pose[waiting.pop()]
        above = [own.parent.name] if own.parent else []
        for constraint in own.constraints:
            if constraint.type in _CARRYING and works(constraint):
                above += [name for thing, name in targets_of(constraint, now=True) if thing == armature_object]
        waiting += [name for name in above if name in pose and name not in found]
        found.update(above)
    return found - {bone}


def moved_given(given: dict[tuple[str, str], GivenChannel], movers: dict[str, Mover], frame: int) -> None:
    """Move what bones have to keep on a frame of the motion."""
    for (bone, channel), own in given.items():
        mover = movers.get(bone)
        if mover is None or is_switch(channel):
            continue
        seen, keyed = dict(own.seen), dict(own.keyed)
        if frame in keyed:
            keyed[frame] = mover.moved(channel, keyed[frame][None])[0]
        if frame in seen and own.mode:
            seen[frame] = rot.multiply(mover.turn, seen[frame])
        elif frame in seen:
            seen[frame] = mover.moved(channel, seen[frame][None])[0]
        given[bone, channel] = replace(own, seen=seen, keyed=keyed)


def moved_keys(
    armature_object: ArmatureObject, movers: dict[str, Mover], span: Span, channels: Iterable[tuple[str, str]]
) -> dict[CurveKey, OldKeys]:
    """The keys of the movers' F-curves, moved from the span's last frame on. channels: (bone, property) of what is
    written. A mover's location or rotation without F-curves is what it is now, and gets keys to be moved, too."""
    action = action_curves(armature_object)
    if action is None:
        return {}
    record, out = read_record(action.action), {}
    written, curves = set(channels), action.by_bone()
    moved = [(bone, channel) for bone, m in movers.items() for channel in ("location", rotation_property(m.mode))]
    for bone, channel in moved:
        mover, group = movers[bone], curves.get((bone, channel), {})
        now = np.array(armature_object.pose.bones[bone].path_resolve(channel), dtype=np.float64)
        width = len(now)
        if not group and (bone, channel) not in written and np.allclose(mover.moved(channel, now[None])[0], now):
            continue
        points: list[Points] = []
        for index in range(width):
            own = key_on(span.end, now[index])
            if index in group:
                own = read_points(group[index])
                give_back_touched(group[index], own, record)
            elif (bone, channel) not in written:
                own = _merged(key_on(span.end - 1, now[index]), own)
            points.append(own)
        values = {
            frame: [group[i].evaluate(frame) if i in group else float(points[i]["co"][0, 1]) for i in range(width)]
            for frame in (span.start - 1, span.end + 1)
        }
        after = mover.moved(channel, np.array([values[span.end + 1]]))[0]
        times = sorted({float(t) for p in points for t in p["co"][:, 0] if t > span.end} | {float(span.end)})
        points = [_with_keys(p, times, group.get(i)) for i, p in enumerate(points)]
        _move(points, mover, channel, span.end)
        for index, own in enumerate(points):
            outside = {span.start - 1: values[span.start - 1][index], span.end + 1: float(after[index])}
            out[bone, channel, index] = OldKeys(own, outside)
    return out


def _with_keys(points: Points, times: Sequence[float], curve: bpy.types.FCurve | None) -> Points:
    """The keys with one at each of these times, on the curve."""
    for time in _missing(points["co"][:, 0], np.array(times)):
        own = points["co"][:, 0]
        value = curve.evaluate(time) if curve else float(points["co"][0, 1])
        if own.min() < time < own.max():
            points = with_key(points, time, value, generated_type())
        else:
            points = _merged(points, key_on(time, value))
    return points


def _missing(own: Floats, times: Floats) -> list[float]:
    """Those of the times at which there is no key; own: (n,) the keys' frames, ascending, of which there is one."""
    at = np.searchsorted(own, times)
    near = np.minimum(np.abs(own[np.maximum(at - 1, 0)] - times), np.abs(own[np.minimum(at, len(own) - 1)] - times))
    return [float(time) for time in times[near >= 0.01]]


def _merged(points: Points, more: Points) -> Points:
    joined = {name: np.concatenate([points[name], more[name]]) for name in points}
    return select(joined, np.argsort(joined["co"][:, 0], kind="stable"))


def _move(points: Sequence[Points], mover: Mover, channel: str, first: int) -> None:
    """Move the keys of one property, which all its channels have on the same frames, from a frame on."""
    rows = [np.flatnonzero(p["co"][:, 0] > first - 0.01) for p in points]
    before = np.stack([p["co"][r, 1] for p, r in zip(points, rows, strict=True)], axis=-1).astype(np.float64)
    after = mover.moved(channel, before)
    linear = channel == "location" or mover.mode == "QUATERNION"
    for side in ("handle_left", "handle_right"):
        handles = np.stack([p[side][r, 1] for p, r in zip(points, rows, strict=True)], axis=-1).astype(np.float64)
        moved = mover.moved(channel, handles) if linear else handles + after - before
        for i, (p, r) in enumerate(zip(points, rows, strict=True)):
            p[side][r, 1] = moved[:, i]
    for i, (p, r) in enumerate(zip(points, rows, strict=True)):
        p["co"][r, 1] = after[:, i]


def as_planned(moved: dict[CurveKey, OldKeys]) -> list[NewKeys]:
    """Moved keys as the keys that their F-curves will have."""
    return [_planned(key, keys.points) for key, keys in moved.items()]


def cut(planned: Sequence[NewKeys], last: int) -> list[NewKeys]:
    """Planned keys without those after a frame. Touches no Blender data."""
    return [_planned((k.bone, k.channel, k.index), _until(k.points, last, None)) for k in planned]


def cut_others(armature_object: ArmatureObject, planned: Sequence[NewKeys], last: int) -> list[NewKeys]:
    """The keys up to a frame of every F-curve of a bone for which none are planned: it holds its value."""
    action, out = action_curves(armature_object), []
    done = {(keys.bone, keys.channel, keys.index) for keys in planned}
    for (bone, channel), group in (action.by_bone() if action else {}).items():
        for index, curve in group.items():
            if (bone, channel, index) not in done and np.any(key_frames(curve) > last + 0.5):
                out.append(_planned((bone, channel, index), _until(read_points(curve), last, curve)))
    return out


def _until(points: Points, last: int, curve: bpy.types.FCurve | None) -> Points:
    if curve is not None:
        points = _with_keys(points, [float(last)], curve)
    return select(points, points["co"][:, 0] < last + 0.5)


def _planned(key: CurveKey, points: Points) -> NewKeys:
    bone, channel, index = key
    generated = points["type"] == choice("type", generated_type())
    prints = fingerprints(data_path(bone, channel), index, points["co"][generated, 1])
    return NewKeys(bone, channel, index, points, prints)
