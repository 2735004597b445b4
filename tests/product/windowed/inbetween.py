"""Runs inside a windowed Blender: poses a character on three frames, generates the frames between, takes pictures of
the screen before and after, with the ghosts in the viewport and the Dope Sheet below it.

    blender --python inbetween.py -- CHARACTER PICTURE RESULT [VARIABLE=VALUE ...]

CHARACTER: a glTF file. PICTURE: of the screen at the end; the one of the start gets "-before" in its name. RESULT: a
JSON file for the result. Blender quits by itself, whatever happens.
"""

import os
import sys
from pathlib import Path

import bpy
from mathutils import Quaternion, Vector

sys.path.insert(0, str(Path(__file__).parent))
import driving
from driving import SETTLE, picture

CHARACTER, PICTURE, RESULT, *VARIABLES = sys.argv[sys.argv.index("--") + 1 :]
os.environ.update(variable.split("=", 1) for variable in VARIABLES)  # a Blender in a root of its own inherits none

# Frame -> where the hips are (metres), and joint -> axis in the world (X left, Y back, Z up) and degrees of its turn.
POSES = {
    1: ((-0.7, 0.0, 0.0), {"left_shoulder": ("Y", 70), "right_shoulder": ("Y", -70)}),
    20: ((0.0, 0.0, -0.05), {
        "left_shoulder": ("Y", 60), "right_shoulder": ("Y", 50), "right_elbow": ("Y", 40), "left_hip": ("X", -35),
        "left_knee": ("X", 40), "right_hip": ("X", 20), "spine": ("Z", 20),
    }),
    48: ((0.7, 0.0, -0.2), {
        "left_shoulder": ("Y", 20), "right_shoulder": ("Y", -20), "left_elbow": ("Z", 60), "right_elbow": ("Z", -60),
        "left_hip": ("X", -60), "right_hip": ("X", -50), "left_knee": ("X", 85), "right_knee": ("X", 75),
        "spine": ("X", 20),
    }),
}  # fmt: skip
AXES = {"X": Vector((1.0, 0.0, 0.0)), "Y": Vector((0.0, 1.0, 0.0)), "Z": Vector((0.0, 0.0, 1.0))}

seen: dict[str, object] = {"version": bpy.app.version_string}


def key_poses(armature: bpy.types.Object) -> None:
    """Key POSES on every mapped bone."""
    from bl_ext.user_default.motiongpt.addon.character.character import Character

    mapping = Character.read(armature).mapping
    bones = mapping.bones | {"spine": mapping.spine[0]}
    world = armature.matrix_world.to_3x3().normalized()
    for frame, (place, turns) in POSES.items():
        for name in mapping.driven:
            armature.pose.bones[name].rotation_mode = "QUATERNION"
            armature.pose.bones[name].rotation_quaternion = Quaternion()
        for joint, (axis, degrees) in turns.items():
            bone = armature.pose.bones[bones[joint]]
            rest = (world @ bone.bone.matrix_local.to_3x3()).to_quaternion()
            turn = Quaternion(AXES[axis], degrees * 3.14159265 / 180.0)
            bone.rotation_quaternion = rest.inverted() @ turn @ rest
        root = armature.pose.bones[mapping.root_bone]
        scale = armature.matrix_world.median_scale
        root.location = (world @ root.bone.matrix_local.to_3x3()).inverted() @ (Vector(place) / scale)
        root.keyframe_insert("location", frame=frame)
        for name in mapping.driven:
            armature.pose.bones[name].keyframe_insert("rotation_quaternion", frame=frame)


def values(armature: bpy.types.Object) -> dict:
    """Data path, index and frame of every key -> its value."""
    from bl_ext.user_default.motiongpt.addon.action.fcurves import action_curves

    curves = action_curves(armature).fcurves
    return {(c.data_path, c.array_index, p.co.x): p.co.y for c in curves for p in c.keyframe_points}


def steps():
    """Yields seconds to wait before the next step, so that Blender draws and runs its own timers in between."""
    from bl_ext.user_default.motiongpt.addon.jobs import session

    yield SETTLE
    window, area, region = driving.viewport()
    with bpy.context.temp_override(window=window, area=area, region=region):
        armature = driving.load_character(CHARACTER)
        armature.animation_data_clear()
        scene = bpy.context.scene
        scene.render.fps, scene.frame_start, scene.frame_end = 30, 1, 48
        key_poses(armature)
        scene.frame_set(1)
        scene.motiongpt.task, scene.motiongpt.poses, scene.motiongpt.ghosts = "inbetween", "SELECTED", True
        bpy.ops.object.mode_set(mode="POSE")
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=0.38)
        area.spaces.active.show_region_ui = True
        bpy.ops.view3d.view_axis(type="FRONT")
    yield 2.0
    sheet = next(a for a in window.screen.areas if a.type == "VIEW_3D" and a != area)
    sheet, area = sorted((sheet, area), key=lambda a: a.y)
    sheet.ui_type = "DOPESHEET"
    yield 2.0
    sidebar = next(r for r in area.regions if r.type == "UI")
    area.spaces.active.show_region_ui = True
    sidebar.active_panel_category = "MotionGPT"
    region = next(r for r in area.regions if r.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.object.mode_set(mode="OBJECT")
        bpy.ops.view3d.view_all()
        bpy.ops.object.mode_set(mode="POSE")
    sheet_region = next(r for r in sheet.regions if r.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=sheet, region=sheet_region):
        bpy.ops.action.view_all()
    yield SETTLE
    from bl_ext.user_default.motiongpt.addon.ui import ghosts

    seen["ghosts"] = len(ghosts.current().figures)
    before = values(armature)
    picture(PICTURE.replace(".png", "-before.png"))
    with bpy.context.temp_override(window=window, area=area, region=region):
        seen["pressed"] = list(bpy.ops.motiongpt.inbetween())
    now = session.current()
    while now.running:
        yield 0.02  # Blender's own timer moves the job along; this one only looks on
    after = values(armature)
    seen.update(state=now.job.state, message=now.job.message, longest_tick=now.job.longest_tick)
    seen.update(keys=[len(before), len(after)], changed=[list(k) for k, v in before.items() if after.get(k) != v])
    bpy.context.scene.frame_set(33)
    with bpy.context.temp_override(window=window, area=sheet, region=sheet_region):
        bpy.ops.action.view_all()
    yield SETTLE
    picture(PICTURE)


driving.start(steps(), seen, RESULT)
