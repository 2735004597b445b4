"""Writing generated frames between keys that stay: in the armature's own action, or in a copy of it.

`read_given` takes from Blender what the keys say, `bend` does the sums and may run in another thread, `write_bent`
changes the action. A key that stays keeps its value bit for bit, because nothing is ever written over it.
"""

from dataclasses import dataclass, replace

import bpy
import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.motion.known import ROOT
from ...retarget.rigs.mapping import Mapping
from ...retarget.solving.keyed_poses import bend_positions, bend_rotations, gives_bone, is_carried
from ...retarget.typing import Floats
from ..character.rotation_modes import through_given, to_quaternions
from ..jobs.edit_request import EditRequest
from ..poses.keyed import KeyedPose
from ..poses.reader import ReadPoses
from .keys import action_curves, key_frames
from .new_action import Curve

_APART = 0.01
"""Radians, or armature units, by which a key and the pose that is seen must differ to count as two: a limb that follows
IK has FK controls elsewhere."""
_FAR = 0.2
"""The same for an IK control that has nothing to do with the pose."""


@dataclass(frozen=True, eq=False)
class GivenChannel:
    """What one property of a bone is held to, by frames of the motion.

    seen: frame -> the rotation (4,) or place (3,) that the bone has there.  keyed: frame -> the property's own value.
    kept: frames of poses, whose keys stay.  mode: the bone's rotation mode, "" for a location.
    loose: whether the property may be without effect there, as IK controls are while their limb follows FK.
    """

    seen: dict[int, Floats]
    keyed: dict[int, Floats]
    kept: tuple[int, ...]
    mode: str
    loose: bool = False


@dataclass(frozen=True, eq=False)
class BentCurve:
    """One property of a bone over all frames of the motion.

    values: (T, channels).  kept: frames whose keys stay.  jumps: frames whose value does not follow from the one
    before, so that nothing may be interpolated towards them.
    """

    bone: str
    channel: str
    values: Floats
    kept: tuple[int, ...]
    jumps: tuple[int, ...]


def read_given(
    armature_object: bpy.types.Object,
    request: EditRequest,
    mapping: Mapping,
    carriers: tuple[str, ...],
    channels: list[tuple[str, str]],
    read: ReadPoses,
) -> dict[tuple[str, str], GivenChannel]:
    """(bone, property) -> what holds it, of those that are generated. read: as `request.read_at` asked for it."""
    action = action_curves(armature_object)
    curves = action.by_bone() if action else {}
    given = {}
    for bone, channel in channels:
        pose_bone = armature_object.pose.bones[bone]
        if channel.startswith("["):
            given[bone, channel] = _given_switch(pose_bone, channel, curves.get((bone, channel), {}), request)
            continue
        mode = pose_bone.rotation_mode if channel.startswith("rotation") else ""
        rows = (read.basis if mode else read.location)[bone]
        seen: dict[int, Floats] = {}
        keyed: dict[int, Floats] = {}
        for row, frame, pose in _holding(request, mapping, bone, channel, carriers):
            seen[frame] = rows[row]
            at = pose.at if pose else float(frame + request.origin)
            own = curves.get((bone, channel), {})
            if own and (pose is None or any(np.abs(key_frames(c) - at).min(initial=1.0) < 0.01 for c in own.values())):
                keyed[frame] = value_at(pose_bone, channel, own, at)
                said = to_quaternions(mode, keyed[frame][None])[0] if mode else keyed[frame]
                apart = rot.angle_between(said, rows[row]) if mode else np.abs(said - rows[row]).max()
                if apart < _APART:
                    seen[frame] = said
        kept = tuple(pose.frame - request.origin for pose in request.poses if pose.frame - request.origin in seen)
        loose = bone not in mapping.driven and bone not in carriers
        given[bone, channel] = GivenChannel(seen, keyed, kept, mode, loose)
    return given


def _holding(
    request: EditRequest, mapping: Mapping, bone: str, channel: str, carriers: tuple[str, ...]
) -> list[tuple[int, int, KeyedPose | None]]:
    """(row of what was read, frame of the motion, pose) where a property is held; None for the motion before."""
    held: list[tuple[int, int, KeyedPose | None]] = []
    if request.before:
        held.append((request.before - 1, request.before - 1, None))
    for i, pose in enumerate(request.poses):
        if is_carried(mapping, carriers, bone, channel):
            gives = ROOT in pose.known
        else:
            gives = gives_bone(pose.known, mapping, bone)
        if gives or pose.whole:
            held.append((request.before + i, pose.frame - request.origin, pose))
    return held


def value_at(pose_bone: bpy.types.PoseBone, channel: str, curves: dict[int, bpy.types.FCurve], frame: float) -> Floats:
    """The value (channels,) of a bone's property on a frame: its keys' own, its curves', or what is set unanimated."""
    now = pose_bone.path_resolve(channel)
    values = np.array(now if hasattr(now, "__len__") else [now], dtype=np.float64)
    for index, curve in curves.items():
        on_frame = [point.co.y for point in curve.keyframe_points if abs(point.co.x - frame) < 0.01]
        values[index] = on_frame[0] if on_frame else curve.evaluate(frame)
    return values


def _given_switch(
    pose_bone: bpy.types.PoseBone, channel: str, curves: dict[int, bpy.types.FCurve], request: EditRequest
) -> GivenChannel:
    """A control rig's switch keeps its own value on every kept pose, and what it has on other frames outside."""
    frames = [pose.frame - request.origin for pose in request.poses]
    keyed = {frame: value_at(pose_bone, channel, curves, frame + request.origin) for frame in frames}
    after = value_at(pose_bone, channel, curves, request.end + 1.0)
    return GivenChannel({}, keyed | {request.frames: after}, tuple(frames), "")


def bend(curves: list[Curve], given: dict[tuple[str, str], GivenChannel]) -> list[BentCurve]:
    """Solved curves made to meet what is given; touches nothing of Blender's."""
    return [_bend_one(bone, channel, values, given[bone, channel]) for bone, channel, values in curves]


def _bend_one(bone: str, channel: str, values: Floats, given: GivenChannel) -> BentCurve:
    if channel.startswith("["):
        return _bend_switch(bone, channel, values, given)
    if given.loose:
        given = _what_counts(values, given)
    at = np.array(sorted(given.seen), dtype=np.intp)
    seen = np.array([given.seen[frame] for frame in at])
    if not given.mode:
        bent, jumps = bend_positions(values, at, seen), []
        for frame, value in given.keyed.items():
            bent[frame] = value
    else:
        turned = bend_rotations(to_quaternions(given.mode, values), at, seen)
        bent, jumps = through_given(given.mode, turned, given.keyed)
    jumps += [k for frame in given.keyed if _differs(given, frame) for k in (frame, frame + 1)]
    return BentCurve(bone, channel, bent, given.kept, tuple(sorted(set(jumps))))


def _what_counts(values: Floats, given: GivenChannel) -> GivenChannel:
    """Without the poses from which the motion, which meets them, is far: there something else moves the limb."""
    seen = {}
    for frame, pose in given.seen.items():
        if given.mode:
            near = rot.angle_between(to_quaternions(given.mode, values[frame][None])[0], pose) < _FAR
        else:
            near = np.abs(values[frame] - pose).max() < _FAR
        if near:
            seen[frame] = pose
    return replace(given, seen=seen)


def _differs(given: GivenChannel, frame: int) -> bool:
    """Whether the keys on a frame hold another pose than the one that is seen there."""
    if frame not in given.seen:
        return True
    value, seen = given.keyed[frame], given.seen[frame]
    if not given.mode:
        return bool(np.abs(value - seen).max() >= _APART)
    return bool(rot.angle_between(to_quaternions(given.mode, value[None])[0], seen) >= _APART)


def _bend_switch(bone: str, channel: str, values: Floats, given: GivenChannel) -> BentCurve:
    """The generated value between, its own on kept poses and after the range."""
    bent = np.concatenate([values, values[-1:]])
    for frame, value in given.keyed.items():
        bent[frame] = value
    return BentCurve(bone, channel, bent, given.kept, ())
