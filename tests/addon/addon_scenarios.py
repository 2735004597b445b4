"""What `test_addon.py` runs inside Blender, one scenario a process: `addon_scenarios.py NAME [VARIABLE=VALUE ...]`.

The built extension is installed by then; bpy comes from the wheel. Every scenario returns what it saw; that
is printed as JSON, and then the process ends without bpy's exit. Variables are set here, because a Blender in a
root of its own does not inherit the environment.
"""

import contextlib
import importlib
import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

import bpy

import addon_utils  # isort: skip - bpy makes it importable

FAKE = {"PYTHONPATH": str(Path(__file__).resolve().parents[1] / "support" / "fake_process")}
UNKNOWN_MODEL = json.dumps(
    {"name": "new", "kind": "from-the-future", "features": "true", "fps": 20, "frames_per_token": 4, "max_seconds": 10,
     "licence": "MIT", "files": {}}
)  # fmt: skip
RESULT = "RESULT "  # Blender prints lines of its own
MODULE = "bl_ext.user_default.motiongpt"
# Mixamo's names for the joints of the project's skeleton, with parents and rest positions (metres, Z up, facing -Y).
BIPED = {
    "Hips": (None, (0.0, 0.0, 0.95)),
    "Spine": ("Hips", (0.0, 0.0, 1.07)),
    "Spine1": ("Spine", (0.0, 0.0, 1.2)),
    "Spine2": ("Spine1", (0.0, 0.0, 1.3)),
    "Neck": ("Spine2", (0.0, 0.0, 1.48)),
    "Head": ("Neck", (0.0, 0.0, 1.57)),
} | {
    f"{side}{name}": (parent if parent in ("Hips", "Spine2") else f"{side}{parent}", (sign * x, y, z))
    for side, sign in (("Left", 1.0), ("Right", -1.0))
    for name, parent, (x, y, z) in (
        ("UpLeg", "Hips", (0.09, 0.0, 0.9)),
        ("Leg", "UpLeg", (0.09, -0.01, 0.49)),
        ("Foot", "Leg", (0.09, 0.02, 0.09)),
        ("ToeBase", "Foot", (0.09, -0.12, 0.02)),
        ("Shoulder", "Spine2", (0.06, 0.0, 1.42)),
        ("Arm", "Shoulder", (0.17, 0.0, 1.42)),
        ("ForeArm", "Arm", (0.43, 0.0, 1.42)),
        ("Hand", "ForeArm", (0.68, 0.0, 1.42)),
    )
}


def make_armature(name: str, bones: dict[str, tuple[str | None, tuple[float, float, float]]]) -> bpy.types.Object:
    """An armature in the scene, active, each bone ending at its first child."""
    armature = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for bone_name, (parent, head) in bones.items():
        bone = armature.data.edit_bones.new(bone_name)
        bone.head = head
        child = next((at for p, at in bones.values() if p == bone_name), None)
        bone.tail = child if child else (head[0], head[1], head[2] + 0.1)
        bone.parent = armature.data.edit_bones[parent] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


busiest_tick = 0.0
"""Seconds of work in the longest call of `run_job`: what it would take on a machine that has nothing else to do."""


def session():
    """The add-on's session object."""
    return importlib.import_module(f"{MODULE}.addon.jobs.session").current()


def settings():
    return bpy.context.scene.motiongpt


def run_job(until=lambda job: False, limit: float = 120.0):
    """Call the timer's function by hand, as background has no event loop, until the job ends or `until` is true."""
    global busiest_tick
    now = session()
    end = time.monotonic() + limit
    while now.running and not until(now.running):
        if time.monotonic() > end:
            raise TimeoutError(f"the job is still at {now.job.stage!r} after {limit} s")
        started = time.thread_time()
        now.tick()
        busiest_tick = max(busiest_tick, time.thread_time() - started)
        time.sleep(0.01)
    return now.job


def attempt() -> str:
    """Press Generate; returns the error that the user sees, or ""."""
    try:
        bpy.ops.motiongpt.generate()
    except RuntimeError as error:
        return str(error).strip()
    return ""


def content() -> dict[str, object]:
    """What generating may not change where it fails."""
    return {
        "actions": sorted(a.name for a in bpy.data.actions),
        "animated": sorted(o.name for o in bpy.data.objects if o.animation_data and o.animation_data.action),
        "objects": sorted(o.name for o in bpy.data.objects),
        "running": bool(session().running),
        "backend": session().service.pid(),
    }


def key_frames(action: bpy.types.Action) -> tuple[int, float, float]:
    """Number of F-curves, first and last key."""
    curves = list(action.fcurves) if hasattr(action, "fcurves") else [
        c for layer in action.layers for strip in layer.strips for bag in strip.channelbags for c in bag.fcurves
    ]  # fmt: skip
    return len(curves), *action.frame_range


def register_twice() -> object:
    """Disable and enable again, twice; what is left over each time."""
    seen = []
    for _ in range(2):
        addon_utils.disable(MODULE, default_set=True)
        handlers = [f.__module__ for f in bpy.app.handlers.load_post if MODULE in f.__module__]
        seen.append([hasattr(bpy.types.Scene, "motiongpt"), handlers, hasattr(bpy.types, "MOTIONGPT_PT_generate")])
        addon_utils.enable(MODULE, default_set=True)
        seen.append([hasattr(bpy.types.Scene, "motiongpt"), session().job is None, bpy.ops.motiongpt.generate.poll()])
    return seen


class RecordingProperties:
    """What a button's operator is to be called with: takes the operator's own properties and no other."""

    def __init__(self, rna: object) -> None:
        object.__setattr__(self, "rna", rna)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in self.rna.properties:
            raise AttributeError(f"{self.rna.identifier} has no property {name}")


class RecordingLayout:
    """Stands in for `UILayout`, which only a window has: takes the same calls and checks them against Blender's own."""

    def __init__(self, said: list[str]) -> None:
        object.__setattr__(self, "said", said)

    def __setattr__(self, name: str, value: object) -> None:
        if name not in bpy.types.UILayout.bl_rna.properties:
            raise AttributeError(f"UILayout has no property {name}")

    def __getattr__(self, name: str):
        function = bpy.types.UILayout.bl_rna.functions[name]

        def call(*args: object, **keywords: object) -> "RecordingLayout":
            unknown = set(keywords) - set(function.parameters.keys())
            if unknown:
                raise TypeError(f"UILayout.{name} has no {unknown}")
            if name == "prop" and args[1] not in args[0].bl_rna.properties:
                raise KeyError(args[1])
            if "icon" in keywords:
                function.parameters["icon"].enum_items[keywords["icon"]]
            if name == "operator":
                package, _, operator = str(args[0]).partition(".")
                rna = getattr(getattr(bpy.ops, package), operator).get_rna_type()
                self.said.append(str(args[0]))
                return RecordingProperties(rna)
            named = {"prop": args[1:2]}.get(name, ())
            self.said.append(str(*named) if named else str(keywords.get("text", "")))
            return RecordingLayout(self.said)

        return call


def drawn() -> str:
    """What the panel says and offers, in one line."""
    panel = importlib.import_module(f"{MODULE}.addon.ui.panel")
    said: list[str] = []

    class Drawn:
        layout = RecordingLayout(said)

    panel.MOTIONGPT_PT_generate.draw(Drawn(), bpy.context)
    return " ".join(filter(None, said))


def draw_panel() -> object:
    """The panel without an armature, with one, with an error, and while a job runs."""
    seen = {"empty": drawn()}
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


def bad_input() -> object:
    """Every mistake: the sentence, and whether anything changed."""
    seen = {}
    before = content()

    def record(name: str) -> None:
        seen[name] = [attempt(), content() == before]

    settings().prompt = "a person walks forward"
    record("no armature")
    make_armature("Tree", {"Root": (None, (0, 0, 0)), "Branch": ("Root", (0, 0, 1))})
    before = content()
    record("no biped")
    make_armature("Person", BIPED)
    before = content()
    settings().prompt = "   "
    record("no text")
    settings().prompt = "a person walks forward"
    for seconds in (0.0, -1.0):
        settings().seconds = seconds
        record(f"{seconds:g} seconds")
    settings().seconds = 2.0
    bpy.ops.object.mode_set(mode="EDIT")
    record("edit mode")
    bpy.ops.object.mode_set(mode="OBJECT")
    settings().prompt = "x" * 5000
    record("long text")
    return seen


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
    return seen | {"busiest_tick": busiest_tick}


def cancel() -> object:
    """Cancel while tokens come, then generate again."""
    armature = make_armature("Person", BIPED)
    settings().prompt = "slow"
    attempt()
    run_job(until=lambda job: job.stage == "Choosing the motion")
    started = time.perf_counter()
    bpy.ops.motiongpt.cancel()
    took = time.perf_counter() - started
    seen: dict[str, object] = {"took": took, "state": session().job.state, "actions": len(bpy.data.actions)}
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
    run_job(until=lambda job: job.stage == "Choosing the motion")
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
    run_job(until=lambda job: job.stage == "Choosing the motion")
    bpy.data.objects.remove(bpy.data.objects["Person"])
    job = run_job()
    seen: dict[str, object] = {"deleted": [job.state, job.message, len(bpy.data.actions)]}
    make_armature("Person", BIPED)
    attempt()
    job = run_job(until=lambda job: job.stage == "Choosing the motion")
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
    run_job(until=lambda job: job.stage == "Choosing the motion")
    bpy.ops.ed.undo()
    job = run_job()
    armature = bpy.data.objects["Person"]
    seen: dict[str, object] = {"undone": [job.state, job.message, bool(armature.animation_data.action)]}
    attempt()
    run_job(until=lambda job: job.stage == "Choosing the motion")
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    armature.data.edit_bones["LeftLeg"].name = "LeftShin"
    job = run_job(until=lambda job: "Edit Mode" in job.stage)
    seen["waited"] = [job.state, job.stage]
    bpy.ops.object.mode_set(mode="OBJECT")
    job = run_job()
    return seen | {"edited": [job.state, job.message]}


def bad_models() -> object:
    """Model folders that are none, or damaged, then the way back."""
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
    """Models that were imported, through the extension's service and its backend: all that each can do, and what not.

    T5, LLAMA: their folders.  PYTHON: an interpreter with packages of its own.
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


def unregistered_while_running() -> object:
    """Disabling the extension ends job and backend."""
    make_armature("Person", BIPED)
    settings().prompt = "slow"
    attempt()
    job = run_job(until=lambda job: job.stage == "Choosing the motion")
    backend = session().service.pid()
    addon_utils.disable(MODULE, default_set=True)
    return {"state": job.state, "backend": backend, "ended": ended(backend)}


def ended(pid: int, seconds: float = 10.0) -> bool:
    """Whether the process ends within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def wait_to_be_killed() -> object:
    """Start the backend, say its process id, and wait: the test then kills this process with no chance to clean up."""
    make_armature("Person", BIPED)
    settings().prompt = "slow"
    attempt()
    run_job(until=lambda job: job.stage == "Choosing the motion")
    print(RESULT + json.dumps({"blender": os.getpid(), "backend": session().service.pid()}), flush=True)
    time.sleep(60)
    return None


def install(archive: str) -> None:
    """Install the zip as a user would, into the folder that BLENDER_USER_RESOURCES names."""
    bpy.ops.extensions.package_install_files(
        filepath=archive, repo="user_default", enable_on_install=True, overwrite=True
    )
    if session() is None:
        raise RuntimeError("the extension was installed but is not enabled")


def main(scenarios: dict[str, object]) -> int:
    for assignment in sys.argv[2:]:
        name, _, value = assignment.partition("=")
        os.environ[name] = value
    try:
        if archive := os.environ.get("INSTALL"):
            install(archive)
            return 0
        bpy.ops.wm.read_homefile(use_empty=True)
        addon_utils.enable(MODULE, default_set=True)
        result = scenarios[sys.argv[1]]()
        print(RESULT + json.dumps(result), flush=True)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        addon_utils.disable(MODULE, default_set=True)
    return 0


if __name__ == "__main__":
    code = main(globals())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # bpy's own exit crashes or hangs in some versions
