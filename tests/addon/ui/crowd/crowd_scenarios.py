"""What `test_crowd.py` runs inside Blender: the list of characters and its buttons."""

import importlib

import bpy
from support.in_blender.keyed import person
from support.in_blender.panel import drawn
from support.in_blender.user import BIPED, MODULE, make_armature, settings


def buttons() -> object:
    """Added once each, by the armature itself or what it deforms; removed; a character that is gone."""
    panel = importlib.import_module(f"{MODULE}.addon.ui.crowd.panel")
    crowd = bpy.context.scene.motiongpt_crowd
    first, second = person(), make_armature("Second", BIPED)
    body = bpy.data.objects.new("Body", bpy.data.meshes.new("Body"))
    bpy.context.scene.collection.objects.link(body)
    body.modifiers.new("Armature", "ARMATURE").object = second
    for thing in bpy.context.scene.objects:
        thing.select_set(thing in (first, body))
    settings().prompt, settings().seed = "walks", 2**31 - 1
    crowd.mode = "LIST"
    seen: dict[str, object] = {"empty": drawn(panel.MOTIONGPT_PT_crowd_keys)}
    bpy.ops.motiongpt.add_characters()
    seen["added"] = [[m.armature.name, m.prompt, m.seed] for m in crowd.members]
    seen["twice"] = bpy.ops.motiongpt.add_characters.poll()
    seen["panel"] = drawn(panel.MOTIONGPT_PT_crowd)
    bpy.data.objects.remove(second)
    seen["gone"] = [[m.armature is None for m in crowd.members], drawn(panel.MOTIONGPT_PT_crowd)]
    bpy.ops.motiongpt.remove_character()
    bpy.ops.motiongpt.remove_character()
    seen["removed"] = [len(crowd.members), bpy.ops.motiongpt.remove_character.poll()]
    settings().task = "inbetween"
    seen["other task"] = panel.MOTIONGPT_PT_crowd.poll(bpy.context)
    return seen
