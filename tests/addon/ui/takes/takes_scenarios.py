"""What `test_takes.py` runs inside Blender: the live figure, Esc, history, assets, and what the model knows."""

import importlib
import os
import tempfile
import time
from pathlib import Path

import bpy
import numpy as np
from support.in_blender.keyed import person
from support.in_blender.panel import drawn
from support.in_blender.user import BIPED, MODULE, attempt, make_armature, run_job, session, settings

live = importlib.import_module(f"{MODULE}.addon.ui.takes.live")


def spent() -> np.ndarray:
    """CPU seconds of this thread and of the backend's process so far; of the latter 0 where the system does not say."""
    stat, backend = Path(f"/proc/{session().service.pid()}/stat"), 0.0
    if stat.is_file():
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        backend = (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return np.array([time.thread_time(), backend])


def moving() -> object:
    """A figure moves while the motion is made, where the character stands; nothing is keyed; then it is gone."""
    armature = make_armature("Person", BIPED)
    armature.location = (3.0, -2.0, 0.5)
    bpy.context.view_layer.update()
    settings().prompt = "slow" if "PYTHONPATH" in os.environ else "a person walks forward and waves"
    settings().seconds = 4.0
    seen: dict[str, object] = {"first": attempt() or run_job().state}
    armature.animation_data_clear()
    for _ in range(2):  # the first time, Python loads what it needs
        pressed, before = time.perf_counter(), spent()
        attempt()
        figure, poses, seen["worked"] = live.current(), [], []

        def look(job: object, figure=figure, poses=poses, pressed=pressed, before=before) -> bool:
            if job.action and figure.shown is not None:
                seen["beside the character"] = True
            if figure.first_moved > pressed and not seen["worked"]:
                seen["worked"] = (spent() - before).tolist()
            if figure.shown is not None and not any(pose is figure.shown for pose in poses):
                poses.append(figure.shown)
            return False

        job = run_job(until=look)
        seen["moved after"] = figure.first_moved - pressed
    distinct = {pose.tobytes() for pose in poses}
    seen |= {"poses": len(distinct), "gone": figure.shown is None, "state": job.state, "tick": job.longest_tick}
    seen["stands"] = [round(float(v), 2) for v in poses[0].mean(axis=0)]
    armature.animation_data_clear()
    attempt()
    run_job(until=lambda _job: figure.shown is not None)
    seen["keys while made"] = armature.animation_data is None or armature.animation_data.action is None
    bpy.ops.motiongpt.cancel()
    return seen | {"cancelled": [session().job.state, figure.shown is None]}


def directing() -> object:
    """The figure while a shot of two blocks is made, while one goes on from keys that are there, and while one block of
    it is made again; in each case, where it was, frames of the longest motion that was shown, and the character's hips.
    """
    armature = person()
    shot, slow = armature.motiongpt_shot, "slow" if "PYTHONPATH" in os.environ else "a person walks forward"
    armature.location = (3.0, -2.0, 0.0)
    bpy.context.view_layer.update()
    figure, seen = live.current(), {}

    def blocks(start: int, *frames: int) -> None:
        shot.blocks.clear()
        shot.start = start
        for number, length in enumerate(frames):
            block = shot.blocks.add()
            block.text, block.frames, block.seed = slow, length, number

    def hips(frame: int) -> list[float]:
        bpy.context.scene.frame_set(frame)
        return list(armature.matrix_world @ armature.pose.bones["Hips"].head)

    def watched(press: str, first: int) -> dict[str, object]:
        poses, longest, stands = [], 0, hips(first)
        getattr(bpy.ops.motiongpt, press)()

        def look(job: object) -> bool:
            nonlocal longest
            if figure.shown is not None:
                longest = max(longest, len(job.live) - job.live_from)
                poses.append(figure.shown.mean(axis=0).tolist())
            return False

        job = run_job(until=look)
        far = [float(np.hypot(*np.subtract(pose, stands)[:2])) for pose in poses]
        return {
            "state": job.state, "message": job.message, "different": len({tuple(pose) for pose in poses}),
            "far": far[0] if far else None, "longest": longest, "gone": figure.shown is None,
        }  # fmt: skip

    blocks(1, 60, 60)
    seen["fresh"] = watched("generate_shot", 1)
    frames = range(1, 121)
    for frame in frames:  # walk away from where the armature's origin is
        armature.pose.bones["Hips"].location.z += 0.03
        armature.pose.bones["Hips"].keyframe_insert("location", frame=frame)
    shot.start_from = "MOTION"
    blocks(121, 60)
    seen["goes on"] = watched("generate_shot", 120)
    seen["again"] = watched("regenerate_block", 121)
    return seen


def panel_of(module: str, name: str) -> str:
    """What a sub-panel says; "" where it is not there."""
    panel = getattr(importlib.import_module(f"{MODULE}.addon.ui.takes.{module}"), name)
    return drawn(panel) if getattr(panel, "poll", lambda _context: True)(bpy.context) else ""


def history() -> object:
    """Prompts in the file: after an undo, saved, used again, bounded, cleared."""
    make_armature("Person", BIPED)
    seen: dict[str, object] = {"empty": panel_of("history", "MOTIONGPT_PT_history")}
    bpy.ops.ed.undo_push(message="start")
    settings().seed, settings().seconds, settings().hands = 7, 2.0, "FIST"
    paths = bpy.context.scene.motiongpt_paths
    paths.travel.curve = bpy.data.objects.new("Way", bpy.data.curves.new("Way", "CURVE"))
    paths.travel.turn, paths.pin_new = 0.5, False
    pin = paths.pins.add()
    pin.limb, pin.place, pin.last = "LEFT_FOOT", (1.0, 2.0, 0.5), 40
    for text in ("a person walks", "fail", "a person runs"):
        settings().prompt = text
        attempt()
        run_job()
    entries = bpy.context.scene.motiongpt_history.entries
    seen["texts"] = [entry.name for entry in entries]
    bpy.ops.ed.undo()
    entries = bpy.context.scene.motiongpt_history.entries
    seen["after undo"] = [[entry.name for entry in entries], len(bpy.data.actions)]
    settings().prompt, settings().seed, settings().hands, settings().task = "", 0, "FLAT", "caption"
    paths, curve = bpy.context.scene.motiongpt_paths, bpy.data.objects["Way"]  # others than before the undo
    paths.travel.curve, paths.travel.turn, paths.loop, paths.pin_new = None, 2.0, True, True
    paths.pins.clear()
    bpy.ops.motiongpt.reuse_prompt(number=0)
    now, paths = settings(), bpy.context.scene.motiongpt_paths
    seen["reused"] = [now.prompt, now.seed, now.seconds, now.hands, now.task]
    seen["paths reused"] = [
        paths.travel.curve == curve, paths.travel.turn, paths.loop, paths.pin_new,
        [[pin.limb, list(pin.place), pin.last] for pin in paths.pins],
    ]  # fmt: skip
    bpy.data.objects.remove(curve)
    seen["without its curve"] = [list(bpy.ops.motiongpt.reuse_prompt(number=0)), paths.travel.curve]
    path = Path(tempfile.mkdtemp()) / "file.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    entry = bpy.context.scene.motiongpt_history.entries[0]
    seen["saved"] = [entry.name, entry.seed, round(entry.seconds, 2), entry.model, entry.armature, entry.when[:2]]
    seen["panel"] = panel_of("history", "MOTIONGPT_PT_history")
    module = importlib.import_module(f"{MODULE}.addon.review.history")
    for number in range(60):
        module.add(bpy.context.scene, f"text {number}", task="generate", seconds=1.0, seed="0", takes=1)
    entries = bpy.context.scene.motiongpt_history.entries
    seen["bounded"] = [len(entries), entries[-1].name]
    bpy.ops.motiongpt.clear_history()
    bpy.ops.ed.undo_push(message="cleared")
    seen["cleared"] = len(entries)
    return seen


def asset() -> object:
    """An action becomes an asset with its prompt and tags; not while takes wait."""
    armature = make_armature("Person", BIPED)
    settings().prompt, settings().seconds, settings().text_takes = "a person walks", 2.0, 2
    seen: dict[str, object] = {"bare": bpy.ops.motiongpt.mark_asset.poll()}
    attempt()
    run_job()
    seen["under review"] = bpy.ops.motiongpt.mark_asset.poll()
    bpy.ops.motiongpt.accept_take()
    seen["marked"] = list(bpy.ops.motiongpt.mark_asset(tags="walk, calm ,,walk"))
    data = armature.animation_data.action.asset_data
    seen["asset"] = [data.description, sorted(tag.name for tag in data.tags)]
    return seen | {"panel": panel_of("history", "MOTIONGPT_PT_history")}


def doubts() -> object:
    """What the model hardly knows is said of one motion, and of each take; so is what a style does not know."""
    make_armature("Person", BIPED)
    seen: dict[str, object] = {"styles": []}
    for takes in (1, 2):
        settings().prompt, settings().seconds, settings().text_takes = "unstyled", 1.0, takes
        attempt()
        run_job()
        seen["styles"] += [drawn() if takes == 1 else panel_of("panel", "MOTIONGPT_PT_takes")]
    bpy.ops.motiongpt.reject_takes()
    settings().text_takes = 1
    settings().prompt, settings().seconds = "unknown", 2.0
    attempt()
    run_job()
    seen["one"] = drawn()
    settings().text_takes = 2
    attempt()
    run_job()
    seen["takes"] = [panel_of("panel", "MOTIONGPT_PT_takes"), drawn()]
    bpy.ops.motiongpt.reject_takes()
    settings().prompt = "does not walk"
    attempt()
    run_job()
    seen["negated"] = panel_of("panel", "MOTIONGPT_PT_takes")
    bpy.ops.motiongpt.reject_takes()
    return seen | {"rejected": drawn()}


def known() -> object:
    """The browser of a model with a list: groups, an open one, a search, one click to try; and of one without."""
    make_armature("Person", BIPED)
    preferences = bpy.context.preferences.addons[MODULE].preferences
    folder = Path(tempfile.mkdtemp())
    (folder / "model.json").write_text("{}")
    preferences.model = str(folder)
    seen: dict[str, object] = {"none": panel_of("known", "MOTIONGPT_PT_known")}
    phrases = ["walks forward", "walks backward", "waves", *(f"kicks {n} times" for n in range(40))]
    np.savez_compressed(folder / "known.npz", phrases=np.array(phrases), vectors=np.zeros((len(phrases), 384), np.int8))
    seen["groups"] = panel_of("known", "MOTIONGPT_PT_known")
    bpy.ops.motiongpt.open_known(group="walk")
    seen["open"] = panel_of("known", "MOTIONGPT_PT_known")
    bpy.context.window_manager.motiongpt_known.search = "kick"
    seen["search"] = panel_of("known", "MOTIONGPT_PT_known")
    bpy.context.window_manager.motiongpt_known.search = "moonwalk"
    seen["nothing"] = panel_of("known", "MOTIONGPT_PT_known")
    (folder / "known.npz").write_bytes(b"nonsense")
    seen["damaged"] = panel_of("known", "MOTIONGPT_PT_known")
    preferences.model = ""
    settings().task, settings().seconds = "caption", 2.0
    seen["tried"] = [list(bpy.ops.motiongpt.try_phrase(text="waves")), run_job().state]
    return seen | {"action": bpy.data.objects["Person"].animation_data.action.name}
