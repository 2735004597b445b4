"""Shared by the scripts that run inside a windowed Blender: steps between which it redraws, screenshots, quitting."""

import json
import subprocess
import time
import traceback
from collections.abc import Iterator

import bpy

LIMIT = 240.0  # seconds
SETTLE = 6.0  # seconds that software OpenGL may take to draw what changed


def picture(path: str) -> None:
    """The whole screen as a PNG file."""
    subprocess.run(["import", "-window", "root", path], check=False)


def viewport() -> tuple[bpy.types.Window, bpy.types.Area, bpy.types.Region]:
    """The window, its 3D viewport, and the part of it that shows the scene."""
    window = bpy.context.window_manager.windows[0]
    area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
    return window, area, next(r for r in area.regions if r.type == "WINDOW")


def close_areas(*kinds: str) -> Iterator[float]:
    """Close the window's editors of these types. Every other one has to be looked up again afterwards."""
    for kind in kinds:
        window = bpy.context.window_manager.windows[0]
        with bpy.context.temp_override(window=window, area=next(a for a in window.screen.areas if a.type == kind)):
            bpy.ops.screen.area_close()
        yield 1.0


def load_character(path: str) -> bpy.types.Object:
    """The armature of a glTF file, which replaces everything in the scene; it is made active."""
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    bpy.ops.import_scene.gltf(filepath=path)
    armature = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    bpy.context.view_layer.objects.active = armature
    return armature


def start(steps: Iterator[float], seen: dict[str, object], result: str, limit: float = LIMIT) -> None:
    """Run the steps, each yielding seconds to wait before the next; then write `seen` and quit Blender, whatever
    happens, after so many seconds at the latest."""
    bpy.context.preferences.view.show_splash = False  # it would cover the panel
    # Software OpenGL takes 0.15 s a drawing, and smoothed edges are drawn eight times after each change.
    bpy.context.preferences.system.viewport_aa = "OFF"
    end = time.monotonic() + limit
    bpy.app.timers.register(lambda: _drive(steps, seen, result, end), first_interval=1.0)


def _drive(steps: Iterator[float], seen: dict[str, object], result: str, end: float) -> float | None:
    """Called by bpy's timer: runs the next step, and returns the seconds until the next call."""
    try:
        if time.monotonic() > end:
            raise TimeoutError(f"not done in time: {seen}")
        return next(steps)
    except StopIteration:
        pass
    except BaseException:
        seen["error"] = traceback.format_exc()
    with open(result, "w", encoding="utf-8") as file:
        json.dump(seen, file)
    bpy.ops.wm.quit_blender()
    return None
