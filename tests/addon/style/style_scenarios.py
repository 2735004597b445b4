"""What `test_style.py` runs inside Blender: actions written for a training, and trainings begun, stopped and refused.

FOLDER is empty at first, or holds clips.
"""

import os
import shutil
import time
from pathlib import Path

import bpy
from support.in_blender.keyed import hero_with_actions
from support.in_blender.panel import drawn
from support.in_blender.style import module, press, style
from support.in_blender.user import BIPED, MODULE, make_armature, settings


def wait(until=lambda training: False, limit: float = 280.0):
    """Call the timer's function by hand, as background has no event loop."""
    ui, end = module("ui.style.operators"), time.monotonic() + limit
    while ui.look() is not None and not until(ui.current()):
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.05)
    return ui.current()


def written() -> object:
    """The chosen actions of one of two characters, as the training reads them; the scene stays as it was."""
    hero = hero_with_actions()
    make_armature("Other", BIPED)
    settings().armature = hero
    before = [sorted(s.name for s in bpy.data.scenes), sorted(o.name for o in bpy.data.objects)]
    place = module("style.training").write_actions(hero, [("Boss", "walks like a boss"), ("Jump", "")])
    after = [sorted(s.name for s in bpy.data.scenes), sorted(o.name for o in bpy.data.objects)]
    target = Path(os.environ["FOLDER"], "written")
    shutil.move(str(place), str(target))
    return {
        "same": before == after,
        "playing": hero.animation_data.action.name,
        "users": bpy.data.actions["Boss"].users,
    }


def stopped() -> object:
    """A training that is stopped; one of a folder without motion."""
    os.environ["MOTIONGPT_MODELS"] = os.path.join(os.environ["FOLDER"], "models")
    style().source, style().name, style().words = "FOLDER", "boss", "walks like a boss; boss walk"
    style().folder = os.path.join(os.environ["FOLDER"], "clips")
    seen: dict[str, object] = {"pressed": press(), "greyed": not bpy.ops.motiongpt.train_style.poll()}
    panel, said = module("ui.style.panel").MOTIONGPT_PT_style, []
    wait(lambda training: said.append(drawn(panel)) or training.stage)
    press("stop_style")
    training = wait()
    seen["stopped"] = [training.failed, training.message, training.request.arguments]
    seen["drawn"] = any("motiongpt.stop_style" in each for each in said)
    style().folder = os.path.join(os.environ["FOLDER"], "empty")
    press()
    training = wait()
    seen["empty"] = [training.failed, training.message]
    return seen


def trained() -> object:
    """A style from a folder, as short as can be; it is in the menu of models at the end."""
    os.environ["MOTIONGPT_MODELS"] = os.path.join(os.environ["FOLDER"], "models")
    style().source, style().name, style().words = "FOLDER", "boss", "walks like a boss"
    style().folder, style().minutes = os.path.join(os.environ["FOLDER"], "clips"), 0.1
    press()
    training = wait()
    preferences = bpy.context.preferences.addons[MODULE].preferences
    return [training.failed, training.message, str(training.sheet), preferences.installed]
