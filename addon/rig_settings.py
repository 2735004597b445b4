"""What an armature's own settings (`bone_map.MotionGPTRig`) ask for; defaults where it has none."""

import bpy

from .action_writer import Tolerance
from .armature import object_axes
from .retarget.mapping import Mapping, map_by_hand, map_rig
from .retarget.rig import Rig


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


def stays_in_place(armature_object: bpy.types.Object) -> bool:
    settings = getattr(armature_object, "motiongpt_rig", None)
    return settings is not None and settings.in_place
