"""Characters for the trials in a windowed Blender: a plain armature, Rigify, and a control rig that no list names.

Each function puts a character into the empty scene and returns its armature and what animators see of it:
part -> bone that deforms.
"""

import sys
from pathlib import Path

import bpy

sys.path.append(str(Path(__file__).resolve().parents[2] / "addon" / "overrides"))
import control_rigs

SIDES = ("L", "R")
_PLAIN = {
    "hips": "pelvis", "head": "head", "hand.L": "hand_l", "hand.R": "hand_r", "foot.L": "foot_l", "foot.R": "foot_r",
    "upper_arm.L": "upperarm_l",
}  # fmt: skip

Parts = dict[str, str]


def plain(glb: str) -> tuple[bpy.types.Object, Parts]:
    """A game character from a file, without any controls."""
    bpy.ops.import_scene.gltf(filepath=glb)
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    armature.animation_data_clear()
    return armature, _PLAIN


def rigify(_glb: str) -> tuple[bpy.types.Object, Parts]:
    """Rigify's basic human, as it is generated: its limbs are under IK."""
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    metarig = bpy.context.active_object
    bpy.ops.pose.rigify_generate()
    bpy.data.objects.remove(metarig)
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    parts = {part: f"DEF-{part}" for part in ("hand.L", "hand.R", "foot.L", "foot.R", "upper_arm.L")}
    return armature, parts | {"hips": "DEF-spine", "head": "DEF-spine.006"}


def unknown(_glb: str) -> tuple[bpy.types.Object, Parts]:
    """The mannequin under controls whose names say nothing, its legs under IK."""
    from bl_ext.user_default.motiongpt.addon.export.mannequin import build_mannequin

    armature = build_mannequin(bpy.context.scene.collection)
    deforming = control_rigs.rolling_feet(armature)
    shown = {f"{part}.{side}": deforming(part, side) for part in ("hand", "foot") for side in SIDES}
    middle = {"hips": deforming("hips", ""), "head": deforming("head", "")}
    return armature, shown | middle | {"upper_arm.L": deforming("upper_arm", "L")}


CHARACTERS = {"plain": plain, "rigify_fk": rigify, "rigify_ik": rigify, "unknown": unknown}

Pose = dict[str, tuple[tuple[float, float, float], tuple[str, float]]]
"""Control -> its shift in metres and its turn about an axis in degrees, both as the armature's space has them."""


def _poses(hips: str, arms: dict[str, Pose], leg: dict[str, Pose]) -> dict[int, Pose]:
    """Steps to the side with a raised arm, and a crouch."""
    low = ((0.5, 0.0, -0.12), ("X", 0.0))
    return {
        1: {hips: ((-0.5, 0.0, 0.0), ("X", 0.0)), **arms["down"]},
        20: {hips: ((0.0, 0.0, -0.03), ("Z", 20.0)), **arms["up"], **leg["raised"]},
        40: {hips: low, **arms["down"], **leg["crouch"]},
    }


def _turned(turns: dict[str, tuple[str, float]]) -> Pose:
    return {name: ((0.0, 0.0, 0.0), turn) for name, turn in turns.items()}


def _by_turning(left: str, right: str, thigh: str, shin: str) -> tuple[dict[str, Pose], dict[str, Pose]]:
    """The poses of arms and legs by FK. thigh, shin: with {} for the side."""
    arms = {
        "down": _turned({left: ("Y", 60.0), right: ("Y", -60.0)}),
        "up": _turned({left: ("Y", -40.0), right: ("Y", -50.0)}),
    }
    sides = ("l", "r") if thigh.endswith("_{}") else ("L", "R")
    legs = {
        "raised": _turned({thigh.format(sides[0]): ("X", -50.0), shin.format(sides[0]): ("X", 60.0)}),
        "crouch": _turned(
            {thigh.format(s): ("X", -40.0) for s in sides} | {shin.format(s): ("X", 65.0) for s in sides}
        ),
    }
    return arms, legs


_FEET = {"rigify_ik": ("foot_ik.L", "foot_ik.R"), "unknown": ("xL1", "xR1")}


def _by_targets(name: str) -> dict[str, Pose]:
    """The poses of legs under IK: the feet go with the body, one is raised."""
    left, right = _FEET[name]
    flat = ("X", 0.0)
    return {
        "start": {left: ((-0.5, 0.0, 0.0), flat), right: ((-0.5, 0.0, 0.0), flat)},
        "raised": {left: ((0.0, -0.2, 0.25), flat), right: ((0.0, 0.0, 0.0), flat)},
        "crouch": {left: ((0.5, 0.0, 0.0), flat), right: ((0.5, 0.0, 0.0), flat)},
    }


def _all_poses() -> dict[str, tuple[dict[tuple[str, str], float], dict[int, Pose]]]:
    fk = {(f"{limb}_parent.{side}", "IK_FK"): 1.0 for limb in ("upper_arm", "thigh") for side in SIDES}
    out = {}
    out["plain"] = ({}, _poses("pelvis", *_by_turning("upperarm_l", "upperarm_r", "thigh_{}", "calf_{}")))
    turned = _by_turning("upper_arm_fk.L", "upper_arm_fk.R", "thigh_fk.{}", "shin_fk.{}")
    out["rigify_fk"] = (fk, _poses("torso", *turned))
    hands = {
        "down": {"hand_ik.L": ((-0.15, 0.0, -0.4), ("Y", 60.0)), "hand_ik.R": ((0.15, 0.0, -0.4), ("Y", -60.0))},
        "up": {"hand_ik.L": ((-0.1, -0.1, 0.3), ("Y", -60.0)), "hand_ik.R": ((0.15, 0.0, -0.4), ("Y", -60.0))},
    }
    for name, hips, arms in (
        ("rigify_ik", "torso", hands),
        ("unknown", "q000", _by_turning("q007", "q015", "{}", "{}")[0]),
    ):
        legs = _by_targets(name)
        poses = _poses(hips, arms, legs)
        poses[1] |= legs["start"]
        out[name] = ({}, poses)
    return out


POSES = _all_poses()
"""Character's name -> (its switches, (bone, property) -> value, and frame -> pose)."""
