"""What `test_overrides.py` runs inside Blender: everything that overrides keys, and rigs led by controls.

Where bones end up is measured here by the directions of the deforming limbs, against the motion's own joints.
"""

import character_scenarios

import bpy  # isort: skip
import control_rigs
import numpy as np
from mathutils import Euler

from motiongpt.addon.action.new_action import write_action
from motiongpt.addon.character.character import Character
from motiongpt.addon.export.loading import load_character
from motiongpt.addon.overrides import report
from motiongpt.addon.overrides.following import expected_of, expected_of_keys
from motiongpt.addon.ui import ghosts
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion.skeleton import JOINT
from motiongpt.retarget.solving.root_motion import HIPS, OBJECT

LIMBS = {"hip": "thigh", "knee": "shin", "shoulder": "upper_arm", "elbow": "forearm"}
NEXT = {"hip": "knee", "knee": "ankle", "shoulder": "elbow", "elbow": "wrist"}
RATE = (20, 1.0)


def limbs_off(armature, motion, deforming):
    """Mean degrees of the limbs from the motion's.  deforming: name of the deforming bone, without its side -> bone."""
    off = []
    for frame in range(0, len(motion), 4):
        bpy.context.scene.frame_set(1 + frame)
        posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
        for side, letter in (("left", "L"), ("right", "R")):
            for joint, part in LIMBS.items():
                bone = posed.pose.bones[deforming(part, letter)]
                after = {"thigh": "shin", "shin": "foot", "upper_arm": "forearm", "forearm": "hand"}[part]
                along = np.array(armature.matrix_world @ posed.pose.bones[deforming(after, letter)].head)
                along -= np.array(armature.matrix_world @ bone.head)
                goal = (
                    motion.joints[frame, JOINT[f"{side}_{NEXT[joint]}"]]
                    - motion.joints[frame, JOINT[f"{side}_{joint}"]]
                )
                goal = np.array([goal[0], -goal[2], goal[1]])
                cosine = along @ goal / np.linalg.norm(along) / np.linalg.norm(goal)
                off.append(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
    return float(np.mean(off))


def plain(part, letter):
    return f"{part}.{letter}"


def put_on(armature, deforming=plain, before_check=None, destination=HIPS):
    """Write a motion; what is said, how far the limbs are off, and both again after muting."""
    motion = character_scenarios.walking_round()
    character = Character.read(armature)
    solved = character.solve(motion, destination)
    action = write_action(armature, character, solved, "walk", 1)
    if before_check:
        before_check(armature)
    expected = expected_of(character, solved, 1)
    said = report.sentence(*report.check(armature, character, expected, RATE))
    seen = {
        "found_by": character.mapping.found_by,
        "bones": character.mapping.bones,
        "switches": [list(switch) for switch in character.limb_switches],
        "said": said.message if said else "",
        "can_mute": bool(said and said.can_mute),
        "off": limbs_off(armature, motion, deforming),
        "keyed": sorted({curve.data_path.split('"')[1] for curve in _curves(action) if '"' in curve.data_path}),
    }
    left = report.mute(armature, character, expected, RATE)
    seen |= {"left": left.message if left else "", "then": limbs_off(armature, motion, deforming)}
    by_keys = report.sentence(*report.check(armature, character, expected_of_keys(armature, character, 1, 40), RATE))
    return seen | {"by_keys": by_keys.message if by_keys else ""}


def _curves(action):
    return character_scenarios.action_scenarios.curves_of(action)


def constrain(armature, bone, kind, target=None, subtarget="", **settings):
    constraint = armature.pose.bones[bone].constraints.new(kind)
    if target is not None:
        constraint.target = target
    if subtarget:
        constraint.subtarget = subtarget
    for name, value in settings.items():
        setattr(constraint, name, value)
    return constraint


def empty(name="Handle", at=(0.4, -0.6, 1.0)):
    thing = bpy.data.objects.new(name, None)
    thing.location, thing.rotation_euler = at, (0.5, 0.7, 0.3)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def helper_bones(armature, bones):
    """name -> (head, tail, parent): bones that deform nothing."""
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for name, (head, tail, parent) in bones.items():
        bone = armature.data.edit_bones.new(name)
        bone.head, bone.tail, bone.use_deform = head, tail, False
        bone.parent = armature.data.edit_bones.get(parent) if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")


def leg_targets(armature, poles=False):
    """A target at each ankle, outside the body's hierarchy, and a pole in front of each knee, below a root bone."""
    bones = {}
    for side in "LR":
        ankle, knee = (np.array(armature.data.bones[f"{n}.{side}"].tail_local) for n in ("shin", "thigh"))
        bones[f"reach.{side}"] = (ankle, ankle + [0, 0.2, 0], "")
        if poles:
            bones[f"knee_aim.{side}"] = (knee + [0, -0.5, 0], knee + [0, -0.7, 0], "hips")
    helper_bones(armature, bones)
    for side in "LR":
        ik = constrain(armature, f"shin.{side}", "IK", armature, f"reach.{side}", chain_count=2)
        if poles:
            ik.pole_target, ik.pole_subtarget, ik.pole_angle = armature, f"knee_aim.{side}", np.pi / 2


def ik_targets(armature):
    leg_targets(armature)


def ik_targets_and_poles(armature):
    leg_targets(armature, poles=True)


def ik_to_object(armature):
    constrain(armature, "shin.L", "IK", empty(), chain_count=2)


def ik_to_objects_with_poles(armature):
    """Each ankle reaches for an object, each knee is aimed at another."""
    for side, sign in (("L", 1.0), ("R", -1.0)):
        ik = constrain(armature, f"shin.{side}", "IK", empty(f"Foot.{side}", (sign * 0.3, 0.1, 0.2)), chain_count=2)
        ik.pole_target, ik.pole_angle = empty(f"Knee.{side}", (sign * 0.1, -1.0, 0.5)), np.pi / 2


def ik_to_object_on_the_armature(armature):
    """The target moves with the armature object, which stands elsewhere, turned."""
    handle = empty(at=(0.1, 0.0, 0.3))
    handle.parent, armature.location, armature.rotation_euler.z = armature, (0.5, 0.2, 0.0), 0.0
    handle.rotation_euler = (0.4, 0.0, 1.0)
    constrain(armature, "forearm.L", "IK", handle, chain_count=2)


def ik_to_bone_of_another_armature(armature):
    other = bpy.data.objects.new("Prop", bpy.data.armatures.new("Prop"))
    bpy.context.scene.collection.objects.link(other)
    other.location, other.rotation_euler, other.scale = (1.0, 2.0, 0.5), (0.3, 0.2, 1.0), (2.0, 2.0, 2.0)
    helper_bones(other, {"base": ((0, 0, 0), (0, 1, 0), ""), "grip": ((0, 1, 1), (1, 1, 1), "base")})
    bpy.context.view_layer.objects.active = armature
    constrain(armature, "forearm.R", "IK", other, "grip", chain_count=2)


def ik_to_driven_object(armature):
    handle = empty()
    handle.driver_add("location", 0).driver.expression = "0.4"
    constrain(armature, "shin.L", "IK", handle, chain_count=2)


def ik_to_object_on_a_bone(armature):
    handle = empty()
    handle.parent, handle.parent_type, handle.parent_bone = armature, "BONE", "head"
    constrain(armature, "shin.L", "IK", handle, chain_count=2)


def copy_rotation_of_own_bone(armature):
    bone = armature.data.bones["thigh.L"]
    helper_bones(armature, {"lead": (bone.head_local, bone.tail_local, "hips")})
    constrain(armature, "thigh.L", "COPY_ROTATION", armature, "lead")


def copy_rotation_of_object(armature):
    constrain(armature, "upper_arm.L", "COPY_ROTATION", empty())


def copy_transforms_of_armature(armature):
    other = bpy.data.objects.new("Source", armature.data.copy())
    bpy.context.scene.collection.objects.link(other)
    for bone in ("thigh.L", "shin.L"):
        constrain(armature, bone, "COPY_TRANSFORMS", other, bone)


def copy_location(armature):
    constrain(armature, "hips", "COPY_LOCATION", empty())


def child_of(armature):
    handle = empty()
    constrain(armature, "hips", "CHILD_OF", handle)
    bpy.context.view_layer.update()  # the constraint keeps the bone in place now, not when the handle moves
    for frame in (1, 40):
        handle.rotation_euler.x += 1.0
        handle.keyframe_insert("rotation_euler", frame=frame)


def armature_constraint(armature):
    entry = constrain(armature, "forearm.R", "ARMATURE").targets.new()
    entry.target, entry.subtarget = armature, "head"


def limit_rotation(armature):
    constrain(armature, "shin.R", "LIMIT_ROTATION", use_limit_x=True, owner_space="LOCAL")


def damped_track(armature):
    constrain(armature, "head", "DAMPED_TRACK", empty(at=(2.0, 2.0, 1.0)))


def driver(armature):
    armature.pose.bones["thigh.R"].rotation_mode = "XYZ"
    curve = armature.pose.bones["thigh.R"].driver_add("rotation_euler", 0)
    curve.driver.type, curve.driver.expression = "SCRIPTED", "1.1"


def driver_of_property(armature):
    """A slider of the animator's own turns an Euler bone."""
    armature["slider"] = 0.9
    armature.pose.bones["upper_arm.R"].rotation_mode = "XYZ"
    curve = armature.driver_add('pose.bones["upper_arm.R"].rotation_euler', 2)
    variable = curve.driver.variables.new()
    variable.name, variable.targets[0].id, variable.targets[0].data_path = "slider", armature, '["slider"]'
    curve.driver.expression = "slider"


def driven_constraint(armature):
    """A slider switches a constraint to another object."""
    constraint = constrain(armature, "upper_arm.L", "COPY_ROTATION", empty())
    path = f'pose.bones["upper_arm.L"].constraints["{constraint.name}"].influence'
    armature.driver_add(path).driver.expression = "1.0"


def stretch_to(armature):
    constrain(armature, "forearm.L", "STRETCH_TO", empty())


def action_constraint(armature):
    action = bpy.data.actions.new("Fist")
    other = bpy.data.objects.new("Other", armature.data)
    bpy.context.scene.collection.objects.link(other)
    bpy.context.view_layer.update()
    other.animation_data_create().action = action
    other.pose.bones["upper_arm.R"].rotation_quaternion = Euler((1, 0.5, 0)).to_quaternion()
    other.pose.bones["upper_arm.R"].keyframe_insert("rotation_quaternion", frame=1)
    constrain(
        armature, "upper_arm.R", "ACTION", other, "upper_arm.R", action=action, use_eval_time=True, eval_time=1.0,
        frame_end=1, mix_mode="BEFORE_FULL",
    )  # fmt: skip


def _body(armature, shown):
    for thing in [thing for thing in bpy.data.objects if thing.type == "MESH"]:
        for modifier in list(thing.modifiers):
            if shown is None:
                thing.modifiers.remove(modifier)
            else:
                modifier.show_viewport = shown


def modifier_off(armature):
    _body(armature, False)


def modifier_missing(armature):
    _body(armature, None)


def hidden(armature):
    """Disabled in viewports; its mesh is not."""
    armature.hide_viewport = True


def scaled(armature):
    armature.pose.bones["hips"].scale = (1.2, 1.2, 1.2)


def locked(armature):
    for bone in armature.pose.bones:
        bone.lock_rotation, bone.lock_location, bone.lock_rotation_w = [True] * 3, [True] * 3, True


def rotation_modes(armature):
    for bone, mode in zip(armature.pose.bones, ("XYZ", "ZXY", "AXIS_ANGLE", "QUATERNION") * 99, strict=False):
        bone.rotation_mode = mode


def quiet_action(armature):
    """An old action of influence 0, added to what lies below."""
    armature.pose.bones["hips"].keyframe_insert("location", frame=1)
    armature.animation_data.action_influence, armature.animation_data.action_blend_type = 0.0, "ADD"


def muted_track(armature):
    _track(armature).mute = True


def track_below(armature):
    _track(armature)


def _track(armature):
    armature.pose.bones["thigh.L"].rotation_quaternion = Euler((1, 0, 0)).to_quaternion()
    armature.pose.bones["thigh.L"].keyframe_insert("rotation_quaternion", frame=1)
    action = armature.animation_data.action
    track = armature.animation_data.nla_tracks.new()
    track.strips.new("old", 1, action)
    armature.animation_data.action = None
    return track


def solo(armature):
    _track(armature).is_solo = True


def rest_position(armature):
    armature.data.pose_position = "REST"


def nothing(armature):
    pass


def muted_channels(armature):
    """After writing, as for keys that go into an action that has such channels."""
    for curve in _curves(armature.animation_data.action):
        curve.mute = "thigh.L" in curve.data_path


def less_influence(armature):
    armature.animation_data.action_influence, armature.animation_data.action_blend_type = 0.2, "ADD"


def curve_modifiers(armature):
    for curve in _curves(armature.animation_data.action):
        if "upper_arm.R" in curve.data_path:
            curve.modifiers.new("NOISE").strength = 2.0


BEFORE = [
    nothing, ik_targets, ik_targets_and_poles, ik_to_object, ik_to_objects_with_poles,
    ik_to_object_on_the_armature, ik_to_bone_of_another_armature, ik_to_driven_object, ik_to_object_on_a_bone,
    copy_rotation_of_own_bone, copy_rotation_of_object,
    copy_transforms_of_armature, copy_location, child_of, armature_constraint, limit_rotation, damped_track, driver,
    driver_of_property, driven_constraint, stretch_to, action_constraint, modifier_off, modifier_missing, hidden,
    scaled, locked, rotation_modes, quiet_action, muted_track, track_below, solo, rest_position,
]  # fmt: skip
AFTER = [muted_channels, less_influence, curve_modifiers]


def every_kind():
    """Each kind of override on the mannequin."""
    seen = {}
    for kind in [*BEFORE, *AFTER]:
        armature, _ = load_character("mannequin")
        if kind in BEFORE:
            kind(armature)
            bpy.context.view_layer.update()
        seen[kind.__name__] = put_on(armature, before_check=None if kind in BEFORE else kind)
    return seen


def of_the_object():
    """The travel is on the armature object, which something else holds in place or turns."""

    def copies(armature):
        armature.constraints.new("COPY_LOCATION").target = empty()

    def is_driven(armature):
        armature.driver_add("location", 1).driver.expression = "2.0"

    def limited(armature):
        constraint = armature.constraints.new("LIMIT_ROTATION")
        constraint.use_limit_z = True

    seen = {}
    for kind in (nothing, copies, is_driven, limited):
        armature, _ = load_character("mannequin")
        kind(armature)
        bpy.context.view_layer.update()
        seen[kind.__name__] = put_on(armature, destination=OBJECT)
        del seen[kind.__name__]["off"], seen[kind.__name__]["then"]
    return seen


def unknown_controls():
    """Rigs whose deforming bones follow controls, built as several tools do."""
    seen = {}
    for build in control_rigs.RIGS:
        armature, _ = load_character("mannequin")
        deforming = build(armature)
        bpy.context.view_layer.update()
        before = {bone.name: [list(row) for row in bone.matrix_basis] for bone in armature.pose.bones}
        character = Character.read(armature)
        same = before == {bone.name: [list(row) for row in bone.matrix_basis] for bone in armature.pose.bones}
        figure = {"apart": _parts(ghosts.bone_lines(character.rig, character.mapping).tolist())}
        seen[build.__name__] = put_on(armature, deforming) | figure | {"untouched": same}
    return seen


def _parts(lines):
    """Into how many parts that do not touch a figure of these lines falls."""
    parts = []
    for line in map(set, lines):
        touching = [part for part in parts if part & line]
        parts = [part for part in parts if not part & line] + [line.union(*touching)]
    return len(parts)


def rigify_with_other_names(names):
    """Rigify's basic human, generated by Rigify from a metarig of other names."""
    parts = control_rigs.rigify_named(names)
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    return put_on(armature, lambda part, letter: f"DEF-{parts(part, letter)}")


def linked(folder):
    """An armature of another file, and an override of it that may not be edited."""
    armature, _ = load_character("mannequin")
    name, path = armature.name, f"{folder}/library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.objects = [name]
    armature = bpy.data.objects[name]
    bpy.context.scene.collection.objects.link(armature)
    try:
        put_on(armature)
    except MotionGPTError as error:
        return {"refused": str(error), "actions": len(bpy.data.actions)}
    return {}


def override_on_controls():
    """A control rig, one deforming bone of which copies another object: what is said, and what is left."""
    armature = load_character("mannequin")[0]
    deforming = control_rigs.chains_of_helpers(armature)
    constrain(armature, "DEF-upper_arm.L", "COPY_ROTATION", empty())
    return put_on(armature, deforming)
