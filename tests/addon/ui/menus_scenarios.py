"""What `test_menus.py` runs inside Blender: menus, the pie menu, presets, lengths in frames."""

import importlib
from pathlib import Path

import bpy
from support.in_blender import panel
from support.in_blender.keyed import person
from support.in_blender.user import MODULE, attempt, run_job, settings


def entries() -> object:
    """The entries in each of Blender's menus, drawn; what unregistering leaves of them."""
    menus = importlib.import_module(f"{MODULE}.addon.ui.menus")
    person()
    seen = {
        "menus": menus.menus(),
        "appended": [name for name in menus.menus() if menus._draw in getattr(bpy.types, name)._dyn_ui_initialize()],
        "tasks": panel.drawn(menus.MOTIONGPT_MT_tasks),
        "pies": [panel.drawn(menus.MOTIONGPT_MT_pie), panel.drawn(menus.MOTIONGPT_MT_directing_pie)],
        "directing": panel.drawn(menus.MOTIONGPT_MT_directing),
        "known": [hasattr(bpy.types, name) for name in ("MOTIONGPT_MT_pie", "MOTIONGPT_PT_generate_keys")],
        "labels": [operator.get_rna_type().name for operator in map(_operator, menus.TASKS)],
    }
    menus.unregister()
    seen["left"] = [name for name in seen["menus"] if menus._draw in getattr(bpy.types, name)._dyn_ui_initialize()]
    menus.register()
    return seen


def _operator(row: tuple[str, str]) -> object:
    space, name = row[0].split(".")
    return getattr(getattr(bpy.ops, space), name)


def presets() -> object:
    """A preset is kept and gives its settings back."""
    settings().prompt, settings().seconds, settings().hands = "a person runs", 7.5, "FIST"
    bpy.ops.motiongpt.add_preset(name="Runner")
    found = list(Path(bpy.utils.user_resource("SCRIPTS")).rglob("motiongpt/*.py"))
    settings().prompt, settings().seconds, settings().hands = "", 2.0, "FLAT"
    bpy.ops.script.execute_preset(filepath=str(found[0]), menu_idname="MOTIONGPT_PT_presets")
    return [len(found), settings().prompt, settings().seconds, settings().hands]


def frames() -> object:
    """A length in frames is met to the frame at rates that no round number of seconds fits."""
    scene = bpy.context.scene
    armature = person()
    seen = []
    for fps, base in ((24, 1.0), (30, 1.001), (60, 1.0)):
        scene.render.fps, scene.render.fps_base = fps, base
        scene.frame_set(1)
        settings().prompt, settings().length, settings().frames = "a person walks", "FRAMES", 37
        attempt()
        job = run_job()
        seen.append([job.state, *armature.animation_data.action.frame_range])
    return seen
