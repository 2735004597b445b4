"""Runs inside a windowed Blender: a shot of 12 seconds with five blocks, worked on by mouse and keyboard in the Dope
Sheet: chosen, an edge dragged, put back with Esc, a text typed, one block regenerated from the menu; pictures of each.

    blender --python blocks.py -- CHARACTER PICTURE RESULT [VARIABLE=VALUE ...]

CHARACTER: a glTF file, or "rigify" for a generated Rigify rig. PICTURE: of the screen at the end; those before it get
names of their own. RESULT: a JSON file for the result. Blender quits by itself, whatever happens.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import driving
from driving import SETTLE, picture

CHARACTER, PICTURE, RESULT, *VARIABLES = sys.argv[sys.argv.index("--") + 1 :]
os.environ.update(variable.split("=", 1) for variable in VARIABLES)  # a Blender in a root of its own inherits none
PROMPT = "a person walks forward, then stops and waves, then turns around, then kicks with the right leg, then bows"

seen: dict[str, object] = {"version": bpy.app.version_string}


def xdotool(*words: object) -> None:
    subprocess.run(["xdotool", *map(str, words)], check=True)


def screen(region: bpy.types.Region, x: float, y: float) -> tuple[int, int]:
    """A region's place, from its lower left corner, on the screen, from its upper left one."""
    window = bpy.context.window_manager.windows[0]
    return round(region.x + x), round(window.height - region.y - y)


def values(armature: bpy.types.Object) -> dict:
    """Data path, index and frame of every key -> its value."""
    from bl_ext.user_default.motiongpt.addon.action.fcurves import action_curves

    curves = action_curves(armature).fcurves
    return {(c.data_path, c.array_index, p.co.x): p.co.y for c in curves for p in c.keyframe_points}


def character() -> bpy.types.Object:
    if CHARACTER != "rigify":
        return driving.load_character(CHARACTER)
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    meta = bpy.context.object
    bpy.ops.pose.rigify_generate()
    meta.hide_set(True)
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE" and o != meta)
    bpy.context.view_layer.objects.active = rig
    return rig


def selected(armature: bpy.types.Object) -> int:
    """How many keys are selected."""
    from bl_ext.user_default.motiongpt.addon.action.fcurves import action_curves

    return sum(p.select_control_point for c in action_curves(armature).fcurves for p in c.keyframe_points)


def keys_at(region: bpy.types.Region, frame: float) -> tuple[float, float]:
    """Where the keys of a frame are in the summary, the Dope Sheet's first row."""
    scale = bpy.context.preferences.system.ui_scale
    return region.view2d.view_to_region(frame, 0.0, clip=False)[0], region.height - 34.0 * scale


def until(reached, limit: float = 15.0):
    """Wait until something is so: under software OpenGL, events may be handled seconds after they were sent."""
    end = time.monotonic() + limit
    while not reached() and time.monotonic() < end:
        yield 0.1


def lengths(armature: bpy.types.Object) -> list[int]:
    return [block.frames for block in armature.motiongpt_shot.blocks]


def differ(before: dict, after: dict, first: int, last: int) -> list:
    """Keys outside some frames that are lost or changed."""
    return [list(k) for k, v in before.items() if not first <= k[2] <= last and after.get(k) != v]


def steps():
    """Yields seconds to wait before the next step, so that Blender draws and runs its own timers in between."""
    from bl_ext.user_default.motiongpt.addon.jobs import session
    from bl_ext.user_default.motiongpt.addon.shot.data import timing_of
    from bl_ext.user_default.motiongpt.addon.ui.blocks.drawing import strip_of

    yield SETTLE
    window, area, region = driving.viewport()
    with bpy.context.temp_override(window=window, area=area, region=region):
        armature = character()
        name, scene = armature.name, bpy.context.scene
        scene.render.fps, scene.frame_start, scene.frame_end = 30, 1, 360
        scene.frame_set(1)
        scene.motiongpt.prompt, scene.motiongpt.seconds, scene.motiongpt.seed = PROMPT, 12.0, 1
        bpy.ops.object.mode_set(mode="POSE")
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=0.42)
        bpy.ops.view3d.view_axis(type="RIGHT")
    yield 2.0
    sheet = next(a for a in window.screen.areas if a.type == "VIEW_3D" and a != area)
    sheet, area = sorted((sheet, area), key=lambda a: a.y)
    sheet.ui_type = "DOPESHEET"
    area.spaces.active.show_region_ui = True
    yield 2.0
    next(r for r in area.regions if r.type == "UI").active_panel_category = "MotionGPT"
    region = next(r for r in area.regions if r.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.object.mode_set(mode="OBJECT")
        bpy.ops.view3d.view_all()
        bpy.ops.object.mode_set(mode="POSE")
        bpy.ops.ed.undo_push(message="before")
        seen["pressed"] = list(bpy.ops.motiongpt.generate())
    now, count = session.current(), 0
    while now.running:
        count += 1
        yield 0.02
        if now.running and now.job.block == 2 and count > 0:
            count = -(10**6)
            picture(PICTURE.replace(".png", "-making.png"))
    armature = bpy.data.objects[name]
    shot = armature.motiongpt_shot
    seen.update(state=now.job.state, message=now.job.message, longest_tick=now.job.longest_tick)
    seen.update(blocks=[[b.text, b.frames] for b in shot.blocks], start=shot.start)
    sheet_region = next(r for r in sheet.regions if r.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=sheet, region=sheet_region):
        bpy.ops.action.view_all()
    for tree in window.screen.areas:  # as the sidebar shows it
        tree.tag_redraw()
    yield SETTLE
    picture(PICTURE.replace(".png", "-made.png"))

    def place(frame: float) -> tuple[int, int]:
        with bpy.context.temp_override(window=window, area=sheet, region=sheet_region):
            strip = strip_of(bpy.context, sheet_region, sheet.spaces.active)
        return screen(sheet_region, strip.x(frame), strip.bottom + 0.5 * strip.height)

    timing = timing_of(shot, 30.0)
    xdotool("mousemove", *place(sum(timing.span(2)) / 2))
    yield 1.0
    xdotool("click", 1)
    yield from until(lambda: shot.active == 2)
    seen["chosen"] = shot.active
    seen["lengths"] = [lengths(armature)]

    def dragged(frame: float, to: float):
        """Press on one frame, and go to another in small steps."""
        xdotool("mousemove", *place(frame))
        yield 0.5
        xdotool("mousedown", 1)
        yield 0.3
        for share in (0.1, 0.3, 0.6, 1.0):
            xdotool("mousemove", *place(frame + share * (to - frame)))
            yield 0.3

    edge = timing.edges[2]
    yield from dragged(edge, edge + 15)
    yield 1.0
    picture(PICTURE.replace(".png", "-dragging.png"))
    seen["lengths"].append(lengths(armature))
    xdotool("key", "Escape")
    yield 0.5
    xdotool("mouseup", 1)
    yield 0.5
    seen["lengths"].append(lengths(armature))  # as it was
    yield from dragged(edge, edge + 15)
    xdotool("mouseup", 1)
    yield 1.0
    seen["lengths"].append(lengths(armature))
    xdotool("mousemove", *place(sum(timing.span(3)) / 2))
    yield 0.5
    xdotool("click", 1)
    yield from until(lambda: shot.active == 3)
    yield 1.0
    xdotool("click", "--repeat", 2, "--delay", 40, 1)
    yield 4.0
    picture(PICTURE.replace(".png", "-typing.png"))
    xdotool("key", "ctrl+a")
    yield 0.5
    xdotool("type", "--delay", 30, "a person punches")
    yield 1.0
    xdotool("key", "Return")
    yield 1.0
    xdotool("key", "Return")
    yield from until(lambda: shot.blocks[3].text == "a person punches")
    yield 1.5  # until the dialog is gone
    seen["texts"] = [b.text for b in shot.blocks]
    before = values(armature)
    xdotool("mousemove", *place(sum(timing.span(3)) / 2))
    yield 0.5
    xdotool("click", 3)
    yield 1.5
    picture(PICTURE.replace(".png", "-menu.png"))
    xdotool("key", "b")  # Regenerate Block's letter
    yield from until(lambda: now.running)
    seen["started"] = bool(now.running)
    yield from until(lambda: not now.running, 180.0)
    yield 1.0
    armature = bpy.data.objects[name]
    shot, timing = armature.motiongpt_shot, timing_of(armature.motiongpt_shot, 30.0)
    first, last = timing.span(3)
    after = values(armature)
    seen.update(again=[now.job.state, now.job.message], changed=differ(before, after, first, last)[:5])
    seen["inside"] = sum(after.get(k) != v for k, v in before.items() if first <= k[2] <= last)
    xdotool("key", "ctrl+z")
    yield from until(lambda: values(bpy.data.objects[name]) == before)
    seen["undone"] = values(bpy.data.objects[name]) == before
    xdotool("key", "ctrl+shift+z")
    yield from until(lambda: values(bpy.data.objects[name]) == after)
    armature = bpy.data.objects[name]
    seen["redone"] = values(armature) == after
    # A press on the keys still selects keys.
    with bpy.context.temp_override(window=window, area=sheet, region=sheet_region):
        bpy.ops.action.select_all(action="DESELECT")
    yield 1.0
    xdotool("mousemove", *screen(sheet_region, *keys_at(sheet_region, first + 10)))
    yield 0.5
    armature = bpy.data.objects[name]
    chosen = armature.motiongpt_shot.active
    xdotool("click", 1)
    yield from until(lambda: selected(armature))
    seen["outside"] = [armature.motiongpt_shot.active == chosen, selected(armature)]
    bpy.context.scene.frame_set(first + 20)
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.pose.select_all(action="SELECT")
        bpy.ops.view3d.view_selected()
    yield SETTLE
    picture(PICTURE)


driving.start(steps(), seen, RESULT, limit=480.0)
