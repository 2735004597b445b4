"""What was there before a review: kept when it opens, put back whenever a take goes."""

import json
from collections.abc import Collection
from typing import Any, cast

import bpy

from ..action.fcurves import custom_property, is_switch
from ..action.new_action import located_bones
from ..character.placing import OBJECT
from ..character.typing import ArmatureObject, Scene
from .blocks import blocks_text
from .state import review_of

_TRANSFORM = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")
_SETTINGS = ("action_influence", "action_blend_type", "action_extrapolation")


def keep(armature_object: ArmatureObject, scene: Scene | None) -> None:
    """Remember the armature's animation, and the scene's last frame."""
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
    review.pose = json.dumps({"bones": {}, "object": None, "switches": {}})
    review.blocks = blocks_text(armature_object)
    if scene is not None:
        review.scene, review.end_before, review.end = scene.name, scene.frame_end, scene.frame_end


def keep_pose(armature_object: ArmatureObject, channels: Collection[tuple[str, str]]) -> None:
    """Remember where what a take will animate is now, unless that is known already; called before it is animated."""
    review, pose_bones = review_of(armature_object), armature_object.pose.bones
    pose = json.loads(review.pose)
    for bone in {bone for bone, _ in channels} | located_bones(armature_object):
        if bone == OBJECT:
            pose["object"] = pose["object"] or _transform(armature_object)
        elif bone in pose_bones and bone not in pose["bones"]:
            pose["bones"][bone] = _transform(pose_bones[bone])
    for bone, channel in channels:
        if is_switch(channel) and bone in pose_bones:
            value, own = pose_bones[bone].get(custom_property(channel)), pose["switches"].setdefault(bone, {})
            if isinstance(value, (bool, int, float)):
                own.setdefault(channel, value)
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
    if pose["object"]:
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
