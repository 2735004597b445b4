"""What `test_takes.py` runs inside Blender: the live figure, Esc, history, assets, and what the model knows."""

import importlib
import time

import bpy
import numpy as np
from support.in_blender.keyed import keyed
from support.in_blender.panel import drawn
from support.in_blender.user import BIPED, MODULE, attempt, make_armature, run_job, session, settings

live = importlib.import_module(f"{MODULE}.addon.ui.takes.live")
tick_limit = 0.05


def moving() -> object:
    """A figure moves while the motion is made, where the character stands; nothing is keyed; then it is gone."""
    armature = make_armature("Person", BIPED)
    armature.location = (3.0, -2.0, 0.5)
    bpy.context.view_layer.update()
    settings().prompt, settings().seconds = "a person walks forward and waves", 4.0
    seen: dict[str, object] = {"first": attempt() or run_job().state}
    armature.animation_data_clear()
    for _ in range(2):  # the first time, Python loads what it needs
        pressed = time.perf_counter()
        attempt()
        figure, poses = live.current(), []

        def look(_job: object, figure=figure, poses=poses) -> bool:
            if figure.shown is not None and not any(pose is figure.shown for pose in poses):
                poses.append(figure.shown)
            return False

        job = run_job(until=look)
        seen["moved after"] = figure.first_moved - pressed
    distinct = {pose.tobytes() for pose in poses}
    seen |= {"poses": len(distinct), "gone": figure.shown is None, "state": job.state, "tick": job.longest_tick}
    middle = np.mean([pose.mean(axis=0) for pose in poses], axis=0)
    seen["stands"] = [round(float(v), 2) for v in middle]
    armature.animation_data_clear()
    attempt()
    run_job(until=lambda _job: figure.shown is not None)
    seen["keys while made"] = armature.animation_data is None or armature.animation_data.action is None
    bpy.ops.motiongpt.cancel()
    return seen | {"cancelled": [session().job.state, figure.shown is None]}
