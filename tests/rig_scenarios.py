"""What `test_rig_settings.py` runs inside Blender: the bone map, few keys, in place, and Rigify's control rig."""

import tempfile
from pathlib import Path

from tests import action_scenarios  # makes the add-on's folders the package motiongpt_addon

import bpy  # isort: skip
import numpy as np
from motiongpt_addon import bone_map, properties, rig_settings
from motiongpt_addon.action_writer import Tolerance, write_action
from motiongpt_addon.retarget.motion import Motion
from motiongpt_addon.retarget.solve import in_place, to_bones

rot = action_scenarios.rot
load_character, read_rig, map_rig = (getattr(action_scenarios, n) for n in ("load_character", "read_rig", "map_rig"))


def smooth_motion(frames=60):
    """Every joint swings, the root walks a bow."""
    random = np.random.default_rng(5)
    time = np.linspace(0.0, 2.0 * np.pi, frames)[:, None, None]
    turns = random.normal(0.0, 0.4, (1, 22, 3)) * np.sin(time + random.uniform(0.0, 6.0, (1, 22, 1)))
    root = np.stack([np.sin(time[:, 0, 0]), 1.0 + 0.05 * np.cos(time[:, 0, 0]), 0.3 * time[:, 0, 0]], axis=-1)
    return Motion(rot.from_rotation_vector(turns), root, 30.0, np.zeros((frames, 4)))


def bones():
    """Find, correct, save, load, refuse and forget the map through the operators."""
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
    armature, rig, mapping = load_character("mannequin")
    solved = to_bones(smooth_motion(), rig, mapping)
    dense = write_action(armature, rig, mapping, solved, "dense", 1)
    wanted = _values(dense)
    sparse = write_action(armature, rig, mapping, solved, "few", 1, Tolerance(1.0, 0.005))
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
    armature, rig, mapping = load_character("mannequin")
    solved = in_place(to_bones(smooth_motion(), rig, mapping), rig)
    write_action(armature, rig, mapping, solved, "stay", 1)
    at = []
    for frame in range(1, 61):
        bpy.context.scene.frame_set(frame)
        at.append(tuple(armature.pose.bones[mapping.root_bone].head))
    return np.ptp(np.array(at), axis=0).tolist()


def rigify():
    """Degrees between the limbs that deform and what the solver wants, after writing onto Rigify's FK controls."""
    from tests.zoo_blender import rigify as generate

    _, armature = generate()
    rig = read_rig(armature)
    mapping = map_rig(rig)
    solved = to_bones(smooth_motion(20), rig, mapping)
    write_action(armature, rig, mapping, solved, "rigify", 1)
    wanted = rot.multiply(solved.global_rotations(rig), rot.conjugate(rig.rest_rotations))
    off = {}
    for limb in ("thigh", "shin", "foot", "upper_arm", "forearm", "hand"):
        for side in "LR":
            control, bone = f"{limb}_fk.{side}", f"DEF-{limb}.{side}"
            rest = armature.data.bones[bone].matrix_local.to_quaternion()
            along = np.array(rest.to_matrix().col[1])
            worst = 0.0
            for frame in range(20):
                bpy.context.scene.frame_set(1 + frame)
                seen = np.array(armature.pose.bones[bone].matrix.to_3x3().normalized().col[1])
                goal = rot.rotate(wanted[frame, rig.index[control]], along)
                worst = max(worst, float(np.degrees(np.arccos(np.clip(seen @ goal, -1.0, 1.0)))))
            off[bone] = worst
    switches = [
        c.data_path for c in action_scenarios.curves_of(armature.animation_data.action) if "IK_FK" in c.data_path
    ]
    return {"found_by": mapping.found_by, "off": off, "switches": len(switches), "spine": list(mapping.spine)}
