"""Reading motion files while Blender goes on: BVH and npz in a thread, character files in another Blender."""

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ...backend.output import blender
from ...backend.process.child import dependency_paths
from ...retarget.errors import MotionGPTError
from ...retarget.files.npz import load_npz
from ...retarget.files.reading import FORMATS, read_motion
from ...retarget.motion import Motion
from ..jobs.job import Waiting, in_thread
from ..translation.saying import say

SUFFIXES = (*FORMATS, *blender.READ_SUFFIXES)
Show = Callable[[float], None]
"""Receives the share that has been read, from 0 to 1; called in any thread."""


@dataclass(frozen=True)
class MotionFile:
    """A file to read. take: the name of one of its takes, "" for the only one.  body, up: of AMASS and SMPL-X files, as
    `read_motion` takes them."""

    path: Path
    take: str = ""
    body: Path | None = None
    up: str = "z"

    def check(self) -> None:
        """Raises MotionGPTError for a file that is not there, or of another kind."""
        if self.path.suffix.lower() not in SUFFIXES:
            raise MotionGPTError(
                say('"{file}" is no motion file.', file=self.path.name),
                say("Choose one that ends in {endings}.", endings=", ".join(SUFFIXES)),
            )
        if not self.path.is_file():
            raise MotionGPTError(say("There is no file {file}.", file=self.path), "Choose another.")

    @property
    def has_takes(self) -> bool:
        """Whether it is of a kind that can hold several takes."""
        return self.path.suffix.lower() in blender.READ_SUFFIXES


@dataclass(frozen=True, eq=False)
class Found:
    """What was read. takes: the names of all in the file.  motion: None where one of them is still to be chosen.  name:
    of its clip."""

    takes: tuple[str, ...]
    motion: Motion | None
    name: str


def list_takes(file: MotionFile, show: Show) -> Waiting[tuple[str, ...]]:
    """The names of a file's takes; none for a kind that holds one motion. Raises MotionGPTError."""
    if not file.has_takes:
        return ()
    answer, _ = yield from _in_blender({"read": str(file.path.absolute()), "list": "always"}, show)
    return tuple(answer["takes"])


def read_file(file: MotionFile, show: Show) -> Waiting[Found]:
    """The motion of a file, or the names of its takes where there are several and none is named. Raises
    MotionGPTError."""
    if not file.has_takes:
        motion = yield from in_thread(lambda: read_motion(file.path, file.body, file.up))
        return Found((), motion, file.path.stem)
    asked = {"read": str(file.path.absolute()), "take": file.take or None, "list": "several"}
    answer, read = yield from _in_blender(asked, show)
    return Found(tuple(answer["takes"]), read, answer.get("clip", ""))


def _in_blender(job: dict[str, Any], show: Show) -> Waiting[tuple[dict[str, Any], Motion | None]]:
    """Have another Blender do a job of `export.takes.read_take`; closing the generator ends it."""
    with tempfile.TemporaryDirectory(prefix="motiongpt-", ignore_cleanup_errors=True) as name:
        motion, file = Path(name, "motion.npz"), Path(name, "job.json")
        file.write_text(json.dumps({**job, "motion": str(motion)}), encoding="utf-8")
        # Some distributions build Blender without numpy: the extension brings it, which --factory-startup leaves out.
        command = blender.child_command(file, bpy.app.binary_path, dependency_paths(("numpy",)))
        errors = Path(name, "errors.txt")  # a pipe that nobody empties would stop the process
        process = _started(command, blender.child_environment(file), errors)
        try:
            printed = yield from in_thread(lambda: _listen(process, show))
        finally:
            process.kill()
            process.wait()
        said = errors.read_text(encoding="utf-8", errors="replace")
        answer = blender.parse_answer(printed, said, process.returncode)[0]
        return answer, load_npz(motion) if answer["take"] else None


def _started(command: Sequence[str], environment: dict[str, str], errors: Path) -> "subprocess.Popen[str]":
    try:
        with open(errors, "wb") as file:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=file,
                env=environment,
                text=True,
                encoding="utf-8",
                errors="replace",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows would open a console
            )
    except OSError as error:
        raise MotionGPTError(
            say("Another Blender could not be started to read the file ({reason}).", reason=error.strerror or error),
            "Try again.",
        ) from error


def _listen(process: "subprocess.Popen[str]", show: Show) -> str:
    """What a process prints until it ends."""
    lines = []
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(blender.PROGRESS_MARK):
            show(float(line.removeprefix(blender.PROGRESS_MARK)))
        lines.append(line)
    process.wait()
    return "".join(lines)
