"""What `test_ui.py` runs inside Blender: the panel in every state and for every task."""

import importlib

import bpy
from support.in_blender.keyed import differ, keyed, person, pose, press
from support.in_blender.panel import drawn
from support.in_blender.user import BIPED, MODULE, attempt, make_armature, session, settings


def draw_panel() -> object:
    """The panel without an armature, with one, with an error, and while a job runs."""
    menu = importlib.import_module(f"{MODULE}.addon.ui.models").items(None, None)
    preferences = bpy.context.preferences.addons[MODULE].preferences
    seen: dict[str, object] = {"empty": drawn(), "menu": [item[:2] for item in menu], "chosen": preferences.installed}
    preferences.model = "/nowhere/mine"
    seen["folder"] = drawn()
    preferences.model = ""
    make_armature("Person", BIPED)
    settings().prompt = "a person walks forward"
    seen["active"] = drawn()
    session().error = "Something is wrong. Put it right."
    seen["error"] = drawn()
    attempt()
    session().tick()
    seen["running"] = drawn()
    bpy.ops.motiongpt.cancel()
    seen["cancelled"] = drawn()
    return seen


def tasks() -> object:
    """Continuing and describing; the tasks that the model then reports, which buttons are enabled, and the panels."""
    armature = person()
    scene = bpy.context.scene
    for frame, angle in ((1, 0.0), (20, 0.4)):
        pose(armature, frame, angle, move=0.01 * frame)
    before = keyed(armature)
    scene.frame_set(20)
    seen: dict[str, object] = {"continue": press("continue_motion", task="continue", seconds=1.0)}
    after = keyed(armature)
    seen["added"] = [differ(before, after), max(key[2] for key in after)]
    seen["caption"] = press("describe", task="caption")["message"]
    seen["able"] = sorted(session().service.info.tasks)
    settings().prompt = "a person walks"
    buttons = ("generate", "inbetween", "continue_motion", "describe")
    seen["open"] = [name for name in buttons if getattr(bpy.ops.motiongpt, name).poll()]
    seen["panels"] = {}
    for task in ("generate", "inbetween", "continue", "caption"):
        settings().task = task
        seen["panels"][task] = drawn()
    return seen
