"""What `test_addon.py` runs inside Blender: the extension enabled, disabled, and killed with Blender."""

import contextlib
import json
import os
import time

import bpy
from support.in_blender.user import BIPED, MODULE, attempt, make_armature, run_job, session, settings

import addon_utils  # isort: skip - bpy makes it importable


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


def unregistered_while_running() -> object:
    """Disabling the extension ends job and backend."""
    make_armature("Person", BIPED)
    settings().prompt = "slow"
    attempt()
    job = run_job(until=lambda job: job.stage == "Generating")
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
    """Start the backend, print its process id, and wait for the test to kill Blender with no chance to clean up."""
    make_armature("Person", BIPED)
    settings().prompt = "slow"
    attempt()
    run_job(until=lambda job: job.stage == "Generating")
    print("RESULT " + json.dumps({"blender": os.getpid(), "backend": session().service.pid()}), flush=True)
    time.sleep(60)
    return None
