"""What exported files are for: the axes, units and root that each program expects, and what it asks of a skeleton."""

from collections.abc import Collection
from dataclasses import dataclass

from ...retarget.rigs.mapping import Mapping
from ..translation.saying import say


@dataclass(frozen=True)
class Preset:
    """label: of the program.  scale: its units in a metre.  up: "Y" or "Z".
    root_bone: whether a root bone has to carry what the armature object carries, as the object itself gets lost.
    node: what the armature's node is called; None keeps its name."""

    label: str
    scale: float = 1.0
    up: str = "Y"
    root_bone: bool = False
    node: str | None = None


PRESETS = {
    # Unreal counts in centimetres, and leaves out a node that is called Armature.
    "unreal": Preset("Unreal Engine", 100.0, "Z", True, "Armature"),
    "unity": Preset("Unity"),
    "godot": Preset("Godot"),
}
PLAIN = Preset("Any program")
"""Metres and Y up. Blender's own setting, centimetres under a node with a scale of 100, loses the hips' track in
Godot."""
GLTF = Preset("glTF", up="Z")
"""Blender's glTF exporter turns Z up to Y up itself."""


@dataclass(frozen=True)
class Options:
    """meshes: write the character's meshes too.  add_root: put a root bone above the bones of a rig without one; it
    carries what the armature object carries."""

    preset: Preset = PLAIN
    meshes: bool = True
    add_root: bool = False


IK_BONES = {
    "ik_foot_l": "foot_l",
    "ik_foot_r": "foot_r",
    "ik_hand_gun": "hand_r",
    "ik_hand_l": "hand_l",
    "ik_hand_r": "hand_r",
}
"""Bones of Unreal's skeletons that have to follow others: Unreal's own IK reads where they are."""

_UNITY_BONES = {
    "Hips": "pelvis",
    "Head": "head",
    **{
        f"{side.title()}{bone}": f"{side}_{joint}"
        for side in ("left", "right")
        for bone, joint in (
            ("UpperLeg", "hip"), ("LowerLeg", "knee"), ("Foot", "ankle"), ("UpperArm", "shoulder"),
            ("LowerArm", "elbow"), ("Hand", "wrist"),
        )
    },
}  # fmt: skip
"""The bones without which Unity makes no Humanoid avatar -> the joints that they play. Spine, which it requires too,
every mapped rig has."""


def missing_for_unity(mapping: Mapping, exported: Collection[str]) -> list[str]:
    """Bones that Unity's Humanoid avatar requires (Unity manual, "Humanoid Avatars") and this rig lacks."""
    return [bone for bone, joint in _UNITY_BONES.items() if mapping.bones.get(joint) not in exported]


def unity_note(missing: Collection[str]) -> str:
    """What to tell who exports such a rig for Unity."""
    return say(
        "Unity's Humanoid requires {missing}, which this rig lacks: import it as Generic.", missing=", ".join(missing)
    )
