"""What `test_shell.py` runs inside Blender: the command on files."""

import importlib
import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import bpy
from support.in_blender.keyed import person
from support.in_blender.user import BIPED, MODULE, make_armature


def _run(*arguments: str) -> list[object]:
    """Status, output and errors of one run."""
    out, errors = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(errors):
        status = importlib.import_module(f"{MODULE}.addon.shell.command").run(list(arguments))
    return [status, out.getvalue().strip(), errors.getvalue().strip()]


def generate() -> object:
    """A motion onto the only armature of an opened file, saved elsewhere: the opened one stays."""
    folder = Path(bpy.app.tempdir)
    person()
    bpy.context.scene.render.fps = 24
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "rig.blend"))
    seen = {
        "run": _run(
            "generate", "a person walks", "--seconds", "2", "--frame", "11", "--save", str(folder / "walk.blend")
        )
    }
    for name in ("rig", "walk"):
        bpy.ops.wm.open_mainfile(filepath=str(folder / f"{name}.blend"))
        seen[name] = [[action.name, *action.frame_range] for action in bpy.data.actions]
    seen["described"] = _run("describe")
    return seen


def refused() -> object:
    """What can't be done, each with its sentence; nothing is saved."""
    folder = Path(bpy.app.tempdir)
    seen = {"no file": _run("generate", "a person walks")}
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "empty.blend"))
    changed = (folder / "empty.blend").stat().st_mtime_ns
    seen["none"] = _run("generate", "a person walks")
    make_armature("First", BIPED), make_armature("Second", BIPED)
    bpy.context.view_layer.objects.active = None
    seen["two"] = _run("generate", "a person walks")
    seen["name"] = _run("generate", "a person walks", "--armature", "Third")
    seen["text"] = _run("generate", " ", "--armature", "First")
    seen["ending"] = _run("generate", "a person walks", "--save", "walk.fbx")
    seen["task"] = _run("dance")
    seen["same"] = changed == (folder / "empty.blend").stat().st_mtime_ns
    return seen
