"""Runs inside a windowed Blender: loads a character, presses Generate, and takes a picture of the screen at the end.

    blender --python generate.py -- CHARACTER PICTURE RESULT [VARIABLE=VALUE ...]

CHARACTER: a glTF file. RESULT: a JSON file for the result. Blender quits by itself, whatever happens.
"""

import os
import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import driving
from driving import SETTLE, picture

CHARACTER, PICTURE, RESULT, *VARIABLES = sys.argv[sys.argv.index("--") + 1 :]
os.environ.update(variable.split("=", 1) for variable in VARIABLES)  # a Blender in a root of its own inherits none
PROMPT = os.environ.get("PROMPT", "a person walks forward")

seen: dict[str, object] = {"version": bpy.app.version_string, "python": sys.version.split()[0]}


def steps():
    """Yields seconds to wait before the next step, so that Blender draws and runs its own timers in between."""
    from bl_ext.user_default.motiongpt.addon.jobs import session

    yield SETTLE
    window, area, region = driving.viewport()
    with bpy.context.temp_override(window=window, area=area, region=region):
        armature = driving.load_character(CHARACTER)
        scene = bpy.context.scene
        scene.render.fps, scene.motiongpt.prompt, scene.motiongpt.seconds, scene.motiongpt.seed = 30, PROMPT, 4.0, 1
        area.spaces.active.show_region_ui = True
        bpy.ops.view3d.view_axis(type="RIGHT")
        bpy.ops.view3d.view_all()
        yield 1.0
        sidebar = next(r for r in area.regions if r.type == "UI")
        sidebar.active_panel_category = "MotionGPT"
    yield SETTLE
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.ed.undo_push(message="before")
        seen["pressed"] = list(bpy.ops.motiongpt.generate())
    now = session.current()
    frames, last, gap = 0, time.perf_counter(), 0.0
    while now.running:
        yield 0.01  # Blender's own timer moves the job along; this one only looks on
        gap, last, frames = max(gap, time.perf_counter() - last), time.perf_counter(), frames + 1
        if frames == 20:
            picture(PICTURE.replace(".png", "-running.png"))
    seen.update(state=now.job.state, message=now.job.message, longest_tick=now.job.longest_tick, longest_gap=gap)
    action = armature.animation_data and armature.animation_data.action
    seen.update(action=action.name if action else None, range=list(action.frame_range) if action else None)
    bpy.context.scene.frame_set(40)
    yield SETTLE
    picture(PICTURE)
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.ed.undo()
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    now_playing = armature.animation_data and armature.animation_data.action
    seen["after_undo"] = now_playing.name if now_playing else None


driving.start(steps(), seen, RESULT)
