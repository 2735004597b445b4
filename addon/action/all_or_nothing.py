"""Writing all of a result or nothing: whatever fails while keys are written, the armature is as it was before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from ..character.typing import ArmatureObject
from .fcurves import ActionCurves, action_curves, read_points, write_points

_SETTINGS = ("use_tweak_mode", "action_influence", "action_blend_type", "action_extrapolation")

_TRANSFORM = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")


@contextmanager
def all_or_nothing(armature_object: ArmatureObject) -> Iterator[None]:
    """What is done to the armature's animation inside is undone where it raises, and the exception goes on.

    That is: its action and the keys in it, the actions and NLA tracks that are new, where its bones are, and the end
    and the current frame of scenes.
    """
    before = _State(armature_object)
    try:
        yield
    except BaseException:
        before.restore(armature_object)
        raise
    finally:
        before.close()


class _State:
    """An armature's animation at one moment. A copy of the action keeps its keys: Blender makes one at once."""

    def __init__(self, armature_object: ArmatureObject) -> None:
        animation = armature_object.animation_data
        self._times = {scene.session_uid: (scene.frame_end, scene.frame_current) for scene in bpy.data.scenes}
        self._actions = {action.session_uid for action in bpy.data.actions}
        self._bones = {
            bone.name: [tuple(getattr(bone, name)) for name in _TRANSFORM] for bone in armature_object.pose.bones
        }
        self._settings = {name: getattr(animation, name) for name in _SETTINGS} if animation else None
        self._tracks = {track.name for track in animation.nla_tracks} if animation else set()
        curves = action_curves(armature_object)
        self._action: Any = animation.action if animation else None
        self._slot: Any = getattr(animation, "action_slot", None)
        self._copy: Any = curves.action.copy() if curves else None
        if self._copy is not None:
            self._copy.name = ".MotionGPT"  # leaves the next free number to the new action
            self._actions.add(self._copy.session_uid)

    def restore(self, armature_object: ArmatureObject) -> None:
        """Put everything back."""
        animation = armature_object.animation_data
        if self._settings is None:
            armature_object.animation_data_clear()
        elif animation is not None:
            for track in [track for track in animation.nla_tracks if track.name not in self._tracks]:
                animation.nla_tracks.remove(track)
            animation.use_tweak_mode = False
            animation.action = self._action
            if self._slot is not None:
                animation.action_slot = self._slot
            for name, value in self._settings.items():
                if name != "use_tweak_mode" or value:
                    setattr(animation, name, value)
        for action in [a for a in bpy.data.actions if a.session_uid not in self._actions]:
            bpy.data.actions.remove(action)
        curves = action_curves(armature_object)
        if curves is not None and self._copy is not None:
            self._restore_keys(curves)
        for bone in armature_object.pose.bones:
            for name, value in zip(_TRANSFORM, self._bones.get(bone.name, ()), strict=False):
                setattr(bone, name, value)
        for scene in bpy.data.scenes:
            end, frame = self._times.get(scene.session_uid, (scene.frame_end, scene.frame_current))
            if (scene.frame_end, scene.frame_current) != (end, frame):  # setting them evaluates the scene
                scene.frame_end, scene.frame_current = end, frame
        armature_object.update_tag()

    def _restore_keys(self, curves: ActionCurves) -> None:
        kept = {(curve.data_path, curve.array_index): curve for curve in self._copied()}
        for curve in list(curves.fcurves):
            before = kept.get((curve.data_path, curve.array_index))
            if before is None:
                curves.fcurves.remove(curve)
            else:
                write_points(curve, read_points(before))
        for name in (key for key in list(curves.action.keys()) if key not in self._copy):
            del curves.action[name]
        for name, value in self._copy.items():
            curves.action[name] = value

    def _copied(self) -> Any:
        """The F-curves of the copy."""
        if self._slot is None:
            return self._copy.fcurves
        slot = self._copy.slots[self._slot.identifier]
        bags = (strip.channelbag(slot) for layer in self._copy.layers for strip in layer.strips)
        return next(bag.fcurves for bag in bags if bag)

    def close(self) -> None:
        """Drop the copy."""
        if self._copy is not None:
            bpy.data.actions.remove(self._copy)
            self._copy = None
