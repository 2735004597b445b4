"""What `test_takes.py` runs inside Blender: files with several actions, and files that the user saves by hand."""

import bpy
import numpy as np
from export_scenarios import open_file


def several_takes(source: str, output: str) -> list[str]:
    """Add a second and a third action to a .blend of a character: a bow of its spine, and a moved light."""
    open_file(source)
    armature = next(thing for thing in bpy.data.objects if thing.type == "ARMATURE")
    first = armature.animation_data.action
    armature.animation_data.action = bpy.data.actions.new("Bow")
    bone = next(b for b in armature.pose.bones if "spine" in b.name.lower())
    bone.rotation_mode = "XYZ"
    for frame, angle in ((1, 0.0), (20, 0.6)):
        bone.rotation_euler.x = angle
        bone.keyframe_insert("rotation_euler", frame=frame)
    bow = armature.animation_data.action
    lamp = bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "POINT"))
    bpy.context.scene.collection.objects.link(lamp)
    lamp.keyframe_insert("location", frame=1)
    track = armature.animation_data.nla_tracks.new()
    track.strips.new("walk", 1, first)
    track.is_solo = True
    bow.use_fake_user = True
    bpy.ops.wm.save_as_mainfile(filepath=output)
    return [first.name, bow.name]


def own_bvh(source: str, output: str) -> float:
    """Blender's own BVH of a character's action; returns how high its pelvis is on the first frame."""
    open_file(source)
    armature = next(thing for thing in bpy.data.objects if thing.type == "ARMATURE")
    bpy.context.view_layer.objects.active = armature
    armature.select_set(True)
    start, end = armature.animation_data.action.frame_range
    bpy.ops.export_anim.bvh(filepath=output, frame_start=int(start), frame_end=int(end), root_transform_only=True)
    bpy.context.scene.frame_set(int(start))
    hips = next(b for b in armature.pose.bones if b.parent is None or "hips" in b.name.lower())
    return float(np.array(armature.matrix_world @ hips.matrix)[2, 3])
