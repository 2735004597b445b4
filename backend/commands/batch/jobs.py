"""The table of jobs: its rows checked and turned into jobs before anything is done."""

import argparse
import hashlib
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from ....retarget.errors import MotionGPTError
from ... import limits
from ...output import blender
from ...output.clips import short_name
from ...shots.plan import task_of
from ...tables import read_table
from ...tasks import Continue, Describe, Inbetween, Task
from ..shared.inputs import INPUT_FORMATS
from ..shared.outputs import CHARACTER_FORMATS, MOTION_FORMATS, PICTURE_FORMATS, check_rig
from ..tasks.inbetween import read_frames

GENERATE, INBETWEEN, CONTINUE, DESCRIBE, RETARGET, EXPORT = KINDS = (
    "generate", "inbetween", "continue", "describe", "retarget", "export",
)  # fmt: skip
_ALIASES = {"": GENERATE, "in-between": INBETWEEN, "caption": DESCRIBE, "convert": EXPORT}
TEXT_FORMAT = ".txt"
COLUMNS = (
    "task", "prompt", "motion", "poses", "seconds", "seed", "fps", "character", "preset", "output",
)  # fmt: skip
_SYNONYMS = {"text": "prompt", "name": "output"}
_NOTES = ("note", "notes", "comment")
_USES = {
    GENERATE: {"prompt", "seconds", "seed", "fps", "character", "preset"},
    INBETWEEN: {"prompt", "motion", "poses", "seed", "fps", "character", "preset"},
    CONTINUE: {"prompt", "motion", "seconds", "seed", "fps", "character", "preset"},
    DESCRIBE: {"motion"},
    RETARGET: {"motion", "fps", "character", "preset"},
    EXPORT: {"motion", "fps", "character", "preset"},
}
_NEEDS = {
    GENERATE: ("prompt",),
    INBETWEEN: ("motion", "poses"),
    CONTINUE: ("motion",),
    DESCRIBE: ("motion",),
    RETARGET: ("motion", "character"),
    EXPORT: ("motion",),
}
_GENERATED_FPS = 30.0
T = TypeVar("T")


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table, or one file of a row about a folder. line: its line in the table.  fps: None keeps the
    motion's.  output: name of the file, in the batch's folder."""

    line: int
    task: str
    prompt: str = ""
    motion: str = ""
    poses: tuple[int, ...] = ()
    seconds: float | None = None
    seed: int = 0
    fps: float | None = None
    character: str = ""
    preset: str = ""
    output: str = ""

    def request(self) -> Task | None:
        """What is asked of the model; None for jobs without one."""
        match self.task:
            case "generate":
                return task_of(self.prompt, self.seconds, self.seed, 1)
            case "inbetween":
                return Inbetween(self.poses, self.prompt, seed=self.seed)
            case "continue":
                return Continue(self.seconds or 4.0, self.prompt, seed=self.seed)
            case "describe":
                return Describe()
        return None

    def key(self, model: str) -> str:
        """A name for what the job does and with what: another input, model or setting is another job.  model: what
        identifies the model."""
        digest = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(self, line=0)))
        for name in (self.motion, self.character if self.character != blender.MANNEQUIN else ""):
            digest.update(_content(Path(name)) if name else b"-")
        digest.update(model.encode() if self.request() is not None else b"-")
        return digest.hexdigest()[:32]


def _content(path: Path) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def read_jobs(path: Path) -> list[Job]:
    """The jobs of a table; files that it names are looked for from its own folder. Raises MotionGPTError that names the
    line and the column."""
    rows = [(line, _in_own_words(path, row)) for line, row in read_table(path, ())]
    if not rows:
        raise MotionGPTError(f"{path} has no jobs.", f"Its first line is: {','.join(COLUMNS)}")
    if unknown := [c for c in rows[0][1] if c and c not in COLUMNS and c not in _NOTES]:
        raise MotionGPTError(
            f"{path} has a column {unknown[0]}, which no job uses.", f"Columns are: {', '.join(COLUMNS)}, notes."
        )
    jobs = [job for line, row in rows for job in _Row(path, line, row).jobs()]
    seen: dict[str, Job] = {}
    for job in jobs:
        other = seen.setdefault(job.output.lower(), job)
        if other is not job:
            raise MotionGPTError(
                f"{path}, lines {other.line} and {job.line}, column output: both would write {job.output}.",
                "Give each an output, or another seed.",
            )
    return jobs


def _in_own_words(path: Path, row: dict[str, str]) -> dict[str, str]:
    """A row with the columns' names as they are in `COLUMNS`."""
    for other, name in _SYNONYMS.items():
        if other in row and name in row:
            raise MotionGPTError(f"{path} has both {name} and {other} as columns.", "Leave one of them out.")
    return {_SYNONYMS.get(column, column): cell for column, cell in row.items()}


class _Row:
    """One row, with the errors about its cells."""

    def __init__(self, table: Path, line: int, cells: dict[str, str]) -> None:
        self._table, self._line, self._cells = table, line, cells
        name = cells.get("task", "").lower()
        self._task = _ALIASES.get(name, name)
        if self._task not in KINDS:
            raise self._wrong("task", f'"{cells["task"]}" is no task', f"Give one of: {', '.join(KINDS)}.")

    def jobs(self) -> Iterator[Job]:
        """The row's job, or one for each motion file of its folder."""
        for column in _NEEDS[self._task]:
            if not self._cells.get(column):
                raise self._wrong(column, f"it is empty, and {self._task} needs it", "Fill it in.")
        for column in COLUMNS[1:-1]:
            if self._cells.get(column) and column not in _USES[self._task]:
                raise self._wrong(column, f"{self._task} does not use it", "Leave it empty.")
        motion = self._path("motion")
        for file in self._files(motion):
            yield self._job(file, motion is not None and motion.is_dir())

    def _job(self, motion: Path | None, of_folder: bool) -> Job:
        cells = self._cells
        character = cells.get("character", "")
        if character and character != blender.MANNEQUIN:
            character = str(self._path("character"))
        preset = self._checked("preset", self._preset)
        draft = Job(
            line=self._line,
            task=self._task,
            prompt=cells.get("prompt", ""),
            motion=str(motion or ""),
            poses=self._checked("poses", self._poses),
            seconds=self._number("seconds", limits.check_seconds),
            seed=self._seed(),
            fps=self._number("fps", limits.check_fps) or (_GENERATED_FPS if self._task == GENERATE else None),
            character=character,
            preset=preset,
        )
        output = self._output(draft, motion, of_folder)
        request = self._checked("prompt", draft.request)
        if request is not None:
            self._checked("prompt", request.check)
        if output.lower().endswith(CHARACTER_FORMATS):
            self._checked("character", lambda: check_rig(character or blender.MANNEQUIN))
        elif character:
            ending = Path(output).suffix
            raise self._wrong(
                "output", f"{ending} can't hold a character", f"Use {' '.join(CHARACTER_FORMATS)}, or no character."
            )
        if preset and not output.lower().endswith(".fbx"):
            raise self._wrong("preset", f"{preset} is about FBX files", "Give an output that ends in .fbx.")
        return msgspec.structs.replace(draft, output=output)

    def _files(self, motion: Path | None) -> list[Path | None]:
        if motion is None or motion.is_file():
            if motion is not None and motion.suffix.lower() not in INPUT_FORMATS:
                raise self._wrong(
                    "motion", f"{motion.name} is no motion file", f"Motion is read from {' '.join(INPUT_FORMATS)}."
                )
            return [motion]
        files: list[Path | None] = [
            file for file in sorted(motion.iterdir()) if file.suffix.lower() in INPUT_FORMATS and file.is_file()
        ]
        if not files:
            raise self._wrong("motion", f"there is no motion file in {motion}", f"It reads {' '.join(INPUT_FORMATS)}.")
        return files

    def _output(self, job: Job, motion: Path | None, of_folder: bool) -> str:
        """The name of the file: as given (`*` is the motion's name), or made from the prompt or the motion's name."""
        given = self._cells.get("output", "")
        formats = (TEXT_FORMAT,) if job.task == DESCRIBE else (*MOTION_FORMATS, *PICTURE_FORMATS, *CHARACTER_FORMATS)
        if not given:
            return f"{_name(job, motion)}{_ending(job)}"
        if of_folder and "*" not in given:
            raise self._wrong("output", "a folder's motions need a name each", "Put a * where their names go.")
        name = given.replace("*", motion.stem if motion is not None else "")
        if name != Path(name).name or "\\" in name or not name.isprintable() or name.startswith("."):
            raise self._wrong("output", f'"{given}" is no plain file name', "Give a name without folders.")
        if not Path(name).suffix:
            name += _ending(job)
        if not name.lower().endswith(formats):
            raise self._wrong(
                "output", f"{name} has an ending that {job.task} can't write", f"Use {' '.join(formats)}."
            )
        return name

    def _path(self, column: str) -> Path | None:
        given = self._cells.get(column, "")
        if not given:
            return None
        path = (self._table.parent / given.replace("\\", "/")).absolute()
        if not path.exists():
            raise self._wrong(column, f"there is no {path}", "Check the name; it counts from the table's folder.")
        return path

    def _number(self, column: str, check: Callable[[float], None]) -> float | None:
        given = self._cells.get(column, "")
        if not given:
            return None
        try:
            value = float(given.replace(",", "."))
        except ValueError:
            value = math.nan
        if math.isnan(value):
            raise self._wrong(column, f'"{given}" is not a number', "Give a number, such as 4.")
        self._checked(column, lambda: check(value))
        return value

    def _poses(self) -> tuple[int, ...]:
        given = self._cells.get("poses", "")
        try:
            return read_frames(re.sub(r"[;\s]+", ",", given)) if given else ()
        except argparse.ArgumentTypeError as error:
            raise MotionGPTError(f"{error}.", "Give frames, such as 0 45 90.") from None

    def _preset(self) -> str:
        given = self._cells.get("preset", "").lower()
        if given and given not in blender.PRESETS:
            raise MotionGPTError(f'"{given}" is no preset.', f"Use one of: {', '.join(blender.PRESETS)}.")
        return given

    def _seed(self) -> int:
        given = self._cells.get("seed", "0") or "0"
        if not given.isdecimal():
            raise self._wrong("seed", f'"{given}" is not a seed', "Give a whole number.")
        self._checked("seed", lambda: limits.check_seed(int(given)))
        return int(given)

    def _checked(self, column: str, check: Callable[[], T]) -> T:
        """What a check returns; its error names the cell."""
        try:
            return check()
        except MotionGPTError as error:
            raise self._wrong(column, error.message.rstrip("."), error.cure) from error

    def _wrong(self, column: str, what: str, cure: str) -> MotionGPTError:
        return MotionGPTError(f"{self._table}, line {self._line}, column {column}: {what}.", cure)


def _name(job: Job, motion: Path | None) -> str:
    if job.task == GENERATE:
        return f"{short_name(job.prompt) or 'motion'}_{job.seed}"
    assert motion is not None
    return motion.stem if job.task in (DESCRIBE, RETARGET, EXPORT) else f"{motion.stem}_{job.task}_{job.seed}"


def _ending(job: Job) -> str:
    """Of a file whose name has none."""
    return TEXT_FORMAT if job.task == DESCRIBE else ".fbx" if job.character or job.preset else ".npz"
