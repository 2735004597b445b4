"""Characters for the trials in a windowed Blender: a plain armature, Rigify, and a control rig that no list names.

Each function puts a character into the empty scene and returns its armature and what animators see of it:
part -> bone that deforms.
"""

import bpy

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
    """The mannequin under controls whose names say nothing: arms and head copy rotations, the spine copies transforms,
    the legs follow helpers by Armature constraints, which reach with IK for targets below a rolling foot."""
    from bl_ext.user_default.motiongpt.addon.export.mannequin import build_mannequin

    armature = build_mannequin(bpy.context.scene.collection)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = armature.data.edit_bones
    names = [bone.name for bone in bones]
    code = {name: f"q{number:03d}" for number, name in enumerate(names)}
    legs = [f"{part}.{side}" for part in ("thigh", "shin", "foot", "toe") for side in SIDES]

    def added(name, like, parent):
        bone, source = bones.new(name), bones[like]
        bone.head, bone.tail, bone.roll, bone.use_deform = source.head, source.tail, source.roll, False
        bone.parent = bones[parent] if parent else None
        return bone

    all_of_it = bones.new("x0")
    all_of_it.head, all_of_it.tail, all_of_it.use_deform = (0, 0, 0), (0, 0.5, 0), False
    for name in names:
        if name not in legs:
            own = bones[name].parent
            added(code[name], name, code[own.name] if own else "x0")
    for side in SIDES:
        thigh, shin, foot, toe = (f"{part}.{side}" for part in ("thigh", "shin", "foot", "toe"))
        control = added(f"x{side}1", foot, "x0")
        control.tail = (control.head.x, control.head.y - 0.25, control.head.z)
        heel = bones.new(f"x{side}2")
        heel.head, heel.tail = (control.head.x, control.head.y + 0.06, 0), (control.head.x, control.head.y + 0.06, 0.1)
        heel.parent, heel.use_deform = control, False
        tip = added(f"x{side}3", toe, f"x{side}2")
        tip.head, tip.tail = bones[toe].head, bones[toe].head + tip.vector.normalized() * 0.1
        target = added(f"x{side}4", foot, f"x{side}3")
        target.length = 0.1
        added(f"y{side}1", thigh, code["hips"])
        added(f"y{side}2", shin, f"y{side}1")
        added(f"y{side}3", foot, f"x{side}3")
        added(f"y{side}5", toe, f"x{side}2")
        knee = bones.new(f"x{side}5")
        knee.head, knee.tail = bones[shin].head, bones[shin].head
        knee.head.y -= 0.5
        knee.tail.y, knee.tail.z = knee.head.y, knee.head.z + 0.1
        knee.parent, knee.use_deform = bones["x0"], False
        for leg in (thigh, shin, foot, toe):  # such constraints add to what a parent does
            bones[leg].use_connect, bones[leg].parent = False, None
    bpy.ops.object.mode_set(mode="OBJECT")
    for name in names:
        if name not in legs:
            body = name in ("hips", "spine", "chest", "upper_chest")
            _follow(armature, name, code[name], "COPY_TRANSFORMS" if body else "COPY_ROTATION")
    for side in SIDES:
        for part, helper in zip(("thigh", "shin", "foot", "toe"), "1235", strict=True):
            entry = armature.pose.bones[f"{part}.{side}"].constraints.new("ARMATURE").targets.new()
            entry.target, entry.subtarget = armature, f"y{side}{helper}"
        ik = _follow(armature, f"y{side}2", f"x{side}4", "IK")
        ik.chain_count, ik.pole_target, ik.pole_subtarget, ik.pole_angle = 2, armature, f"x{side}5", 1.5707963
    renamed = {name: f"z{number:03d}" for number, name in enumerate(names)}
    for name, new in renamed.items():
        armature.data.bones[name].name = new
    shown = ("hips", "head", "hand.L", "hand.R", "foot.L", "foot.R", "upper_arm.L")
    return armature, {part: renamed[part] for part in shown}


def _follow(armature, bone, leader, kind):
    constraint = armature.pose.bones[bone].constraints.new(kind)
    constraint.target, constraint.subtarget = armature, leader
    return constraint


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
        ("unknown", "q000", _by_turning("q008", "q009", "{}", "{}")[0]),
    ):
        legs = _by_targets(name)
        poses = _poses(hips, arms, legs)
        poses[1] |= legs["start"]
        out[name] = ({}, poses)
    return out


POSES = _all_poses()
"""Character's name -> (its switches, (bone, property) -> value, and frame -> pose)."""
