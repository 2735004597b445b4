"""What `test_ui.py` runs inside Blender: the panel in every state and for every task."""

import importlib
import shutil
import tempfile
import time
import zipfile
from pathlib import Path

import bpy
from support.in_blender import panel
from support.in_blender.keyed import differ, keyed, person, pose, press
from support.in_blender.panel import drawn
from support.in_blender.user import BIPED, MODULE, attempt, make_armature, run_job, session, settings


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
    fps, bpy.context.scene.render.fps = bpy.context.scene.render.fps, 32767
    seen["rate"] = drawn()
    bpy.context.scene.render.fps = fps
    seen["cancelled"] = drawn()
    return seen


class Shown:
    """The preferences as Blender draws them, with a layout that records."""

    def __init__(self, said: list[str]) -> None:
        self.layout = panel.RecordingLayout(said)
        self.bl_rna = bpy.context.preferences.addons[MODULE].preferences.bl_rna


def report() -> object:
    """What the preferences say before a backend runs and after two requests, an error's text, and the bundle."""
    kind = importlib.import_module(f"{MODULE}.addon.ui.preferences").MotionGPTPreferences

    def preferences() -> list[str]:
        said: list[str] = []
        kind.draw(Shown(said), bpy.context)
        return said

    seen: dict[str, object] = {"before": preferences()}
    make_armature("Person", BIPED)
    for prompt in ("fail", "a secret dance"):
        settings().prompt = prompt
        attempt()
        run_job()
        seen[prompt] = session().error
    limit = time.monotonic() + 20.0
    while "1 failed" not in "".join(preferences()) and time.monotonic() < limit:
        session().service.watch()
        time.sleep(0.05)
    seen["after"] = preferences()
    path = Path(tempfile.mkdtemp()) / "bundle.zip"
    seen["saved"] = list(bpy.ops.motiongpt.diagnostics(filepath=str(path)))
    with zipfile.ZipFile(path) as bundle:
        seen["names"] = bundle.namelist()
        seen["bundle"] = "".join(bundle.read(name).decode() for name in bundle.namelist())
    seen["nowhere"] = attempt_to_save(str(path.parent / "missing" / "x.zip"))
    return seen


def attempt_to_save(path: str) -> str:
    try:
        bpy.ops.motiongpt.diagnostics(filepath=path)
    except RuntimeError as error:
        return str(error)
    return ""


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


LONG = "The file /somewhere/a/very/long/path/without/any/spaces/in/it/at/all/model.json can't be read. " * 3


def texts() -> object:
    """A long text at several widths: how wide its lines are, and whether any word is lost."""
    text = importlib.import_module(f"{MODULE}.addon.ui.text")
    measured = text.measure(bpy.context)
    seen: dict[str, object] = {"default": text.text_width(bpy.context)}
    for width in (90.0, 180.0, 400.0):
        lines = text.wrap(LONG, width, measured)
        seen[f"{width:g}"] = [max(map(measured, lines)), "".join("".join(lines).split()) == "".join(LONG.split())]
    seen["lines"] = [len(text.wrap(LONG, width, measured)) for width in (180.0, 400.0)]
    return seen


def outcomes() -> object:
    """What the panel says and offers after each press, and what it says about a greyed button."""
    scene = bpy.context.scene
    seen: dict[str, object] = {"no armature": drawn()}
    armature = person()
    seen["no prompt"] = drawn()
    scene.frame_set(7)
    before = [scene.frame_end, scene.frame_current]
    bpy.ops.ed.undo_push(message="start")
    settings().prompt, settings().seconds = "unknown", 4.0
    seen["error"] = attempt()
    job = run_job()
    seen["unsure"] = [job.message, drawn()]
    seen["range"] = [scene.frame_end, scene.frame_current]
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    seen["undone"] = [[scene.frame_end, scene.frame_current] == before, len(bpy.data.actions)]
    armature = bpy.data.objects["Person"]
    bpy.ops.motiongpt.use_as_prompt(text="a person walks")
    seen["prompt"] = settings().prompt
    attempt()
    run_job()
    scene.frame_set(scene.frame_end)
    seen["continue"] = press("continue_motion", task="continue", seconds=1.0)["message"]
    seen["after continue"] = [scene.frame_end, scene.frame_current]
    seen["describe"] = press("describe", task="caption")["message"]
    seen["described"] = drawn()
    bpy.ops.motiongpt.use_as_prompt(text=session().job.text)
    seen["reused"] = [settings().prompt == seen["describe"], settings().task]
    session().error = "The backend ended by signal 9. See the log."
    session().service._failure = session().error
    seen["twice"] = panel.drawn().count("signal 9")
    return seen | {"scenes": [s.name for s in bpy.data.scenes], "keys": len(keyed(armature)) > 0}


def lengths() -> object:
    """The model's limits in the panel, the longest length, more than that, and the preview range."""
    scene = bpy.context.scene
    person()
    settings().prompt, settings().seconds = "a person walks", 10.0
    seen: dict[str, object] = {"longest": [attempt(), run_job().state]}
    seen["panel"] = drawn()
    settings().seconds = 25.0
    seen["longer panel"] = drawn()
    seen["longer"] = [attempt(), run_job().message]
    scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end = True, 21, 50
    settings().use_scene_range = True
    seen["preview"] = [attempt(), run_job().message]
    settings().task = "caption"
    seen["describe"] = drawn()
    return seen


def unable() -> object:
    """Text to motion with a model that can't do that."""
    armature = person()
    pose(armature, 1, 0.0)
    pose(armature, 20, 0.4)
    settings().prompt = "a person walks"
    first = press("inbetween", task="inbetween", poses="ALL")
    settings().task = "generate"
    return {"first": first["state"], "poll": bpy.ops.motiongpt.generate.poll(), "panel": drawn()}


def ghosts() -> object:
    """Figures in the task that has their switch, and in another."""
    drawing = importlib.import_module(f"{MODULE}.addon.ui.ghosts")
    armature = person()
    pose(armature, 1, 0.0)
    pose(armature, 20, 0.4)
    settings().poses, settings().ghosts = "ALL", True
    seen = {}
    for task in ("inbetween", "generate", "inbetween"):
        settings().task = task
        while drawing.current().tick() is not None:
            pass
        seen.setdefault(task, []).append(len(drawing.current().figures))
    return seen


def preloaded() -> object:
    """The model is loaded without a press, and the first press uses it."""
    context = importlib.import_module(f"{MODULE}.addon.jobs.context")
    make_armature("Person", BIPED)
    now = session()
    now.preload(context.startup(bpy.context))
    ticks = 0
    while now.watch_preload() is not None and ticks < 3000:
        ticks += 1
        importlib.import_module("time").sleep(0.02)
    pid = now.service.pid()
    seen = {"status": drawn(), "wanted": context.preloads(bpy.context)}
    settings().prompt = "a person walks"
    return seen | {"press": [attempt(), run_job().state], "same": pid == now.service.pid() and pid != 0}


def server_in_preferences() -> object:
    """What the preferences say of a server's key file, of none, and what a press then says."""
    kind = importlib.import_module(f"{MODULE}.addon.ui.preferences").MotionGPTPreferences
    keys = importlib.import_module(f"{MODULE}.backend.process.access.keys")
    connection = importlib.import_module(f"{MODULE}.backend.process.connection")
    preferences = bpy.context.preferences.addons[MODULE].preferences
    folder = Path(tempfile.mkdtemp())
    file = keys.KeyFile.create(folder / "server.json")
    handover = connection.Handover("tcp://10.0.0.5:5570", file.keys.server_key, *file.add("anna"), (1, 0), 0)
    connection.write_handover(handover, folder / "anna.json")
    seen: dict[str, object] = {"fingerprint": keys.fingerprint(file.keys.server_key)}
    make_armature("Person", BIPED)
    for name, path in (("there", "anna.json"), ("the server's", "server.json"), ("missing", "none.json")):
        preferences.server = str(folder / path)
        said: list[str] = []
        kind.draw(Shown(said), bpy.context)
        seen[name] = said
    settings().prompt = "a person walks"
    seen["pressed"] = attempt()
    preferences.server = ""
    shutil.rmtree(folder)
    return seen
