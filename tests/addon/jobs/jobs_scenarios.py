"""What `test_jobs.py` runs inside Blender: jobs that finish, are cancelled, or lose what they need while they run."""

import importlib
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy
from support.in_blender import user
from support.in_blender.panel import drawn
from support.in_blender.user import (
    BIPED,
    MODULE,
    attempt,
    content,
    key_frames,
    make_armature,
    run_job,
    session,
    settings,
)

FAKE = {"PYTHONPATH": str(Path(user.__file__).resolve().parents[1] / "fake_process")}
UNKNOWN_MODEL = json.dumps(
    {"name": "new", "kind": "from-the-future", "features": "true", "fps": 20, "frames_per_token": 4, "max_seconds": 10,
     "licence": "MIT", "files": {}}
)  # fmt: skip


def generate() -> object:
    """Two presses on one armature: the action, its frames, where the old one went, and one undo step."""
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = 30, 11, 70
    armature = make_armature("Person", BIPED)
    scene.frame_set(5)
    settings().prompt, settings().seconds, settings().seed = "a person walks forward", 2.0, 3
    bpy.ops.ed.undo_push(message="start")
    started = time.perf_counter()
    seen: dict[str, object] = {"error": attempt(), "press": time.perf_counter() - started}
    job = run_job()
    seen |= {"state": job.state, "message": job.message, "longest_tick": job.longest_tick}
    action = armature.animation_data.action
    seen |= {"name": action.name, "keys": key_frames(action)}
    bpy.ops.ed.undo()
    armature = bpy.data.objects["Person"]
    seen["after_undo"] = [len(bpy.data.actions), bool(armature.animation_data and armature.animation_data.action)]
    bpy.ops.ed.redo()
    armature = bpy.data.objects["Person"]
    seen["after_redo"] = [armature.animation_data.action.name, len(armature.animation_data.nla_tracks)]
    settings().use_scene_range = True
    settings().prompt = "a person runs"
    attempt()
    job = run_job()
    seen["longest_tick"] = max(seen["longest_tick"], job.longest_tick)
    tracks = armature.animation_data.nla_tracks
    seen |= {"second": [job.state, armature.animation_data.action.name, *key_frames(armature.animation_data.action)]}
    seen["stash"] = [[t.name, t.mute, t.strips[0].action.name] for t in tracks]
    return seen | {"ticks": user.ticks}


def cancel() -> object:
    """Cancel while tokens are generated, then generate again."""
    armature = make_armature("Person", BIPED)
    settings().prompt = "slow"
    attempt()
    run_job(until=lambda job: job.stage == "Generating")
    bpy.ops.motiongpt.cancel()
    seen: dict[str, object] = {"state": session().job.state, "actions": len(bpy.data.actions)}
    backend = session().service.pid()
    attempt()
    job = run_job()
    seen |= {"again": job.state, "same_backend": backend == session().service.pid()}
    seen["animated"] = bool(armature.animation_data.action)
    return seen


def backend_killed() -> object:
    """The backend dies while it generates: a clear error, nothing written; the next Generate starts another."""
    make_armature("Person", BIPED)
    settings().prompt = "slow"
    attempt()
    run_job(until=lambda job: job.stage == "Generating")
    first = session().service.pid()
    os.kill(first, 9)
    job = run_job()
    seen: dict[str, object] = {"state": job.state, "message": job.message, "actions": len(bpy.data.actions)}
    seen["panel"] = drawn()
    attempt()
    job = run_job()
    return seen | {"again": job.state, "new": first != session().service.pid()}


def armature_gone() -> object:
    """The armature is deleted, then another file is opened, each while a motion is generated."""
    make_armature("Person", BIPED)
    settings().prompt = "slow"
    attempt()
    run_job(until=lambda job: job.stage == "Generating")
    bpy.data.objects.remove(bpy.data.objects["Person"])
    job = run_job()
    seen: dict[str, object] = {"deleted": [job.state, job.message, len(bpy.data.actions)]}
    make_armature("Person", BIPED)
    attempt()
    job = run_job(until=lambda job: job.stage == "Generating")
    bpy.ops.wm.read_homefile(use_empty=True)
    seen["reloaded"] = [job.state, job.message, session().job is None, session().error]
    make_armature("Person", BIPED)
    settings().prompt = "slow"
    attempt()
    return seen | {"after": run_job().state}


def armature_changes() -> object:
    """The armature is renamed, moved in memory by an undo, and edited while a motion is generated for it."""
    armature = make_armature("Person", BIPED)
    settings().prompt = "slow"
    bpy.ops.ed.undo_push(message="start")
    armature.name = "Renamed"
    bpy.ops.ed.undo_push(message="rename")
    attempt()
    run_job(until=lambda job: job.stage == "Generating")
    bpy.ops.ed.undo()
    job = run_job()
    armature = bpy.data.objects["Person"]
    seen: dict[str, object] = {"undone": [job.state, job.message, bool(armature.animation_data.action)]}
    attempt()
    run_job(until=lambda job: job.stage == "Generating")
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    armature.data.edit_bones["LeftLeg"].name = "LeftShin"
    job = run_job(until=lambda job: "Edit Mode" in job.stage)
    seen["waited"] = [job.state, job.stage]
    bpy.ops.object.mode_set(mode="OBJECT")
    job = run_job()
    return seen | {"edited": [job.state, job.message]}


def overridden() -> object:
    """Generate where the result can't be seen, then press Mute Overrides; an undo takes only the muting back."""
    seen: dict[str, object] = {}
    for kind in ("rest", "solo", "constraint"):
        bpy.ops.wm.read_homefile(use_empty=True)
        armature = make_armature("Person", BIPED)
        settings().prompt, settings().seconds = "a person walks forward", 2.0
        if kind == "rest":
            armature.data.pose_position = "REST"
        elif kind == "solo":
            armature.pose.bones["Hips"].keyframe_insert("location", frame=1)
            track = armature.animation_data.nla_tracks.new()
            track.strips.new("old", 1, armature.animation_data.action)
            armature.animation_data.action, track.is_solo = None, True
        else:
            armature.pose.bones["LeftArm"].constraints.new("LIMIT_ROTATION").use_limit_z = True
        bpy.ops.ed.undo_push(message="start")
        attempt()
        job = run_job()
        found: dict[str, object] = {
            "state": job.state,
            "message": job.message,
            "panel": drawn(),
            "before": _turned(armature),
        }
        found["pressed"] = list(bpy.ops.motiongpt.mute_overrides())
        found |= {
            "then": job.message,
            "after": _turned(armature),
            "greyed": not bpy.ops.motiongpt.mute_overrides.poll(),
        }
        seen[kind] = found
    return seen


def _turned(armature: bpy.types.Object) -> float:
    """Radians by which the left arm of the evaluated armature is away from rest on a frame of the motion."""
    bpy.context.scene.frame_set(bpy.context.scene.frame_current + 10)
    bone = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["LeftArm"]
    rest = armature.data.bones["LeftArm"].matrix_local.to_quaternion()
    return float(bone.matrix.to_quaternion().rotation_difference(rest).angle)


def bad_models() -> object:
    """Folders without a model or with a damaged one, then a good one again."""
    make_armature("Person", BIPED)
    settings().prompt = "a person walks forward"
    preferences = bpy.context.preferences.addons[MODULE].preferences
    before = content()
    with tempfile.TemporaryDirectory() as folder:
        preferences.model = folder
        seen: dict[str, object] = {"empty": [attempt(), content() == before]}
        for name, card in (("damaged", "{"), ("unknown", UNKNOWN_MODEL)):
            with open(os.path.join(folder, "model.json"), "w", encoding="utf-8") as file:
                file.write(card)
            attempt()
            job = run_job()
            seen[name] = [job.state, job.message, content() == before, drawn()]
    preferences.model, preferences.python = "", "/nowhere/python"
    seen["python"] = [attempt(), content() == before]
    preferences.python = ""
    os.environ |= FAKE
    attempt()
    return seen | {"repaired": run_job().state}


def published_models() -> object:
    """Imported models, through the extension's service and its backend: all that each can do, and a task it can't.

    T5, LLAMA: their folders.  PYTHON: an interpreter with its own packages.
    """
    wanted = bpy.context.preferences.addons[MODULE].preferences
    seen: dict[str, object] = {}
    for name, text in (("T5", ""), ("LLAMA", "a person walks.")):
        wanted.model = os.environ[name]
        # The second time, the backend runs in the other interpreter.
        wanted.python = os.environ["PYTHON"] if name == "LLAMA" else ""
        seen[name] = _every_task(text)
    wanted.device = "cuda"
    make_armature("Person", BIPED)
    settings().prompt = "a person walks forward"
    attempt()
    return seen | {"cuda": [run_job().state, session().error]}


def _every_task(text: str) -> dict[str, object]:
    context, tasks = (importlib.import_module(f"{MODULE}.{part}") for part in ("addon.jobs.context", "backend.tasks"))
    service = session().service
    service.start(context.startup(bpy.context))
    while not service.ready():
        time.sleep(0.05)

    def ask(message: object, *motions: object) -> object:
        identifier = service.ask(message, motions)
        while True:
            for event in service.poll(identifier):
                if hasattr(event, "motions"):
                    return event
            time.sleep(0.01)

    made = ask(tasks.Generate("a person walks.", seconds=4.0, seed=2)).motions[0]
    motion = made.resample(30.0)
    longer = ask(tasks.Continue(1.0, text), motion).motions[0]
    filled = ask(tasks.Inbetween((0, 45, 90), text), motion).motions[0]
    try:
        caption = list(ask(tasks.Describe(), motion).texts)
    except Exception as error:
        caption = str(error)
    kept = [float(abs(a.joints[f] - motion.joints[f]).max()) for a in (longer, filled) for f in (0, 45, 90)]
    return {
        "tasks": list(service.info.tasks), "device": service.info.device, "moved": max(kept), "caption": caption,
        "frames": [len(made), len(motion), len(longer), len(filled)],
    }  # fmt: skip


def backend_stuck() -> object:
    """The backend is stopped, by SIGSTOP, while nothing runs and while it generates; then the extension is disabled."""
    heartbeat, service = (importlib.import_module(f"{MODULE}.addon.jobs.{name}") for name in ("heartbeat", "service"))
    child = importlib.import_module(f"{MODULE}.backend.process.child")
    heartbeat.BEAT, heartbeat.SILENCE_LIMIT, service.SILENCE_LIMIT, child.GRACE_SECONDS = 0.2, 1.5, 1.5, 0.5
    armature = make_armature("Person", BIPED)
    settings().prompt, settings().seconds = "a person walks", 1.0
    attempt()
    seen: dict[str, object] = {"first": run_job().state, "well": _watched(lambda text: False, 2.5)}
    stopped = session().service.pid()
    os.kill(stopped, signal.SIGSTOP)
    seen |= {"idle": _watched(lambda text: "has not answered" in text, 20.0), "gone": _is_gone(stopped)}
    settings().prompt = "slow"
    attempt()
    run_job(until=lambda job: job.stage == "Generating")
    stopped = session().service.pid()
    os.kill(stopped, signal.SIGSTOP)
    stages = set()
    job = run_job(until=lambda job: stages.add(job.stage))
    seen |= {"busy": [job.state, len(bpy.data.actions)], "stages": sorted(stages), "gone_too": _is_gone(stopped)}
    seen["animated"] = bool(armature.animation_data.action)
    last, folder = session().service.pid(), session().service._process._folder
    os.kill(last, signal.SIGSTOP)
    importlib.import_module(f"{MODULE}.addon.jobs.session").unregister()
    deadline = time.perf_counter() + 20.0
    while not _is_gone(last) and time.perf_counter() < deadline:
        time.sleep(0.05)
    return seen | {"disabled": [_is_gone(last), folder.exists()]}


def _watched(until: Callable[[str], bool], seconds: float) -> str:
    """The panel's line about the backend, after as many looks as the timer takes in that time."""
    deadline = time.perf_counter() + seconds
    while not until(session().service.status().text) and time.perf_counter() < deadline:
        session().watch()
        time.sleep(0.05)
    return session().service.status().text


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def scene_rates() -> object:
    """Frame rates that Blender allows and no motion can have, for every task: refused at once, nothing starts."""
    armature = make_armature("Person", BIPED)
    armature.pose.bones["Hips"].keyframe_insert("location", frame=1)
    settings().prompt = "a person walks"
    seen: dict[str, object] = {}
    for fps, base in ((32_767, 1.0), (24, 1_000.0), (32_767, 1e-5), (1, 1e6)):
        render = bpy.context.scene.render
        render.fps, render.fps_base = fps, base
        jobs = {name: importlib.import_module(f"{MODULE}.addon.jobs.{name}") for name in ("generate", "describe")}
        found = [attempt()]
        for job in (jobs["generate"].GenerateJob, jobs["describe"].DescribeJob):
            try:
                job.gather(bpy.context)
                found.append("")
            except Exception as error:
                found.append(f"{type(error).__name__}: {error}")
        seen[f"{fps}/{base:g}"] = found
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 30, 1.0
    settings().prompt = "a person\x1b[2J\twalks\x0bfast\u202e"
    attempt()
    run_job()
    return seen | {"backend": session().service.pid() > 0, "name": armature.animation_data.action.name}


def shared_server() -> object:
    """A press that a server of somebody else answers; it stays when the extension ends."""
    connection = importlib.import_module(f"{MODULE}.backend.process.connection")
    child = importlib.import_module(f"{MODULE}.backend.process.child")
    folder = Path(tempfile.mkdtemp())
    server = child.start(folder / "server.log", import_paths=child.dependency_paths())
    while server.poll() is child.State.STARTING:
        time.sleep(0.05)
    connection.write_handover(server.handover, folder / "anna.json")
    bpy.context.preferences.addons[MODULE].preferences.server = str(folder / "anna.json")
    armature = make_armature("Person", BIPED)
    settings().prompt, settings().seconds = "a person walks", 1.0
    attempt()
    seen: dict[str, object] = {"state": run_job().state, "animated": bool(armature.animation_data)}
    seen |= {"own": session().service.pid(), "says": session().service.status().text}
    importlib.import_module(f"{MODULE}.addon.jobs.session").unregister()
    time.sleep(0.5)
    seen["stays"] = server.poll() is child.State.READY
    server.kill()
    shutil.rmtree(folder)
    return seen
