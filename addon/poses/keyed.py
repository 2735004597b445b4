"""Which poses are kept: the keys that an animator has chosen in the armature's action, and what range they span."""

from collections import Counter
from dataclasses import dataclass

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion.known import WHOLE, Known
from ...retarget.solving.keyed_poses import joints_of, known_by_keys
from ..action.fcurves import ActionCurves, action_curves, choice, is_switch, read_points
from ..action.generated import generated_type, is_generated, read_record
from ..character.character import Character
from ..character.typing import ArmatureObject

SELECTED, ALL, MARKED = "SELECTED", "ALL", "MARKED"


@dataclass(frozen=True)
class KeyedPose:
    """A pose that is kept.

    frame: the scene frame of its keys, rounded.  at: the exact time at which it is read, as keys may be between frames.
    known: the channels that it gives.  whole: whether every channel is kept, keyed or not.
    """

    frame: int
    at: float
    known: Known
    whole: bool


def whole_pose(frame: int) -> KeyedPose:
    """The whole visible pose on a frame, keyed or not."""
    return KeyedPose(frame, float(frame), WHOLE, whole=True)


@dataclass
class _FrameKeys:
    """The keys on one frame. times, keys: when and on which (bone, property) the user's keys are, including generated
    ones that were corrected.  set_by_hand: whether any was not generated first.  selected: whether any key is."""

    times: Counter[float]
    keys: set[tuple[str, str]]
    set_by_hand: bool = False
    selected: bool = False


def choose_poses(
    scene: bpy.types.Scene,
    armature_object: ArmatureObject,
    character: Character,
    how: str,
    limits: tuple[int, int] | None,
) -> list[KeyedPose]:
    """The kept poses in order of time.

    how: SELECTED takes the frames of selected keys, ALL those of every key that was not generated, MARKED those with a
    marker of the scene or of the action.  limits: first and last frame of the range, None for one that follows
    the keys.  Raises MotionGPTError where no pose is chosen, or one outside the range.
    """
    curves = action_curves(armature_object)
    found = _user_keys(curves, character) if curves else {}
    if how == MARKED:
        return _marked(scene, armature_object, curves, character, found, limits)
    chosen = {frame: own for frame, own in found.items() if (own.selected if how == SELECTED else own.keys)}
    if not chosen:
        raise _none_chosen(scene, armature_object, how, bool(found))
    if limits is not None:
        inside = {frame: own for frame, own in chosen.items() if limits[0] <= frame <= limits[1]}
        outside = sorted(set(chosen) - set(inside))
        if not inside:
            raise MotionGPTError(
                f"No {'selected ' if how == SELECTED else ''}key lies in the range from {limits[0]} to {limits[1]}.",
                "Change the range, or key a pose in it.",
            )
        if outside and how == SELECTED:
            raise MotionGPTError(
                f"The selected key on frame {outside[0]} lies outside the range from {limits[0]} to {limits[1]}.",
                "Select only keys inside, or change the range.",
            )
        chosen = inside
    return [_pose(frame, own, character) for frame, own in sorted(chosen.items())]


def _pose(frame: int, own: _FrameKeys, character: Character) -> KeyedPose:
    # Where every key was generated and some were then changed, the animator has corrected a whole pose, as seen.
    # A selected pose whose keys are all generated counts as whole, too.
    whole = not own.set_by_hand
    known = WHOLE if whole else known_by_keys(character.mapping, own.keys, character.carriers)
    return KeyedPose(frame, own.times.most_common(1)[0][0] if own.times else float(frame), known, whole)


def _user_keys(curves: ActionCurves, character: Character) -> dict[int, _FrameKeys]:
    """Frame -> the user's keys, and selected ones, on bones that the motion drives or that move such bones."""
    record, marked = read_record(curves.action), choice("type", generated_type())
    found: dict[int, _FrameKeys] = {}
    for (bone, channel), group in curves.by_bone().items():
        if is_switch(channel) or not (bone in character.carriers or joints_of(character.mapping, bone)):
            continue
        for curve in group.values():
            points = read_points(curve)
            generated, chosen = is_generated(curve, points, record), points["select_control_point"]
            for k in np.flatnonzero(~generated | chosen):
                time = float(points["co"][k, 0])
                own = found.setdefault(round(time), _FrameKeys(Counter(), set()))
                own.selected |= bool(chosen[k])
                if not generated[k]:
                    own.times[time] += 1
                    own.keys.add((bone, channel))
                    own.set_by_hand |= bool(points["type"][k] != marked)
    return found


def _marked(
    scene: bpy.types.Scene,
    armature_object: ArmatureObject,
    curves: ActionCurves | None,
    character: Character,
    found: dict[int, _FrameKeys],
    limits: tuple[int, int] | None,
) -> list[KeyedPose]:
    """The poses on marked frames: as keyed where there are keys, elsewhere the whole visible pose."""
    markers = [*scene.timeline_markers, *(curves.action.pose_markers if curves else ())]
    frames = sorted({m.frame for m in markers if limits is None or limits[0] <= m.frame <= limits[1]})
    if not found:
        raise _none_chosen(scene, armature_object, ALL, keyed=False)
    if not frames:
        raise MotionGPTError(
            "No pose is marked."
            if not markers or limits is None
            else f"No marker lies in the range from {limits[0]} to {limits[1]}.",
            "Add a marker (M over the timeline) on every pose to keep.",
        )
    poses = []
    for frame in frames:
        own = found.get(frame)
        poses.append(_pose(frame, own, character) if own and own.keys else whole_pose(frame))
    return poses


def _none_chosen(scene: bpy.types.Scene, armature_object: ArmatureObject, how: str, keyed: bool) -> MotionGPTError:
    """Why there is no pose: keys of another armature are selected, no key is, or there are no keys."""
    other = next((o for o in scene.objects if o.type == "ARMATURE" and o != armature_object and _has_selected(o)), None)
    if how == SELECTED and other is not None:
        return MotionGPTError(
            f'The selected keys are on the armature "{other.name}", not on "{armature_object.name}".',
            f'Choose "{other.name}" under Armature, or select keys of "{armature_object.name}".',
        )
    if how == SELECTED and keyed:
        return MotionGPTError(
            f'No key of "{armature_object.name}" is selected.',
            "Select the poses to keep in the Dope Sheet, or choose another option under Poses.",
        )
    return MotionGPTError(
        f'"{armature_object.name}" has no keys on the bones that the motion drives.',
        "Pose it on some frames and key the poses (I over the viewport).",
    )


def _has_selected(thing: bpy.types.Object) -> bool:
    curves = action_curves(thing)
    return curves is not None and any(
        bool(np.any(read_points(curve)["select_control_point"])) for curve in curves.fcurves
    )


def user_frames(armature_object: ArmatureObject, character: Character) -> set[int]:
    """The frames with keys that were not generated, or were changed since."""
    curves = action_curves(armature_object)
    found = _user_keys(curves, character) if curves else {}
    return {frame for frame, own in found.items() if own.keys}


def gap_around(frames: list[int], current: int) -> tuple[int, int]:
    """The kept frames before and after the current one. Raises MotionGPTError where it is not between two."""
    before = [frame for frame in frames if frame <= current]
    after = [frame for frame in frames if frame > current]
    if not before or not after:
        raise MotionGPTError(f"Frame {current} is not between two keyed poses.", "Go to a frame inside the gap.")
    return before[-1], after[0]
