"""The values that generated channels have to keep at kept keys and poses, read from Blender for `action.bending`."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

import bpy
import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.motion.known import ROOT
from ...retarget.rigs.control_names import Switch, limb_switches
from ...retarget.solving.keyed_poses import gives_bone, is_carried
from ...retarget.typing import Floats
from ..action.bending import APART, GivenChannel, Span
from ..action.fcurves import action_curves, custom_property, is_switch, key_frames
from ..action.keys_between import is_between
from ..character.character import Character
from ..character.placing import is_number
from ..character.rotation_modes import to_quaternions
from ..character.typing import ArmatureObject
from .keyed import KeyedPose
from .reader import ReadPoses

Curves = dict[int, bpy.types.FCurve]
"""Index -> F-curve of one property."""


def read_given(
    armature_object: ArmatureObject,
    character: Character,
    span: Span,
    poses: Sequence[KeyedPose],
    read: ReadPoses,
    channels: Iterable[tuple[str, str]],
    also: Sequence[int] = (),
) -> dict[tuple[str, str], GivenChannel]:
    """(bone, property) -> the values that it has to keep, for every generated channel.

    read: the motion before the span, frame by frame, then the poses.  also: frames that every curve is to get a key on,
    as `keys_between.read_keys` takes them.
    """
    action = action_curves(armature_object)
    curves = action.by_bone() if action else {}
    conditions = _conditions(armature_object, character)
    given = {}
    for bone, channel in channels:
        pose_bone, own = armature_object.pose.bones[bone], curves.get((bone, channel), {})
        if is_switch(channel):
            given[bone, channel] = _given_switch(pose_bone, channel, own, span, poses)
            continue
        mode = pose_bone.rotation_mode if channel.startswith("rotation") else ""
        rows = (read.basis if mode else read.location)[bone]
        seen: dict[int, Floats] = {}
        keyed: dict[int, Floats] = {}
        for row, frame, pose in _holding(character, span, poses, bone, channel):
            at = pose.at if pose else float(frame + span.origin)
            if own and (pose is None or any(_is_keyed(curve, at, pose.frame in also) for curve in own.values())):
                keyed[frame] = value_at(pose_bone, channel, own, at)
            if not _hold(armature_object, conditions.get(bone, ()), curves, at):
                continue  # this control does not show here where its limb is
            seen[frame] = rows[row]
            if frame in keyed:
                value = to_quaternions(mode, keyed[frame][None])[0] if mode else keyed[frame]
                apart = rot.angle_between(value, rows[row]) if mode else np.abs(value - rows[row]).max()
                if apart < APART:
                    seen[frame] = value
        kept = tuple(pose.frame - span.origin for pose in poses if pose.frame - span.origin in seen.keys() | keyed)
        given[bone, channel] = GivenChannel(seen, keyed, kept, mode)
    return given


def _is_keyed(curve: bpy.types.FCurve, at: float, between: bool) -> bool:
    """Whether there is a key at a time, or, where that counts, are keys before and after it."""
    frames = key_frames(curve)
    near = np.abs(frames - at).min(initial=1.0) < 0.01
    return bool(near or (between and is_between(frames, at)))


def _conditions(armature_object: ArmatureObject, character: Character) -> dict[str, tuple[Switch, ...]]:
    """IK control -> the switches that have to be set for it to say where its limb is, as it does in what is written."""
    used = {limb.end.name: limb for limb in character.places.limbs}
    found: dict[str, tuple[Switch, ...]] = {}
    for limb in limb_switches(frozenset(armature_object.pose.bones.keys())):
        if limb.end not in used or limb.pole is None:
            continue
        aimed = tuple(s for s in limb.to_ik if is_number(armature_object.pose.bones[s[0]].get(s[1])))
        found[limb.pole] = aimed
        placed = tuple(switch for switch in aimed if not switch[1].startswith("pole"))
        found |= {name: placed for name in (limb.end, limb.toe) if name}
    return found


def _hold(
    armature_object: ArmatureObject, switches: Sequence[Switch], curves: dict[tuple[str, str], Curves], at: float
) -> bool:
    """Whether switches have these values at a time."""
    pose = armature_object.pose.bones

    def now(bone: str, channel: str) -> float:
        return float(value_at(pose[bone], channel, curves.get((bone, channel), {}), at)[0])

    return all(abs(now(bone, f'["{prop}"]') - value) < 0.5 for bone, prop, value in switches)


def _holding(
    character: Character, span: Span, poses: Sequence[KeyedPose], bone: str, channel: str
) -> Iterator[tuple[int, int, KeyedPose | None]]:
    """(row of `ReadPoses`, frame of the motion, pose) where a property is kept; no pose for the motion before."""
    if span.before:
        yield span.before - 1, span.before - 1, None
    carried = is_carried(character.mapping, character.carriers, bone, channel)
    for i, pose in enumerate(poses):
        gives = ROOT in pose.known if carried else gives_bone(pose.known, character.mapping, bone)
        if gives or pose.whole:
            yield span.before + i, pose.frame - span.origin, pose


def value_at(pose_bone: bpy.types.PoseBone, channel: str, curves: Curves, frame: float) -> Floats:
    """The value (channels,) of a bone's property on a frame: from its keys, else its curves, else as set unanimated."""
    # The number of an enum, not the name that Blender shows for it.
    now = pose_bone[custom_property(channel)] if is_switch(channel) else pose_bone.path_resolve(channel)
    values = np.array(now if hasattr(now, "__len__") else [now], dtype=np.float64)
    for index, curve in curves.items():
        points = curve.keyframe_points
        near = bisect_left(points, frame - 0.01, key=lambda point: point.co.x)
        on_frame = near < len(points) and points[near].co.x < frame + 0.01
        values[index] = points[near].co.y if on_frame else curve.evaluate(frame)
    return values


def _given_switch(
    pose_bone: bpy.types.PoseBone, channel: str, curves: Curves, span: Span, poses: Sequence[KeyedPose]
) -> GivenChannel:
    """A control rig's switch keeps its own value on every kept pose, and after the range."""
    frames = [pose.frame - span.origin for pose in poses]
    keyed = {frame: value_at(pose_bone, channel, curves, frame + span.origin) for frame in frames}
    after = value_at(pose_bone, channel, curves, span.end + 1.0)
    return GivenChannel({}, keyed | {span.frames: after}, tuple(frames), "")
