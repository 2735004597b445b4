"""What `test_markers.py` runs inside Blender: blocks that follow the scene's markers."""

import importlib

import bpy
from support.in_blender.keyed import person, press
from support.in_blender.user import MODULE, attempt, run_job, settings


def listed(shot) -> list:
    data = importlib.import_module(f"{MODULE}.addon.shot.data")
    return [[b.text, b.frames, not stale] for b, stale in zip(shot.blocks, data.unmade(shot), strict=True)]


def of_markers() -> object:
    """The switch without named markers, then with two; one of them moved; what can't be changed; a text instead."""
    armature, scene = person(), bpy.context.scene
    markers = importlib.import_module(f"{MODULE}.addon.shot.markers")
    shot = armature.motiongpt_shot
    shot.by_markers = True
    scene.timeline_markers.new("F_01", frame=1)
    seen: dict[str, object] = {"none": press("generate_shot")["error"]}
    scene.timeline_markers.new("a person walks", frame=1)
    wave = scene.timeline_markers.new("a person waves", frame=41)
    scene.timeline_markers.new("F_81", frame=81)
    seen["made"] = press("generate_shot")["state"]
    seen["blocks"] = listed(shot)
    seeds = [block.seed for block in shot.blocks]
    wave.frame = 51
    markers.follow_soon(armature, scene)
    markers._follow_all()
    seen["moved"] = listed(shot)
    seen["seeds stay"] = [block.seed for block in shot.blocks] == seeds
    seen["refused"] = press("add_block")["error"]
    settings().prompt, settings().seconds = "a person walks, then bows, then jumps", 5.0
    attempt()
    run_job()
    seen["by prompt"] = [shot.by_markers, len(shot.blocks)]
    return seen
