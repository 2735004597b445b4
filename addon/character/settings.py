"""What an armature's own settings (`bone_map.MotionGPTRig`) ask for; defaults where it has none."""

import bpy

from ...retarget.rigs.mapping import Mapping, map_by_hand, map_rig
from ...retarget.rigs.rig import Rig
from ...retarget.solving.root_motion import AUTO, IN_PLACE
from ..action.new_action import Tolerance
from .armature import object_axes
from .placing import choose_carrier, has_ik_controls


def find_mapping(armature_object: bpy.types.Object, rig: Rig) -> Mapping:
    """The armature's own map, or the one that is found where it has none. Raises MotionGPTError."""
    settings = getattr(armature_object, "motiongpt_rig", None)  # missing where the add-on runs without being enabled
    bones = {line.name: line.bone for line in settings.joints} if settings is not None else {}
    return map_by_hand(rig, bones) if bones else map_rig(rig)


def key_tolerance(armature_object: bpy.types.Object) -> Tolerance | None:
    """How far few keys may be off on this armature; None for a key on every frame."""
    settings = getattr(armature_object, "motiongpt_rig", None)
    if settings is None or settings.keys == "EVERY":
        return None
    return Tolerance(settings.degrees, settings.millimetres / 1000.0 / object_axes(armature_object).scale)


def root_destination(armature_object: bpy.types.Object, rig: Rig, mapping: Mapping) -> str:
    """What carries the travel on this armature, for `retarget.root_motion.carry`. Raises MotionGPTError."""
    settings = getattr(armature_object, "motiongpt_rig", None)
    if settings is not None and settings.in_place:
        return IN_PLACE
    return choose_carrier(armature_object, rig, mapping, AUTO if settings is None else settings.root.lower())


def keys_ik(armature_object: bpy.types.Object) -> bool:
    """Whether IK controls are keyed instead of FK controls: chosen, and there are some."""
    settings = getattr(armature_object, "motiongpt_rig", None)
    return settings is not None and settings.controls == "IK" and has_ik_controls(armature_object)
