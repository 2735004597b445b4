"""Writing all of a result or nothing: whatever fails while keys are written, the armature is as it was before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from ..character.typing import ArmatureObject
from .fcurves import UNPLAYED, ActionCurves, action_curves, read_points, write_points
from .leading import PREVIEWED, led_objects

_SETTINGS = ("use_tweak_mode", "action_influence", "action_blend_type", "action_extrapolation")

_TRANSFORM = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")


@contextmanager
def all_or_nothing(armature_object: ArmatureObject, undo: str = "", keys: bool = True) -> Iterator[None]:
    """What is done to the armature's animation inside is undone where it raises, and the exception goes on.

    That is: its action and the keys in it, the actions and NLA tracks that are new, where its bones are, the same of
    the objects that its limbs reach for, and the end and the current frame of scenes.

    undo: what one undo step is called that is pushed where it does not raise.  keys: whether the armature's action
    may get other keys inside, of which a copy is kept meanwhile; False where it is only replaced by another.
    """
    things = [armature_object, *(thing for thing in led_objects(armature_object) if thing != armature_object)]
    before = {thing.name: _State(thing, keys or thing != armature_object) for thing in things}
    times = {scene.session_uid: (scene.frame_end, scene.frame_current) for scene in bpy.data.scenes}
    actions = {action.session_uid for action in bpy.data.actions}
    try:
        yield
    except BaseException:
        for name, state in before.items():
            if (thing := bpy.data.objects.get(name)) is not None:
                state.restore(thing, actions)
        _restore_times(times)
        raise
    finally:
        for state in before.values():
            state.close()
    if undo:
        push_undo(undo)


def push_undo(what: str) -> None:
    """An undo step of that name, where there are any: a Blender that was started for a command has none."""
    if bpy.ops.ed.undo_push.poll():  # type: ignore[call-arg]
        bpy.ops.ed.undo_push(message=f"MotionGPT: {what}")


def _restore_times(times: dict[int, tuple[int, int]]) -> None:
    for scene in bpy.data.scenes:
        end, frame = times.get(scene.session_uid, (scene.frame_end, scene.frame_current))
        if (scene.frame_end, scene.frame_current) != (end, frame):  # setting them evaluates the scene
            scene.frame_end, scene.frame_current = end, frame


class _State:
    """An object's animation at one moment. A copy of the action keeps its keys: Blender makes one at once."""

    def __init__(self, thing: bpy.types.Object, keys: bool) -> None:
        animation = thing.animation_data
        self._places = {
            name: [tuple(getattr(owner, name)) for name in _TRANSFORM] for name, owner in _placed(thing).items()
        }
        self._before: Any = thing.get(PREVIEWED)
        self._before = self._before.to_dict() if self._before is not None else None
        self._settings = {name: getattr(animation, name) for name in _SETTINGS} if animation else None
        self._tracks = {track.name for track in animation.nla_tracks} if animation else set()
        curves = action_curves(thing)
        self._action: Any = animation.action if animation else None
        self._slot: Any = getattr(animation, "action_slot", None)
        self._copy: Any = curves.action.copy() if curves and keys else None
        if self._copy is not None:
            self._copy.name = UNPLAYED  # leaves the next free number to the new action

    def restore(self, thing: bpy.types.Object, actions: set[int]) -> None:
        """Put everything back; remove the actions that are not among these."""
        animation = thing.animation_data
        if self._settings is None:
            thing.animation_data_clear()
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
        for action in [a for a in bpy.data.actions if a.session_uid not in actions]:
            bpy.data.actions.remove(action)
        curves = action_curves(thing)
        if curves is not None and self._copy is not None:
            self._restore_keys(curves)
        for owner_name, owner in _placed(thing).items():
            for name, value in zip(_TRANSFORM, self._places.get(owner_name, ()), strict=False):
                setattr(owner, name, value)
        if self._before is not None:
            thing[PREVIEWED] = self._before
        elif thing.get(PREVIEWED) is not None:
            del thing[PREVIEWED]
        thing.update_tag()

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


def _placed(thing: bpy.types.Object) -> dict[str, Any]:
    """What may be keyed of an object: its bones, or itself, under the name ""."""
    return {bone.name: bone for bone in thing.pose.bones} if thing.pose else {"": thing}
