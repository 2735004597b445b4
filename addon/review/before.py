"""What was there before a review: kept when it opens, put back whenever a take goes."""

import json
from collections.abc import Iterable
from typing import Any, cast

import bpy

from ..action.fcurves import custom_property, is_switch
from ..character.placing import OBJECT
from ..character.typing import ArmatureObject, Scene
from .state import review_of

_TRANSFORM = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")
_SETTINGS = ("action_influence", "action_blend_type", "action_extrapolation")


def keep(armature_object: ArmatureObject, scene: Scene | None) -> None:
    """Remember the armature's animation and pose, and the scene's last frame."""
    review, animation = review_of(armature_object), armature_object.animation_data
    review.animated = animation is not None
    if animation is not None:
        tweaked = animation.use_tweak_mode
        animation.use_tweak_mode = False  # an action inside a tweaked strip can't be replaced
        review.before = animation.action
        slot = getattr(animation, "action_slot", None)
        review.slot = slot.identifier if slot is not None else ""
        settings = {name: getattr(animation, name) for name in _SETTINGS}
        review.settings = json.dumps(settings | {"use_tweak_mode": tweaked})
    bones = {bone.name: _transform(bone) for bone in armature_object.pose.bones}
    review.pose = json.dumps({"bones": bones, "object": _transform(armature_object), "switches": {}})
    if scene is not None:
        review.scene, review.end_before, review.end = scene.name, scene.frame_end, scene.frame_end


def keep_switches(armature_object: ArmatureObject, channels: Iterable[tuple[str, str]]) -> None:
    """Remember the values of custom properties that a take will animate, unless they are known already."""
    review = review_of(armature_object)
    pose, known = json.loads(review.pose), False
    for bone, channel in channels:
        if not is_switch(channel) or bone == OBJECT or bone not in armature_object.pose.bones:
            continue
        value, own = (
            armature_object.pose.bones[bone].get(custom_property(channel)),
            pose["switches"].setdefault(bone, {}),
        )
        if channel not in own and isinstance(value, (bool, int, float)):
            own[channel], known = value, True
    if known:
        review.pose = json.dumps(pose)


def put_back(armature_object: ArmatureObject) -> None:
    """Make the armature play what it played before, its bones where they were. The review stays."""
    review, animation = review_of(armature_object), armature_object.animation_data
    if animation is not None:
        animation.use_tweak_mode = False
        play(animation, review.before, review.slot)
        settings = json.loads(review.settings) if review.settings else {}
        tweaked = settings.pop("use_tweak_mode", False)
        for name, value in settings.items():
            setattr(animation, name, value)
        if tweaked:
            animation.use_tweak_mode = True
    pose = json.loads(review.pose)
    _place(armature_object, pose["object"])
    for name, transform in pose["bones"].items():
        if name in armature_object.pose.bones:
            _place(armature_object.pose.bones[name], transform)
    for name, switches in pose["switches"].items():
        for channel, value in switches.items() if name in armature_object.pose.bones else ():
            armature_object.pose.bones[name][custom_property(channel)] = value
    armature_object.update_tag()


def put_back_end(armature_object: ArmatureObject) -> None:
    """Give the scene the last frame that it had, unless somebody has changed it since; and take away animation data
    that the review has brought."""
    review, animation = review_of(armature_object), armature_object.animation_data
    scene = bpy.data.scenes.get(review.scene)
    if scene is not None and scene.frame_end == review.end and review.end != review.end_before:
        scene.frame_end = review.end_before
    unused = animation is not None and not (animation.action or animation.nla_tracks or animation.drivers)
    if not review.animated and unused:
        armature_object.animation_data_clear()


def note_end(armature_object: ArmatureObject) -> None:
    """Remember the scene's last frame as one that the review has moved."""
    review = review_of(armature_object)
    scene = bpy.data.scenes.get(review.scene)
    if scene is not None:
        review.end = scene.frame_end


def play(animation: Any, action: bpy.types.Action | None, slot: str) -> None:
    """Assign an action and, where Blender has them, the slot of that identifier or else its only one."""
    if animation.action != action:
        animation.action = action
    if action is None or not hasattr(action, "slots"):
        return
    slots: Any = cast(Any, action).slots
    found = slots.get(slot) if slot else None
    if found is None and len(slots) == 1:
        found = slots[0]
    if found is not None and animation.action_slot != found:
        animation.action_slot = found


def _transform(thing: Any) -> list[list[float]]:
    return [[float(value) for value in getattr(thing, name)] for name in _TRANSFORM]


def _place(thing: Any, transform: list[list[float]]) -> None:
    for name, values in zip(_TRANSFORM, transform, strict=True):
        if list(getattr(thing, name)) != values:  # setting a value tags the armature
            setattr(thing, name, values)
