"""A style that is trained by `motiongpt train style` in a process of its own, on clips or on a character's actions."""

from __future__ import annotations

import csv
import importlib.util
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...retarget.errors import MotionGPTError
from ..character.typing import ArmatureObject
from ..jobs.command import InBackground
from ..translation.saying import say, together

if TYPE_CHECKING:
    from ..jobs.service import Startup

_CHARACTER, _TABLE = "character.blend", "captions.csv"
_PROGRESS = re.compile(r"progress (\d\.\d+) (.*)")
"""A line of `--progress`."""


@dataclass(frozen=True)
class StyleRequest:
    """clips: a folder of motion files, and of captions if it has them.  words: what they all show; without any, the
    model proposes words for clips that have none.  target: the style's folder.  model: what it is a style of.
    minutes: of training.  backend: which Python does it.  temporary: whether the clips are deleted at the end."""

    clips: Path
    words: tuple[str, ...]
    target: Path
    model: str
    minutes: float
    backend: Startup
    temporary: bool = False

    @property
    def arguments(self) -> list[str]:
        """Of the command line."""
        words = [part for text in self.words for part in ("--words", text)]
        return [
            "train", "style", str(self.clips), "-o", str(self.target), "--model", self.model,
            "--minutes", f"{self.minutes:g}", "--progress", *words, *(() if words else ("--propose",)),
        ]  # fmt: skip


class StyleTraining(InBackground):
    """A training that runs. share: of it that is done.  stage: what it is doing.  sheet: the picture before and after,
    None without one."""

    def __init__(self, request: StyleRequest) -> None:
        self.share, self.stage = 0.0, ""
        self.sheet: Path | None = None
        self.request = request
        super().__init__("The training could not be started ({reason}).", request.arguments, request.backend)

    def _heard(self, line: str) -> bool:
        if found := _PROGRESS.match(line):
            self.share, self.stage = float(found[1]), found[2]
        return found is not None

    def _conclude(self, answer: dict[str, Any]) -> None:
        name = self.request.target.name
        if self.request.temporary:
            shutil.rmtree(self.request.clips, ignore_errors=True)
        if self.stopped:
            self.message = say(
                "Stopped. Train Style goes on from there, with the same clips, words and name ({name}).", name=name
            )
        elif self._command.error:
            self.failed, self.message = True, self._command.error
        elif "sheet" not in answer:
            self.failed = True
            self.message = say("The training ended without a style ({reason}).", reason=self._command.last_words)
        else:
            self.sheet = Path(answer["sheet"])
            known = say("The style {name} knows: {words}.", name=name, words="; ".join(answer["words"]))
            self.message = together(known, " ".join(f"{line.rstrip('.')}." for line in answer["skipped"]))


def check_python(python: str) -> None:
    """Raises MotionGPTError where training can't be done: in Blender's own Python, which lacks PyTorch. python: the one
    of the preferences; "" for Blender's own."""
    if not python and importlib.util.find_spec("torch") is None:
        raise MotionGPTError(
            "Training needs PyTorch, which Blender's own Python lacks.",
            "Install motiongpt-blender[train] into another Python, and choose that under Preferences, Python.",
            "missing_package",
        )


def write_actions(armature: ArmatureObject, actions: Sequence[tuple[str, str]]) -> Path:
    """A temporary folder of a character alone, with some of its actions and a table of their words.

    actions: name and words of each, "" for those that all have.  Raises MotionGPTError where it can't be written.
    """
    folder = Path(tempfile.mkdtemp(prefix="motiongpt-style-"))
    chosen: set[bpy.types.ID] = {bpy.data.actions[name] for name, _ in actions if name in bpy.data.actions}
    scene = bpy.data.scenes.new("motiongpt")
    try:
        scene.collection.objects.link(armature)
        render, active = scene.render, bpy.context.scene.render  # type: ignore[union-attr]
        render.fps, render.fps_base = active.fps, active.fps_base
        bpy.data.libraries.write(str(folder / _CHARACTER), {scene, *chosen}, fake_user=True)
        with open(folder / _TABLE, "w", encoding="utf-8", newline="") as file:
            rows = [("file", "take", "caption"), *((_CHARACTER, name, words) for name, words in actions)]
            csv.writer(file).writerows(rows)
    except (OSError, RuntimeError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise MotionGPTError(
            say("The actions can't be written ({reason}).", reason=error), "Make room in the temporary folder."
        ) from error
    finally:
        bpy.data.batch_remove([scene])
    return folder
