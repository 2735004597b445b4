"""The command: sets the panel's settings, presses the button of a task, waits for it, and saves the file.

blender shot.blend --command motiongpt generate "a person walks forward" --seconds 4 --save walk.blend
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...retarget.errors import MotionGPTError
from ..character.typing import full
from ..jobs import session
from ..jobs.continuing import ContinueJob
from ..jobs.describe import DescribeJob
from ..jobs.generate import GenerateJob
from ..jobs.inbetween import InbetweenJob
from ..jobs.job import State

if TYPE_CHECKING:
    from ..jobs.job import Job

NAME = "motiongpt"
_TICK = 0.01  # seconds
_TASKS: dict[str, tuple[type[Job[Any]], str]] = {
    "generate": (GenerateJob, "a new motion from a text, as a new action"),
    "inbetween": (InbetweenJob, "the frames between keyed poses"),
    "continue": (ContinueJob, "more motion after the frame that is given"),
    "describe": (DescribeJob, "what the character does in the scene's frame range, in words"),
}


def parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    whole = argparse.ArgumentParser(
        prog=f"blender FILE.blend --command {NAME}",
        description="Text to motion on the armature of an opened file, without a window.",
    )
    tasks = whole.add_subparsers(dest="task", required=True, metavar="TASK")
    for name, (_, about) in _TASKS.items():
        task = tasks.add_parser(name, help=about, description=f"Makes {about}." if name != "describe" else about)
        if name != "describe":
            optional = None if name == "generate" else "?"
            task.add_argument("prompt", metavar="PROMPT", nargs=optional, default="", help="what the character does")
            task.add_argument("--seed", type=int, default=0, help="the same seed gives the same motion (0)")
            task.add_argument("--frame", type=int, help="the first frame (the file's current one)")
        if name in ("generate", "continue"):
            task.add_argument("--seconds", type=float, default=4.0, help="how much is generated (4)")
        if name == "inbetween":
            task.add_argument("--poses", choices=("all", "marked"), default="all", help="which poses are kept (all)")
        task.add_argument("--armature", metavar="NAME", help="which armature (the active one, or the only one)")
        if name != "describe":
            task.add_argument("--save", metavar="FILE", type=Path, help="another file to save to (the opened one)")
    return whole


def run(arguments: list[str]) -> int:
    """Do what the arguments say; returns the exit status, after a sentence on what was done or is wrong."""
    try:
        args = parser().parse_args(arguments)
    except SystemExit as done:  # argparse has said why
        return int(done.code or 0)
    try:
        print(_do(args))
    except MotionGPTError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    return 0


def _do(args: argparse.Namespace) -> str:
    target = _target(args)
    _set(args)
    kind = _TASKS[args.task][0]
    now = session.current()
    job = kind(kind.gather(bpy.context), now.service)
    while job.state is State.RUNNING:
        job.tick()
        time.sleep(_TICK)
    if job.state is not State.DONE:
        raise MotionGPTError(job.message, "")
    if target is not None:
        bpy.ops.wm.save_as_mainfile(filepath=str(target.resolve()), check_existing=False)
    return job.message if target is None else f"{job.message} Saved {target}."


def _target(args: argparse.Namespace) -> Path | None:
    """Where the result is saved; None for a task that changes nothing. Raises MotionGPTError before any work."""
    if args.task == "describe":
        return None
    if args.save is None and not bpy.data.filepath:
        raise MotionGPTError("No file is opened.", "Name one before --command, or give --save FILE.")
    target = args.save or Path(bpy.data.filepath)
    if target.suffix != ".blend":
        raise MotionGPTError(f"{target} is no .blend file.", "Give --save a name that ends in .blend.")
    if not target.absolute().parent.is_dir():
        raise MotionGPTError(f"There is no folder {target.parent}.", "Make it first.")
    return target


def _set(args: argparse.Namespace) -> None:
    """Put the arguments into the panel's settings. Raises MotionGPTError for an armature that is not there."""
    scene = full(bpy.context).scene
    settings = scene.motiongpt
    armatures = [o for o in scene.objects if o.type == "ARMATURE"]
    names = ", ".join(f'"{o.name}"' for o in armatures) or "none"
    if args.armature is not None:
        settings.armature = next((o for o in armatures if o.name == args.armature), None)
        if settings.armature is None:
            raise MotionGPTError(f'There is no armature "{args.armature}" in the scene.', f"It has {names}.")
    elif settings.armature is None:
        active = full(bpy.context).view_layer.objects.active
        if active is None or active.type != "ARMATURE":
            if len(armatures) != 1:
                raise MotionGPTError(f"The scene has {len(armatures)} armatures: {names}.", "Name one with --armature.")
            settings.armature = armatures[0]
    settings.prompt = getattr(args, "prompt", "")
    settings.seed = getattr(args, "seed", 0)
    settings.use_scene_range, settings.length = False, "SECONDS"
    settings.takes = settings.text_takes = 1  # nobody is there to choose
    settings.seconds = getattr(args, "seconds", settings.seconds)
    settings.poses = getattr(args, "poses", "all").upper()
    if getattr(args, "frame", None) is not None:
        scene.frame_set(args.frame)


_handle: Any = None


def register() -> None:
    global _handle
    _handle = bpy.utils.register_cli_command(NAME, run)  # type: ignore[func-returns-value]


def unregister() -> None:
    global _handle
    if _handle is not None:
        bpy.utils.unregister_cli_command(_handle)
    _handle = None
