"""What `test_character.py` runs inside Blender: the bone map, few keys, in place, and Rigify's control rig."""

import tempfile
from pathlib import Path

import action_scenarios

import bpy  # isort: skip
import numpy as np

from motiongpt.addon.action.new_action import write_action
from motiongpt.addon.character import settings as rig_settings
from motiongpt.addon.character.character import Character
from motiongpt.addon.character.settings import Tolerance
from motiongpt.addon.ui import bone_map, properties
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion.skeleton import JOINT
from motiongpt.retarget.solving.root_motion import carry, find_root
from motiongpt.retarget.solving.solve import to_bones

rot = action_scenarios.rot
load_character, read_rig, map_rig = (getattr(action_scenarios, n) for n in ("load_character", "read_rig", "map_rig"))


def smooth_motion(frames=60):
    """Every joint swings, the root moves along an arc."""
    random = np.random.default_rng(5)
    time = np.linspace(0.0, 2.0 * np.pi, frames)[:, None, None]
    turns = random.normal(0.0, 0.4, (1, 22, 3)) * np.sin(time + random.uniform(0.0, 6.0, (1, 22, 1)))
    root = np.stack([np.sin(time[:, 0, 0]), 1.0 + 0.05 * np.cos(time[:, 0, 0]), 0.3 * time[:, 0, 0]], axis=-1)
    return Motion(rot.from_rotation_vector(turns), root, 30.0, np.zeros((frames, 4)))


def bones():
    """Find, correct, save, load, refuse and clear the map through the operators."""
    armature = load_character("mannequin")[0]
    properties.register()
    bone_map.register()
    bpy.context.scene.motiongpt.armature = armature
    bpy.ops.motiongpt.find_bones()
    lines = armature.motiongpt_rig.joints
    seen = {"lines": {line.name: line.bone for line in lines}}
    lines["left_collar"].bone = ""
    seen["corrected"] = rig_settings.find_mapping(armature, read_rig(armature)).bones.get("left_collar")
    seen["found_by"] = rig_settings.find_mapping(armature, read_rig(armature)).found_by
    preset = str(Path(tempfile.mkdtemp()) / "map.json")
    bpy.ops.motiongpt.save_bones(filepath=preset)
    bpy.ops.motiongpt.clear_bones()
    seen["cleared"] = len(lines)
    bpy.ops.motiongpt.load_bones(filepath=preset)
    seen["loaded"] = {line.name: line.bone for line in armature.motiongpt_rig.joints if line.bone}
    armature.motiongpt_rig.joints["left_knee"].bone = "head"
    try:
        bpy.ops.motiongpt.check_bones()
        seen["refused"] = ""
    except RuntimeError as error:
        seen["refused"] = str(error)
    armature.motiongpt_rig.keys = "FEW"
    tolerance = rig_settings.key_tolerance(armature)
    seen["tolerance"] = [tolerance.degrees, round(tolerance.location, 6)]
    bone_map.unregister()
    properties.unregister()
    return seen


def few_keys():
    """Share of keys, and how far Blender's evaluated curves are off the solved values on every frame."""
    armature, character = load_character("mannequin")
    solved = to_bones(smooth_motion(), character.rig, character.mapping)
    dense = write_action(armature, character, solved, "dense", 1)
    wanted = _values(dense)
    sparse = write_action(armature, character, solved, "few", 1, Tolerance(1.0, 0.005))
    found = _values(sparse)
    turns, moves = [], []
    for (path, _), values in wanted.items():
        channels = [found[path, i] for i in range(4 if "quaternion" in path else 3)]
        truth = [wanted[path, i] for i in range(len(channels))]
        a, b = np.array(channels).T, np.array(truth).T
        if "rotation" in path:
            turns.append(np.degrees(rot.angle_between(rot.normalize(a), rot.normalize(b))).max())
        else:
            moves.append(np.linalg.norm(a - b, axis=-1).max())
        assert len(values) == 60
    keys = sum(len(curve.keyframe_points) for curve in action_scenarios.curves_of(sparse))
    every = sum(len(curve.keyframe_points) for curve in action_scenarios.curves_of(dense))
    return {"share": keys / every, "degrees": float(max(turns)), "metres": float(max(moves))}


def _values(action):
    curves = action_scenarios.curves_of(action)
    return {(c.data_path, c.array_index): [c.evaluate(frame) for frame in range(1, 61)] for c in curves}


def stay():
    armature, character = load_character("mannequin")
    rig, mapping = character.rig, character.mapping
    solved = carry(to_bones(smooth_motion(), rig, mapping), rig, mapping, "in_place")
    write_action(armature, character, solved, "stay", 1)
    at = []
    for frame in range(1, 61):
        bpy.context.scene.frame_set(frame)
        at.append(tuple(armature.pose.bones[mapping.root_bone].head))
    return np.ptp(np.array(at), axis=0).tolist()


def walking_round(frames=40):
    """Knees and elbows bend as such joints do, hands and feet turn, and the body goes round a corner."""
    time = np.arange(frames) / 20.0
    swing = np.sin(2.0 * np.pi * time)
    turns = np.tile(rot.IDENTITY, (frames, 22, 1))

    def turn(joint, axis, angle):
        turns[:, JOINT[joint]] = rot.multiply(turns[:, JOINT[joint]], rot.from_axis_angle(axis, angle))

    for side, sign in (("left", 1.0), ("right", -1.0)):
        turn(f"{side}_hip", (1, 0, 0), -0.5 * sign * swing - 0.2)
        turn(f"{side}_knee", (1, 0, 0), 0.6 - 0.5 * sign * np.cos(2.0 * np.pi * time))
        turn(f"{side}_ankle", (1, 0, 0), 0.3 * sign * swing - 0.2)
        turn(f"{side}_foot", (1, 0, 0), 0.2 * sign * swing)
        turn(f"{side}_shoulder", (0, 0, 1), np.full(frames, -1.1 * sign))
        turn(f"{side}_shoulder", (0, 1, 0), 0.5 * swing)
        turn(f"{side}_elbow", (0, 1, 0), -sign * (0.7 + 0.5 * swing))
        turn(f"{side}_wrist", (1, 0, 0), 0.3 * swing)
    turn("pelvis", (0, 1, 0), 1.2 * time)
    for joint in ("spine1", "spine2", "neck", "head"):
        turn(joint, (1, 0, 0), 0.15 * swing)
    root = np.stack([0.3 * time**2, np.full(frames, 0.9), 0.8 * time], axis=-1)
    return Motion(turns, root, 20.0, np.zeros((frames, 4)))


def rigify():
    """Rigify's deforming bones against the solver's result, by FK and IK controls, carried by torso, root and object.

    Degrees between limbs, metres between heads, hand and foot turns; also the keyed switches, and that none is lost.
    """
    from support.zoo_blender import rigify as generate

    _, armature = generate()
    armature.pose.bones["torso"]["neck_follow"] = 0.7
    rig = read_rig(armature)
    mapping = map_rig(rig)
    seen = {"found_by": mapping.found_by, "spine": list(mapping.spine), "root": find_root(rig, mapping)}
    seen["neck_follow"] = armature.pose.bones["torso"]["neck_follow"]
    for controls, destination in (("fk", "hips"), ("ik", "hips"), ("ik", "bone"), ("fk", "object")):
        solved = carry(to_bones(walking_round(), rig, mapping), rig, mapping, destination)
        action = write_action(armature, Character.read(armature, ik=controls == "ik"), solved, "round", 1)
        paths = {c.data_path: c.evaluate(1) for c in action_scenarios.curves_of(action)}
        off = deform_errors(armature, rig, mapping, solved)
        switches = {p.split('["')[1].split('"')[0] + p.split('"]')[1]: v for p, v in paths.items() if p.count("[") == 2}
        seen[f"{controls} {destination}"] = off | {"switches": switches, "keyed": sorted({
            p.split('"')[1] for p in paths if p.endswith("location") and "bones" in p})}  # fmt: skip
    return seen


def deform_errors(armature, rig, mapping, solved):
    """Worst of all frames: degrees of the limbs' directions, of the turns of torso, head, hands and feet, metres."""
    turned = rot.multiply(solved.global_rotations(rig), rot.conjugate(rig.rest_rotations))
    heads = solved.heads(rig, mapping.root_bone)
    limbs = [(f"{n}_fk.{s}", f"DEF-{n}.{s}") for n in ("thigh", "shin", "upper_arm", "forearm") for s in "LR"]
    ends = [(f"{n}_fk.{s}", f"DEF-{n}.{s}") for n in ("foot", "toe", "hand") for s in "LR"]
    rest = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.bones
    worst = {"limbs": 0.0, "turns": 0.0, "metres": 0.0}
    for frame in range(len(heads)):
        bpy.context.scene.frame_set(1 + frame)
        for control, bone in [
            *limbs,
            *ends,
            ("torso", "DEF-spine"),
            ("neck", "DEF-spine.004"),
            ("head", "DEF-spine.006"),
        ]:
            matrix = armature.matrix_world @ armature.pose.bones[bone].matrix
            axes = np.array(rest[bone].matrix_local.to_3x3())
            now = np.array(matrix.to_3x3().normalized()) @ axes.T
            goal = rot.to_matrix(turned[frame, rig.index[control]])
            if (control, bone) in limbs:
                cosine = (now @ axes[:, 1]) @ (goal @ axes[:, 1])
                worst["limbs"] = max(worst["limbs"], float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))))
            else:
                angle = np.degrees(np.arccos(np.clip((np.trace(now @ goal.T) - 1.0) / 2.0, -1.0, 1.0)))
                worst["turns"] = max(worst["turns"], float(angle))
            if (control, bone) in ends:
                place = np.array(matrix.translation) - heads[frame, rig.index[control]]
                worst["metres"] = max(worst["metres"], float(np.linalg.norm(place)))
    return worst


def rooted_mannequin():
    """The mannequin with a root bone below its hips, on the floor, rolled and behind it."""
    armature = load_character("mannequin")[0]
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bones = armature.data.edit_bones
    root = bones.new("root")
    root.head, root.tail, root.roll = (0.0, 0.1, 0.0), (0.0, 0.1, 0.3), 0.6
    bones["hips"].parent = root
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def destinations():
    """Root bone and object, on an armature that is turned, scaled and parented to a moved empty: worst errors of all
    driven bones, radians and metres in the world; what is keyed; and what is left when the hips carry it again."""
    seen = {}
    for destination, mode in (
        ("bone", "QUATERNION"),
        ("object", "QUATERNION"),
        ("object", "XYZ"),
        ("object", "AXIS_ANGLE"),
    ):
        armature = rooted_mannequin()
        parent = bpy.data.objects.new("parent", None)
        bpy.context.scene.collection.objects.link(parent)
        parent.location, parent.scale, parent.rotation_euler.z = (3.0, -2.0, 1.0), (1.5, 1.5, 1.5), 0.7
        armature.parent, armature.location, armature.rotation_mode = parent, (0.2, 0.1, 0.0), mode
        armature.delta_location = (0.0, 0.3, 0.0)
        rig = read_rig(armature)
        mapping = map_rig(rig)
        start = np.array(armature.matrix_world.translation)
        solved = carry(to_bones(walking_round(), rig, mapping), rig, mapping, destination)
        action = write_action(armature, Character.read(armature), solved, "round", 1)
        keyed = sorted({c.data_path for c in action_scenarios.curves_of(action) if "rotation" not in c.data_path})
        seen[f"{destination} {mode}"] = [*_world_errors(armature, rig, mapping, solved, start), keyed]
        if destination == "bone":
            plain = to_bones(walking_round(), rig, mapping)
            write_action(armature, Character.read(armature), plain, "again", 1)
            seen["hips again"] = _world_errors(armature, rig, mapping, plain, start)
    return seen


def _world_errors(armature, rig, mapping, solved, start):
    world, heads = solved.global_rotations(rig), solved.heads(rig, mapping.root_bone)
    turn = place = 0.0
    for frame in range(len(world)):
        bpy.context.scene.frame_set(1 + frame)
        for name in mapping.driven:
            matrix = armature.matrix_world @ armature.pose.bones[name].matrix
            goal = rot.to_matrix(world[frame, rig.index[name]])
            turn = max(turn, float(np.abs(np.array(matrix.to_3x3().normalized()) - goal).max()))
            place = max(
                place, float(np.abs(np.array(matrix.translation) - start - heads[frame, rig.index[name]]).max())
            )
    return [turn, place]


def refused():
    """What is chosen for a root bone that the hips are connected to, and the errors for what can't be."""
    armature = rooted_mannequin()
    seen = {"free": Character.read(armature).root_destination("auto")}
    bpy.ops.object.mode_set(mode="EDIT")
    bones = armature.data.edit_bones
    bones["root"].tail, bones["hips"].use_connect = bones["hips"].head, True
    bpy.ops.object.mode_set(mode="OBJECT")
    character = Character.read(armature)
    seen["connected"] = character.root_destination("auto")
    seen["sentences"] = [
        action_scenarios._refusal(lambda: character.root_destination("bone")),
        action_scenarios._refusal(lambda: Character.read(armature, ik=True)),
    ]
    return seen | {"actions": len(bpy.data.actions)}


def settings():
    """What the sidebar's choices become."""
    armature = rooted_mannequin()
    bone_map.register()
    character = Character.read(armature)
    chosen = {}
    for root in ("AUTO", "HIPS", "BONE", "OBJECT"):
        armature.motiongpt_rig.root = root
        chosen[root] = character.root_destination(rig_settings.wanted_destination(armature))
    armature.motiongpt_rig.in_place = True
    chosen["in place"] = character.root_destination(rig_settings.wanted_destination(armature))
    armature.motiongpt_rig.controls = "IK"
    chosen["ik"] = rig_settings.keys_ik(armature)  # there are none to key
    bone_map.unregister()
    return chosen


_ARP = {
    "hips": "c_root_master.x", "spine": "c_spine_01.x", "chest": "c_spine_02.x", "upper_chest": "c_spine_03.x",
    "neck": "c_neck.x", "head": "c_head.x", "shoulder": "c_shoulder", "upper_arm": "c_arm_fk",
    "forearm": "c_forearm_fk", "hand": "c_hand_fk",
    "thigh": "c_thigh_fk", "shin": "c_leg_fk", "foot": "c_foot_fk", "toe": "c_toes_fk",
}  # fmt: skip


def auto_rig_pro():
    """A rig with Auto-Rig Pro's control names, made of the mannequin: every deforming bone copies its FK control where
    the limb's switch says so. How many degrees deforming bones are off, the switches, and what carries the travel."""
    armature = load_character("mannequin")[0]
    names = {}
    for bone in armature.data.bones:
        part, _, side = bone.name.partition(".")
        names[bone.name] = _ARP[part] + (f".{side.lower()}" if side else "")
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    edit = armature.data.edit_bones
    for old, new in names.items():
        control = edit.new(new)
        control.head, control.tail, control.roll = edit[old].head, edit[old].tail, edit[old].roll
        control.use_deform = False
    for old, new in names.items():
        edit[new].parent = edit[names[edit[old].parent.name]] if edit[old].parent else None
    for name in ("c_traj", *(f"{n}.{s}" for n in ("c_hand_ik", "c_foot_ik") for s in "lr")):
        edit.new(name).tail = (0.0, 0.3, 0.0)
    edit["c_root_master.x"].parent = edit["c_traj"]
    bpy.ops.object.mode_set(mode="OBJECT")
    for old, new in names.items():
        copy = armature.pose.bones[old].constraints.new("COPY_TRANSFORMS")
        copy.target, copy.subtarget = armature, new
        limb = {"arm": "c_hand_ik", "forearm": "c_hand_ik", "hand": "c_hand_ik"}.get(new.split("_")[1], "c_foot_ik")
        if "_fk" in new:
            armature.pose.bones[f"{limb}.{new[-1]}"]["ik_fk_switch"] = 0.0
            driver = copy.driver_add("influence").driver
            driver.type = "SUM"
            target = driver.variables.new().targets[0]
            target.id, target.data_path = armature, f'pose.bones["{limb}.{new[-1]}"]["ik_fk_switch"]'
    rig = read_rig(armature)
    mapping = map_rig(rig)
    solved = carry(to_bones(walking_round(20), rig, mapping), rig, mapping, "auto")
    action = write_action(armature, Character.read(armature), solved, "arp", 1)
    wanted = rot.to_matrix(solved.global_rotations(rig))
    off = 0.0
    for frame in range(20):
        bpy.context.scene.frame_set(1 + frame)
        for old, new in names.items():
            now = np.array(armature.pose.bones[old].matrix.to_3x3())
            off = max(off, float(np.abs(now - wanted[frame, rig.index[new]]).max()))
    paths = [c.data_path for c in action_scenarios.curves_of(action)]
    return {
        "found_by": mapping.found_by, "bones": mapping.bones, "spine": mapping.spine, "off": off,
        "carrier": solved.carrier.bone, "switches": sorted(p.split('"')[1] for p in paths if "ik_fk_switch" in p),
    }  # fmt: skip
