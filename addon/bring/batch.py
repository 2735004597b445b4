"""A table of jobs, or a folder of motion files, done by `motiongpt batch` in a process of its own. It goes on while
Blender is used; what it has done, it does not do again."""

from __future__ import annotations

import atexit
import csv
import json
import re
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...backend.output.blender import BLENDER
from ...backend.process.child import dependency_paths, environment_of
from ...backend.process.launch import LAUNCHER
from ...retarget.errors import MotionGPTError
from ..translation.saying import say
from .files import SUFFIXES

if TYPE_CHECKING:
    from ..jobs.service import Startup

REPORT = "report.html"
_COUNTS = {"done": "{count} done", "kept": "{count} kept", "changed": "{count} changed", "failed": "{count} failed"}
"""Of a report, and how they are said."""
_DONE = re.compile(r"done (\d+)/(\d+) (.*)")
"""A line of `--progress`."""
_FOLDER_TABLE = "folder.csv"


@dataclass(frozen=True)
class BatchRequest:
    """table: the CSV file.  place: the folder for files and report.  backend: which Python and model do it."""

    table: Path
    place: Path
    backend: Startup


class Batch:
    """A batch that runs. done, total: files, as far as it has said.  file: the last one.  message: the outcome, ""
    while it runs.  failed: whether it could not be done at all.  stopped: whether the user ended it."""

    def __init__(self, request: BatchRequest) -> None:
        self.done = self.total = 0
        self.file = self.message = ""
        self.failed = self.stopped = False
        self.report = request.place / REPORT
        self._errors: list[str] = []
        self._answer = tempfile.TemporaryFile()  # noqa: SIM115 - read when the process has ended
        self._process = self._started(request)
        self._listener = threading.Thread(target=self._listen, name="motiongpt-batch", daemon=True)
        self._listener.start()
        atexit.register(self.stop)

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return not self.message

    def poll(self) -> bool:
        """See whether it has ended, and put the outcome into `message`; returns whether it runs on."""
        if not self.running:
            return False
        if self._process.poll() is None or self._listener.is_alive():
            return True
        atexit.unregister(self.stop)
        self._answer.seek(0)
        self._conclude(self._answer.read().decode("utf-8", "replace").splitlines())
        self._answer.close()
        return False

    def stop(self) -> None:
        """End it; what is done stays, and the next batch goes on from there."""
        self.stopped = True
        if self._process.poll() is None:
            self._process.terminate()

    def _started(self, request: BatchRequest) -> subprocess.Popen[str]:
        backend = request.backend
        command = [backend.python or sys.executable, "-P", str(LAUNCHER), "motiongpt", "batch", str(request.table)]
        command += ["-o", str(request.place), "--json", "--progress", *backend.arguments]
        added = {BLENDER: bpy.app.binary_path} if bpy.app.binary_path else {}
        paths = [] if backend.python else dependency_paths()
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._answer,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=environment_of(paths, added),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows would open a console
            )
        except OSError as error:
            raise MotionGPTError(
                say("The batch could not be started ({reason}).", reason=error.strerror or error),
                "Check the Python in the preferences.",
            ) from error

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if found := _DONE.match(line.rstrip()):
                self.done, self.total, self.file = int(found[1]), int(found[2]), found[3]
            else:
                self._errors.append(line)

    def _conclude(self, lines: list[str]) -> None:
        try:
            data = json.loads(lines[-1])
        except (ValueError, IndexError):
            data = {}
        if self.stopped:
            total = self.total or say("all")
            self.message = say(
                "Stopped after {done} of {total} files. Run Batch goes on from there.", done=self.done, total=total
            )
        elif "error" in data:
            self.failed, self.message = True, f"{data['error']['message']} {data['error']['cure']}".strip()
        elif "folder" not in data:
            said = "".join(self._errors).strip().splitlines()
            reason = said[-1] if said else say("no reason")
            self.failed, self.message = True, say("The batch ended without a report ({reason}).", reason=reason)
        else:
            counts = ", ".join(say(text, count=data[name]) for name, text in _COUNTS.items() if data[name])
            self.message = f"{counts}: {self.report}"


def table_of(source: Path, place: Path, character: str) -> Path:
    """The table itself; for a folder, one that puts each motion file in it onto the character, as FBX.

    character: the .blend file with it, "" for an unsaved one.  Raises MotionGPTError where there is nothing to do.
    """
    if source.is_file():
        return source
    if not source.is_dir():
        raise MotionGPTError(say("There is no table or folder {source}.", source=source), "Choose another.")
    motions = sorted(file for file in source.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
    if not motions:
        raise MotionGPTError(
            say("There is no motion file in {source}.", source=source),
            say("It reads {endings}.", endings=" ".join(SUFFIXES)),
        )
    if not character:
        raise MotionGPTError("The character is not saved yet.", "Save the file, so that the batch can read it.")
    stems = Counter(file.stem.lower() for file in motions)
    rows = [("task", "motion", "character", "output")]
    for file in motions:  # walk.bvh and walk.fbx become walk_bvh.fbx and walk_fbx.fbx
        name = file.stem if stems[file.stem.lower()] == 1 else f"{file.stem}_{file.suffix[1:].lower()}"
        rows.append(("retarget", str(file.absolute()), character, f"{name}.fbx"))
    table = place / _FOLDER_TABLE
    try:
        place.mkdir(parents=True, exist_ok=True)
        with open(table, "w", encoding="utf-8", newline="") as opened:
            csv.writer(opened).writerows(rows)
    except OSError as error:
        raise MotionGPTError(
            say("{place} can't be written ({reason}).", place=place, reason=error.strerror), "Choose another folder."
        ) from error
    return table
