"""What a character in Blender does under a motion, by where its bones and its mesh end up, not by what was keyed."""

import bpy  # isort: skip
import numpy as np

from motiongpt.addon.action.new_action import write_action
from motiongpt.addon.character.character import Character
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion.skeleton import JOINT

LIMBS = (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))


def measure(armature: bpy.types.Object, motion: Motion) -> dict[str, object]:
    """limbs: mean and worst degrees to the motion's.  floor: metres from the mesh's lowest point at rest to that of
    all frames.  start: metres from the hips at rest to those of the first frame, seen from above.  behind: bones with
    mesh that travel less than a third as far as the hips."""
    rest_floor = _lowest(armature, pose="REST")
    character = Character.read(armature)
    bones = character.mapping.bones
    hips = np.array(armature.matrix_world @ armature.data.bones[bones["left_hip"]].head_local)
    write_action(armature, character, character.solve(motion, character.root_destination("auto")), "measured", 1)
    groups = {g.name for o in bpy.data.objects if o.type == "MESH" for g in o.vertex_groups}
    angles, floors, trail = [], [], []
    for frame in range(0, len(motion), 4):
        bpy.context.scene.frame_set(1 + frame)
        at = {b.name: np.array(armature.matrix_world @ b.head) for b in armature.pose.bones}
        trail.append(at)
        for start, end in ((f"{s}_{a}", f"{s}_{b}") for s in ("left", "right") for a, b in LIMBS):
            if start in bones and end in bones:
                source = motion.joints[frame, JOINT[end]] - motion.joints[frame, JOINT[start]]
                ours, theirs = at[bones[end]] - at[bones[start]], source[[0, 2, 1]] * [1.0, -1.0, 1.0]
                cosine = ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs)
                angles.append(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))
        floors.append(_lowest(armature) - rest_floor)
    went = {name: float(np.linalg.norm(trail[-1][name] - trail[0][name])) for name in trail[0]}
    begun = trail[0][bones["left_hip"]] - hips
    return {
        "limbs": [float(np.mean(angles)), float(np.max(angles))], "floor": float(min(floors)), "bones": bones,
        "start": float(np.hypot(*begun[:2])), "spine": character.mapping.spine, "found_by": character.mapping.found_by,
        "behind": sorted(n for n in groups & set(went) if went[n] < went[bones["pelvis"]] / 3.0),
    }  # fmt: skip


def _lowest(armature: bpy.types.Object, pose: str = "POSE") -> float:
    """The height of the lowest vertex of all meshes, as posed or at rest."""
    kept, armature.data.pose_position = armature.data.pose_position, pose
    graph = bpy.context.evaluated_depsgraph_get()
    graph.update()
    lowest = np.inf
    for thing in bpy.data.objects:
        if thing.type == "MESH":
            seen = thing.evaluated_get(graph)
            points = np.array([seen.matrix_world @ vertex.co for vertex in seen.data.vertices])
            lowest = min(lowest, float(points[:, 2].min()))
    armature.data.pose_position = kept
    return lowest
