"""A table of jobs, or a folder of motion files, done by `motiongpt batch` in a process of its own. It goes on while
Blender is used; what it has done, it does not do again."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...retarget.errors import MotionGPTError
from ..jobs.command import InBackground
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


class Batch(InBackground):
    """A batch that runs. done, total: files, as far as it has said.  file: the last one."""

    def __init__(self, request: BatchRequest) -> None:
        self.done = self.total = 0
        self.file = ""
        self.report = request.place / REPORT
        arguments = ["batch", str(request.table), "-o", str(request.place), "--progress", *request.backend.arguments]
        super().__init__("The batch could not be started ({reason}).", arguments, request.backend)

    def _heard(self, line: str) -> bool:
        if found := _DONE.match(line):
            self.done, self.total, self.file = int(found[1]), int(found[2]), found[3]
        return found is not None

    def _conclude(self, data: dict[str, Any]) -> None:
        if self.stopped:
            total = self.total or say("all")
            self.message = say(
                "Stopped after {done} of {total} files. Run Batch goes on from there.", done=self.done, total=total
            )
        elif self._command.error:
            self.failed, self.message = True, self._command.error
        elif "folder" not in data:
            self.failed = True
            self.message = say("The batch ended without a report ({reason}).", reason=self._command.last_words)
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
