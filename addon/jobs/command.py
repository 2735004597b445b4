"""A command of the command line in a process of its own, which goes on while Blender is used."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import bpy

from ...backend.output.blender import BLENDER
from ...backend.process.child import dependency_paths, environment_of
from ...backend.process.launch import LAUNCHER
from ...retarget.errors import MotionGPTError
from ..translation.saying import say

if TYPE_CHECKING:
    from .service import Startup


class Command:
    """A command that runs. stopped: whether the user ended it.  answer: what it said at its end, as --json gives it;
    None while it runs."""

    def __init__(self, failing: str, arguments: Sequence[str], backend: Startup, heard: Callable[[str], bool]) -> None:
        """failing: what is said where it can't be started, with {reason} in it.  heard: receives each line of its error
        stream, in another thread, and says whether it was one of progress.  Raises MotionGPTError."""
        self.stopped = False
        self.answer: dict[str, Any] | None = None
        self._heard = heard
        self._errors: list[str] = []
        self._printed = tempfile.TemporaryFile()  # noqa: SIM115 - read when the process has ended
        self._process = self._started(failing, arguments, backend)
        self._listener = threading.Thread(target=self._listen, name=f"motiongpt-{arguments[0]}", daemon=True)
        self._listener.start()
        atexit.register(self.stop)

    def poll(self) -> bool:
        """See whether it has ended, and read its answer; returns whether it runs on."""
        if self.answer is not None:
            return False
        if self._process.poll() is None or self._listener.is_alive():
            return True
        atexit.unregister(self.stop)
        self._printed.seek(0)
        lines = self._printed.read().decode("utf-8", "replace").splitlines()
        self._printed.close()
        try:
            self.answer = dict(json.loads(lines[-1]))
        except (ValueError, IndexError, TypeError):
            self.answer = {}
        return False

    def stop(self) -> None:
        """End it; what it has done stays."""
        self.stopped = True
        if self._process.poll() is None:
            self._process.terminate()

    @property
    def error(self) -> str:
        """What it said was wrong, "" for nothing."""
        error = (self.answer or {}).get("error")
        return f"{error['message']} {error['cure']}".strip() if error else ""

    @property
    def last_words(self) -> str:
        """The last line of its error stream, for one that ended without an answer."""
        said = "".join(self._errors).strip().splitlines()
        return said[-1] if said else say("no reason")

    def _started(self, failing: str, arguments: Sequence[str], backend: Startup) -> subprocess.Popen[str]:
        command = [backend.python or sys.executable, "-P", str(LAUNCHER), "motiongpt", *arguments, "--json"]
        added = {BLENDER: bpy.app.binary_path} if bpy.app.binary_path else {}
        paths = [] if backend.python else dependency_paths()
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self._printed,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=environment_of(paths, added),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows would open a console
            )
        except OSError as error:
            raise MotionGPTError(
                say(failing, reason=error.strerror or error), "Check the Python in the preferences."
            ) from error

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if not self._heard(line.rstrip()):
                self._errors.append(line)


class InBackground(ABC):
    """A command that the panel shows until its outcome. message: that, "" while it runs.  failed: whether there is no
    result."""

    def __init__(self, failing: str, arguments: Sequence[str], backend: Startup) -> None:
        """See `Command`; what `_heard` writes to must be there before."""
        self.message, self.failed = "", False
        self._command = Command(failing, arguments, backend, self._heard)

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return not self.message

    @property
    def stopped(self) -> bool:
        """Whether the user ended it."""
        return self._command.stopped

    def poll(self) -> bool:
        """See whether it has ended, and put the outcome into `message`; returns whether it runs on."""
        if not self.running:
            return False
        if self._command.poll():
            return True
        self._conclude(self._command.answer or {})
        return False

    def stop(self) -> None:
        """End it; what is done stays, and the same request goes on from there."""
        self._command.stop()

    @abstractmethod
    def _heard(self, line: str) -> bool:
        """Take in a line of its error stream; whether it was one of progress."""

    @abstractmethod
    def _conclude(self, answer: dict[str, Any]) -> None:
        """Put the outcome into `message` and `failed`."""
