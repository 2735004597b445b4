"""Which poses are kept: the keys that an animator has chosen in the armature's action, and what range they span."""

from collections import Counter
from dataclasses import dataclass

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion.known import WHOLE, Known
from ...retarget.solving.keyed_poses import joints_of, known_by_keys
from ..action.fcurves import ActionCurves, action_curves, is_switch, read_points
from ..action.generated import is_generated, read_record
from ..character.character import Character
from ..character.typing import ArmatureObject
from ..translation.saying import say

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
    ones that were changed.  selected: whether any of them is.  picked: whether any generated key is selected."""

    times: Counter[float]
    keys: set[tuple[str, str]]
    selected: bool = False
    picked: bool = False


@dataclass
class _AllKeys:
    """frames: those with keys of the user, or with generated ones that are selected.  generated: whether there are any
    generated keys.  all_picked: whether all of them are selected."""

    frames: dict[int, _FrameKeys]
    generated: bool = False
    all_picked: bool = True

    def selected(self) -> dict[int, _FrameKeys]:
        """The frames that a selection means. Where everything is selected, that says nothing about generated keys."""
        own = {frame: keys for frame, keys in self.frames.items() if keys.selected}
        if self.all_picked:
            return own
        return {frame: keys for frame, keys in self.frames.items() if keys.selected or keys.picked}

    def own(self) -> dict[int, _FrameKeys]:
        """The frames with keys of the user."""
        return {frame: keys for frame, keys in self.frames.items() if keys.keys}


def choose_poses(
    scene: bpy.types.Scene,
    armature_object: ArmatureObject,
    character: Character,
    how: str,
    limits: tuple[int, int] | None,
) -> list[KeyedPose]:
    """The kept poses in order of time.

    how: SELECTED takes the frames of selected keys, ALL those of every key that was not generated, MARKED those with a
    marker of the scene or of the action. A pose is what the user has keyed on its frame; where that is nothing, the
    whole pose. Generated keys are no poses, unless some of them, not all, are selected.  limits: first and last frame
    of the range, None for one that follows the keys.  Raises MotionGPTError where no pose is chosen, or one outside
    the range.
    """
    curves = action_curves(armature_object)
    found = _all_keys(curves, character) if curves else _AllKeys({})
    if how == MARKED:
        return _marked(scene, armature_object, curves, character, found, limits)
    chosen = found.selected() if how == SELECTED else found.own()
    if not chosen:
        raise _none_chosen(scene, armature_object, how, found)
    if limits is not None:
        inside = {frame: own for frame, own in chosen.items() if limits[0] <= frame <= limits[1]}
        outside = sorted(set(chosen) - set(inside))
        if not inside:
            raise MotionGPTError(
                say(
                    "No selected key lies in the range from {first} to {last}."
                    if how == SELECTED
                    else "No key lies in the range from {first} to {last}.",
                    first=limits[0],
                    last=limits[1],
                ),
                "Change the range, or key a pose in it.",
            )
        if outside and how == SELECTED:
            raise MotionGPTError(
                say(
                    "The selected key on frame {frame} lies outside the range from {first} to {last}.",
                    frame=outside[0],
                    first=limits[0],
                    last=limits[1],
                ),
                "Select only keys inside, or change the range.",
            )
        chosen = inside
    # Who picks generated keys of a frame wants its whole pose, with what was changed in it.
    picked = how == SELECTED and not found.all_picked
    return [_pose(frame, own, character, picked and own.picked) for frame, own in sorted(chosen.items())]


def _pose(frame: int, own: _FrameKeys, character: Character, whole: bool = False) -> KeyedPose:
    """The pose that the user's keys give, or, without any or where asked, the whole one."""
    if whole or not own.keys:
        return whole_pose(frame)
    known = known_by_keys(character.mapping, own.keys, character.carriers)
    return KeyedPose(frame, own.times.most_common(1)[0][0], known, whole=False)


def _all_keys(curves: ActionCurves, character: Character) -> _AllKeys:
    """The user's keys, and generated ones, on bones that the motion drives or that move such bones."""
    record = read_record(curves.action)
    found = _AllKeys({})
    for (bone, channel), group in curves.by_bone().items():
        if is_switch(channel) or not (bone in character.carriers or joints_of(character.mapping, bone)):
            continue
        for curve in group.values():
            points = read_points(curve)
            generated, chosen = is_generated(curve, points, record), points["select_control_point"]
            found.generated |= bool(generated.any())
            found.all_picked &= bool(chosen[generated].all())
            for k in np.flatnonzero(~generated | chosen):
                time = float(points["co"][k, 0])
                own = found.frames.setdefault(round(time), _FrameKeys(Counter(), set()))
                if generated[k]:
                    own.picked |= bool(chosen[k])
                else:
                    own.selected |= bool(chosen[k])
                    own.times[time] += 1
                    own.keys.add((bone, channel))
    return found


def _marked(
    scene: bpy.types.Scene,
    armature_object: ArmatureObject,
    curves: ActionCurves | None,
    character: Character,
    found: _AllKeys,
    limits: tuple[int, int] | None,
) -> list[KeyedPose]:
    """The poses on marked frames: as keyed where there are keys, elsewhere the whole visible pose."""
    markers = [*scene.timeline_markers, *(curves.action.pose_markers if curves else ())]
    frames = sorted({m.frame for m in markers if limits is None or limits[0] <= m.frame <= limits[1]})
    if not found.own() and not found.generated:
        raise _none_chosen(scene, armature_object, ALL, found)
    if not frames:
        raise MotionGPTError(
            "No pose is marked."
            if not markers or limits is None
            else say("No marker lies in the range from {first} to {last}.", first=limits[0], last=limits[1]),
            "Add a marker (M over the timeline) on every pose to keep.",
        )
    poses = []
    for frame in frames:
        own = found.frames.get(frame)
        poses.append(_pose(frame, own, character) if own else whole_pose(frame))
    return poses


def _none_chosen(scene: bpy.types.Scene, armature_object: ArmatureObject, how: str, found: _AllKeys) -> MotionGPTError:
    """Why there is no pose: keys of another armature are selected, no key is, all are generated, or there are none."""
    other = next((o for o in scene.objects if o.type == "ARMATURE" and o != armature_object and _has_selected(o)), None)
    if how == SELECTED and other is not None:
        return MotionGPTError(
            say(
                'The selected keys are on the armature "{other}", not on "{armature}".',
                other=other.name,
                armature=armature_object.name,
            ),
            say(
                'Choose "{other}" under Armature, or select keys of "{armature}".',
                other=other.name,
                armature=armature_object.name,
            ),
        )
    if found.generated and not found.own():
        return MotionGPTError(
            say(
                'All keys of "{armature}" were generated, and those are not kept by themselves.',
                armature=armature_object.name,
            ),
            "Key the poses that should stay, or select only their keys and choose Selected Keys under Poses.",
        )
    if how == SELECTED and found.own():
        return MotionGPTError(
            say('No key of "{armature}" is selected.', armature=armature_object.name),
            "Select the poses to keep in the Dope Sheet, or choose another option under Poses.",
        )
    return MotionGPTError(
        say('"{armature}" has no keys on the bones that the motion drives.', armature=armature_object.name),
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
    return set(_all_keys(curves, character).own()) if curves else set()


def gap_around(frames: list[int], current: int) -> tuple[int, int]:
    """The kept frames before and after the current one. Raises MotionGPTError where it is not between two."""
    before = [frame for frame in frames if frame <= current]
    after = [frame for frame in frames if frame > current]
    if not before or not after:
        raise MotionGPTError(
            say("Frame {current} is not between two keyed poses.", current=current), "Go to a frame inside the gap."
        )
    return before[-1], after[0]
