"""What `test_style.py` runs inside Blender: the sub-panel Train Style. FOLDER is an empty one."""

import os

import bpy
from support.in_blender.keyed import hero_with_actions
from support.in_blender.panel import drawn
from support.in_blender.style import module, press, style
from support.in_blender.user import settings


def listed() -> object:
    """Why no style can be trained, step by step; the list of actions, and what stays ticked in it."""
    operators, panel = module("ui.style.operators"), module("ui.style.panel").MOTIONGPT_PT_style
    why, seen = operators.why_not, {"nameless": operators.why_not(bpy.context), "nobody": press("list_style_actions")}
    style().name = "boss"
    seen["no actions"] = why(bpy.context)
    settings().armature = hero_with_actions()
    press("list_style_actions")
    seen["listed"] = [(item.name, item.use) for item in style().actions]
    style().actions[1].use = False
    style().actions[0].words = "stomps"
    bpy.data.actions.new("Empty")
    press("list_style_actions")
    seen["again"] = [(item.name, item.use, item.words) for item in style().actions]
    seen["ready"], seen["drawn"] = why(bpy.context), drawn(panel)
    style().source = "FOLDER"
    seen["no folder"], seen["folder"] = why(bpy.context), drawn(panel)
    style().folder, style().name = os.environ["FOLDER"], "a/b"
    seen["bad name"] = press()
    training = module("style.training")
    find, training.importlib.util.find_spec = training.importlib.util.find_spec, lambda name: None
    style().name = "boss"
    seen["no torch"] = press()
    training.importlib.util.find_spec = find
    return seen
