"""Control rigs on the mannequin, as several tools build them: none of their names is known to the product.

Each function makes the mannequin's own bones follow controls and returns (part, side's letter) -> deforming bone.
"""

import bpy

PARTS = ["hips", "spine", "chest", "upper_chest", "neck", "head"] + [
    f"{part}.{side}"
    for side in "LR"
    for part in ("shoulder", "upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toe")
]
LIMBS = {"arm": ("upper_arm", "forearm", "hand"), "leg": ("thigh", "shin", "foot")}


def _edit(armature):
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    return armature.data.edit_bones


def _done():
    bpy.ops.object.mode_set(mode="OBJECT")


def _copy(bones, source, name, parent, roll=0.0):
    """A bone where another is, that deforms nothing."""
    bone, own = bones.new(name), bones[source]
    bone.head, bone.tail, bone.roll, bone.use_deform = own.head, own.tail, own.roll + roll, False
    bone.parent = bones[parent] if parent else None
    return bone


def _follow(armature, bone, leader, kind="COPY_TRANSFORMS"):
    constraint = armature.pose.bones[bone].constraints.new(kind)
    constraint.target, constraint.subtarget = armature, leader
    return constraint


def _drive(armature, constraint, holder, prop, expression):
    """The constraint's influence from a property: expression in v."""
    curve = constraint.driver_add("influence")
    curve.driver.type, curve.driver.expression = "SCRIPTED", expression
    variable = curve.driver.variables.new()
    variable.name, variable.type = "v", "SINGLE_PROP"
    variable.targets[0].id = armature
    variable.targets[0].data_path = f'pose.bones["{holder}"]["{prop}"]'


def _property(armature, holder, prop, value, low=0.0, high=1.0):
    bone = armature.pose.bones[holder]
    bone[prop] = value
    bone.id_properties_ui(prop).update(min=low, max=high)


def _ik_chain(armature, bones, side, limb, prefix, parent):
    """A chain of helpers solved by IK, with target and pole; edit mode."""
    names = [f"{part}.{side}" for part in LIMBS[limb]]
    above = parent
    for name in names[:2]:
        above = _copy(bones, name, f"{prefix}{name}", above).name
    target = _copy(bones, names[2], f"{prefix}target_{limb}.{side}", "")
    target.tail = target.head + type(target.head)((0.0, 0.2, 0.0))


def copied_controls(armature):
    """As Mixamo's control rig: every bone copies the rotation of a control turned another way, the hips all of it.

    An FK or IK switch for each limb is on the hand's or foot's IK control, and set to IK.
    """
    bones = _edit(armature)
    for name in PARTS:
        own = bones[name].parent
        # Ctrl_ bones have other axes: half of Mixamo's are rolled.
        _copy(bones, name, f"Ctrl_{name}", f"Ctrl_{own.name}" if own else "", 0.0)
    master = bones.new("Ctrl_Master")
    master.head, master.tail, master.use_deform = (0, 0, 0), (0, 0.4, 0), False
    bones["Ctrl_hips"].parent = master
    for side in "LR":
        for limb, root in (("arm", f"Ctrl_shoulder.{side}"), ("leg", "Ctrl_hips")):
            _ik_chain(armature, bones, side, limb, "IK_", root)
    _done()
    for name in PARTS:
        _follow(armature, name, f"Ctrl_{name}", "COPY_TRANSFORMS" if name == "hips" else "COPY_ROTATION")
    for side in "LR":
        for limb, (upper, lower, _) in LIMBS.items():
            holder = f"IK_target_{limb}.{side}"
            _property(armature, holder, "ik_fk", 1.0)
            ik = _follow(armature, f"IK_{lower}.{side}", holder, "IK")
            ik.chain_count = 2
            for part in (upper, lower):
                by_ik = _follow(armature, f"{part}.{side}", f"IK_{part}.{side}", "COPY_ROTATION")
                _drive(armature, by_ik, holder, "ik_fk", "v")
    return lambda part, letter: f"{part}.{letter}"


def chains_of_helpers(armature):
    """As CloudRig: DEF bones hang from STR bones and stretch to the next, which hang from ORG bones, which copy FK and
    IK chains by the drivers of properties on one bone; the FK chain begins below a helper that may be freed."""
    bones = _edit(armature)
    _copy(bones, "hips", "ROOT", "").head.z = 0.0
    for name in PARTS:
        own = bones[name].parent
        above = f"ORG-{own.name}" if own else "MSTR-hips"
        if not own:
            _copy(bones, name, "MSTR-hips", "ROOT")
        _copy(bones, name, f"ORG-{name}", above)
        limb = name.split(".")[0] in sum(LIMBS.values(), ())
        if limb or name in ("spine", "chest", "upper_chest", "neck", "head"):
            top = name.split(".")[0] in ("thigh", "upper_arm")
            if top:
                _copy(bones, name, f"P-FK-{name}", above)
            fk = f"FK-{own.name}" if own.name != "hips" and bones.get(f"FK-{own.name}") else above
            _copy(bones, name, f"FK-{name}", f"P-FK-{name}" if top else fk)
        _copy(bones, name, f"STR-{name}", f"ORG-{name}")
    for side in "LR":
        for limb, root in (("arm", f"ORG-shoulder.{side}"), ("leg", "ORG-hips")):
            _ik_chain(armature, bones, side, limb, "IK-", root)
    settings = bones.new("Properties")
    settings.head, settings.tail, settings.use_deform = (1, 0, 0), (1, 0, 0.2), False
    for name in PARTS:  # the deforming bones are a flat list
        bones[name].use_connect = False
        bones[name].parent = bones[f"STR-{name}"]
    names = {name: f"DEF-{name}" for name in PARTS}
    _done()
    for name in PARTS:
        if f"FK-{name}" in armature.pose.bones:
            _follow(armature, f"ORG-{name}", f"FK-{name}")
    for side in "LR":
        for limb, (upper, lower, end) in LIMBS.items():
            prop = f"ik_{limb}_{side}"
            _property(armature, "Properties", prop, 1.0)
            target = f"IK-target_{limb}.{side}"
            _follow(armature, f"IK-{lower}.{side}", target, "IK").chain_count = 2
            for part, leader in ((upper, f"IK-{upper}.{side}"), (lower, f"IK-{lower}.{side}"), (end, target)):
                _drive(armature, _follow(armature, f"ORG-{part}.{side}", leader), "Properties", prop, "v")
            for part, after in ((upper, lower), (lower, end)):
                _follow(armature, f"{part}.{side}", f"STR-{after}.{side}", "STRETCH_TO").rest_length = 0.0
    for name, new in names.items():
        armature.data.bones[name].name = new
    return lambda part, letter: f"DEF-{part}.{letter}"


def reversed_switch(armature):
    """The same idea by other means: one whole-number property that is 1 for FK, Armature constraints, no helpers."""
    bones = _edit(armature)
    for name in PARTS:
        own = bones[name].parent
        _copy(bones, name, f"c.{name}", f"c.{own.name}" if own else "")
    for side in "LR":
        _ik_chain(armature, bones, side, "leg", "k.", "c.hips")
    for name in PARTS:  # as such constraints need it
        bones[name].use_connect, bones[name].parent = False, None
    _done()
    _property(armature, "c.hips", "legs_by_hand", 0, 0, 1)
    for name in PARTS:
        entry = armature.pose.bones[name].constraints.new("ARMATURE").targets.new()
        entry.target, entry.subtarget = armature, f"c.{name}"
    for side in "LR":
        _follow(armature, f"k.shin.{side}", f"k.target_leg.{side}", "IK").chain_count = 2
        for part in ("thigh", "shin"):
            constraint = _follow(armature, f"{part}.{side}", f"k.{part}.{side}")
            _drive(armature, constraint, "c.hips", "legs_by_hand", "1 - v")
    return lambda part, letter: f"{part}.{letter}"


def only_ik(armature):
    """Legs that nothing but IK moves: deforming bones copy a chain of helpers whose target and pole are controls."""
    bones = _edit(armature)
    for name in PARTS:
        own = bones[name].parent
        if not name.startswith(("thigh", "shin")):
            above = f"ctl_{own.name}" if own else ""
            _copy(bones, name, f"ctl_{name}", above if not own or above in bones else "ctl_hips")
    for side in "LR":
        _ik_chain(armature, bones, side, "leg", "mech_", "ctl_hips")
        pole = _copy(bones, f"shin.{side}", f"ctl_knee.{side}", "")
        pole.head.y -= 0.6
        pole.tail = pole.head + type(pole.head)((0.0, -0.1, 0.0))
        bones[f"ctl_foot.{side}"].parent = bones[f"mech_target_leg.{side}"]
    _done()
    for name in PARTS:
        leader = f"mech_{name}" if name.startswith(("thigh", "shin")) else f"ctl_{name}"
        kind = "COPY_ROTATION" if name.startswith("foot") else "COPY_TRANSFORMS"
        _follow(armature, name, leader, kind)
    for side in "LR":
        ik = _follow(armature, f"mech_shin.{side}", f"mech_target_leg.{side}", "IK")
        ik.chain_count, ik.pole_target, ik.pole_subtarget = 2, armature, f"ctl_knee.{side}"
        ik.pole_angle = 1.5707963
    return lambda part, letter: f"{part}.{letter}"


def rolling_feet(armature):
    """Names that are only numbered. Arms and head copy rotations, the spine transforms; the legs follow helpers by
    Armature constraints, which reach by IK for targets below feet that roll over heel and tip."""
    bones = _edit(armature)
    code = {name: f"q{number:03d}" for number, name in enumerate(PARTS)}
    legs = [f"{part}.{side}" for part in ("thigh", "shin", "foot", "toe") for side in "LR"]
    bones_of_all = bones.new("x0")
    bones_of_all.head, bones_of_all.tail, bones_of_all.use_deform = (0, 0, 0), (0, 0.5, 0), False
    for name in PARTS:
        if name not in legs:
            own = bones[name].parent
            _copy(bones, name, code[name], code[own.name] if own else "x0")
    for side in "LR":
        thigh, shin, foot, toe = (f"{part}.{side}" for part in ("thigh", "shin", "foot", "toe"))
        control = _copy(bones, foot, f"x{side}1", "x0")
        control.tail = (control.head.x, control.head.y - 0.25, control.head.z)
        heel = _copy(bones, foot, f"x{side}2", f"x{side}1")
        heel.head, heel.tail = (control.head.x, control.head.y + 0.06, 0), (control.head.x, control.head.y + 0.06, 0.1)
        _copy(bones, toe, f"x{side}3", f"x{side}2")
        _copy(bones, foot, f"x{side}4", f"x{side}3")
        for part, helper, parent in (
            (thigh, 1, code["hips"]), (shin, 2, f"y{side}1"), (foot, 3, f"x{side}3"), (toe, 5, f"x{side}2"),
        ):  # fmt: skip
            _copy(bones, part, f"y{side}{helper}", parent)
        knee = _copy(bones, shin, f"x{side}5", "x0")
        knee.head.y -= 0.5
        knee.tail = knee.head + type(knee.head)((0.0, 0.0, 0.1))
        for leg in (thigh, shin, foot, toe):  # such constraints add to what a parent does
            bones[leg].use_connect, bones[leg].parent = False, None
    _done()
    for name in PARTS:
        if name not in legs:
            body = name in ("hips", "spine", "chest", "upper_chest")
            _follow(armature, name, code[name], "COPY_TRANSFORMS" if body else "COPY_ROTATION")
    for side in "LR":
        for part, helper in zip(("thigh", "shin", "foot", "toe"), "1235", strict=True):
            entry = armature.pose.bones[f"{part}.{side}"].constraints.new("ARMATURE").targets.new()
            entry.target, entry.subtarget = armature, f"y{side}{helper}"
        ik = _follow(armature, f"y{side}2", f"x{side}4", "IK")
        ik.chain_count, ik.pole_target, ik.pole_subtarget = 2, armature, f"x{side}5"
        ik.pole_angle = 1.5707963
    renamed = {name: f"z{number:03d}" for number, name in enumerate(PARTS)}
    for name, new in renamed.items():
        armature.data.bones[name].name = new
    return lambda part, letter: renamed[f"{part}.{letter}" if letter else part]


RIGS = [copied_controls, chains_of_helpers, reversed_switch, only_ik, rolling_feet]

_UNREAL = {
    "thigh": "thigh", "shin": "calf", "foot": "foot", "toe": "ball", "shoulder": "clavicle", "upper_arm": "upperarm",
    "forearm": "lowerarm", "hand": "hand",
}  # fmt: skip
_GERMAN = {
    "thigh": "Oberschenkel", "shin": "Unterschenkel", "foot": "Fuss", "toe": "Zehen", "shoulder": "Schluessel",
    "upper_arm": "Oberarm", "forearm": "Unterarm", "hand": "Hand",
}  # fmt: skip
_MIDDLE = {"spine": "pelvis", "spine.001": "spine_01", "spine.002": "spine_02", "spine.003": "spine_03",
           "spine.004": "neck_01", "spine.005": "neck_02", "spine.006": "head"}  # fmt: skip


def rigify_named(names):
    """Rigify's basic human from a metarig with Unreal's names, or with German ones; returns (part, letter) -> name."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    metarig = bpy.context.active_object
    unreal = names == "unreal"

    def named(part, letter):
        return f"{_UNREAL[part]}_{letter.lower()}" if unreal else f"{_GERMAN[part]}.{letter}"

    wanted = {f"{part}.{letter}": named(part, letter) for part in _UNREAL for letter in "LR"}
    if unreal:
        wanted |= {"pelvis.L": "hipbone_l", "pelvis.R": "hipbone_r", "heel.02.L": "heel_l", "heel.02.R": "heel_r"}
        wanted |= _MIDDLE
    first = [bone for bone in metarig.data.bones if bone.name.startswith(("pelvis.", "heel."))]
    for bone in [*first, *metarig.data.bones]:
        bone.name = wanted.get(bone.name, bone.name)
    bpy.ops.pose.rigify_generate()
    bpy.data.objects.remove(metarig)
    return named
