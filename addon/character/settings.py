"""What an armature's own settings (`ui.bone_map.MotionGPTRig`) ask for; defaults where it has none."""

from dataclasses import dataclass
from typing import Any

from ...retarget.rigs.mapping import Mapping, map_by_hand, map_rig
from ...retarget.rigs.rig import Rig
from ...retarget.solving.root_motion import AUTO, IN_PLACE
from .armature import object_axes
from .placing import has_ik_controls
from .typing import ArmatureObject


@dataclass(frozen=True)
class Tolerance:
    """How far a curve with few keys may be off: degrees of rotation, armature units of location."""

    degrees: float
    location: float


def find_mapping(armature_object: ArmatureObject, rig: Rig) -> Mapping:
    """The armature's own bone map, or the detected one where it has none. Raises MotionGPTError."""
    settings = _settings(armature_object)
    bones = {line.name: line.bone for line in settings.joints} if settings is not None else {}
    return map_by_hand(rig, bones) if bones else map_rig(rig)


def key_tolerance(armature_object: ArmatureObject) -> Tolerance | None:
    """How far sparse keys may be off on this armature; None for a key on every frame."""
    settings = _settings(armature_object)
    if settings is None or settings.keys == "EVERY":
        return None
    return Tolerance(settings.degrees, settings.millimetres / 1000.0 / object_axes(armature_object).scale)


def wanted_destination(armature_object: ArmatureObject) -> str:
    """What should carry the travel on this armature, for `Character.root_destination`."""
    settings = _settings(armature_object)
    if settings is None:
        return AUTO
    return IN_PLACE if settings.in_place else str(settings.root.lower())


def keys_ik(armature_object: ArmatureObject) -> bool:
    """Whether IK controls are keyed instead of FK controls: the settings say so, and the rig has some."""
    settings = _settings(armature_object)
    return settings is not None and settings.controls == "IK" and has_ik_controls(armature_object)


def _settings(armature_object: ArmatureObject) -> Any | None:
    """None where the add-on runs without being enabled."""
    return getattr(armature_object, "motiongpt_rig", None)
