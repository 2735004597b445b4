"""Starts, watches and stops the backend from another program such as Blender. Only `wait` blocks.

`start` → `poll` until `ready` (then `handover` is set) or `dead` (then `failure` says why) → `stop`.
"""

import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from ...retarget.errors import MotionGPTError
from .connection import Handover, read_handover
from .launch import LAUNCHER

log = logging.getLogger(__name__)

DEPENDENCIES = ("numpy", "zmq", "msgspec", "platformdirs", "onnxruntime", "tokenizers")
"""Packages that the backend imports: those of an extension are where only Blender's own Python looks."""
_INFORMS = re.compile(r"\S+ \S+ (INFO|DEBUG) ")
LOG_TAIL = 2_000
"""Characters of the log that are shown when the backend has died."""


class State(StrEnum):
    """State of the process; that of its model is `protocol.ServerInfo.state`."""

    STARTING = "starting"
    READY = "ready"
    DEAD = "dead"


class BackendProcess:
    """One backend, a child of this process that ends when this one does. `start` creates it."""

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path, log_path: Path) -> None:
        self._process = process
        self._folder = folder
        self.log_path = log_path
        self.handover: Handover | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> State:
        """The current state."""
        if self._process.poll() is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            return State.DEAD
        if self.handover is None:
            self.handover = read_handover(self._folder / "handover.json")
        return State.STARTING if self.handover is None else State.READY

    def failure(self) -> MotionGPTError:
        """Why a dead backend died: its exit code and the end of its log."""
        code = self._process.poll()
        how = f"by signal {-code}" if code is not None and code < 0 else f"with code {code}"
        # A line that only informs is not why it ended.
        lines = [line for line in read_tail(self.log_path).splitlines() if not _INFORMS.match(line)]
        why = f": {lines[-1]}" if lines else "."
        return MotionGPTError(f"The backend ended {how}{why}", f"See {self.log_path}.", "backend_died")

    def stop(self) -> None:
        """End it now; it holds nothing that needs saving."""
        if self._process.poll() is None:
            self._process.terminate()
        shutil.rmtree(self._folder, ignore_errors=True)

    def wait(self, seconds: float) -> int:
        """Wait for it to end, and return its code. Raises subprocess.TimeoutExpired. Not for Blender's main thread."""
        return self._process.wait(seconds)


def start(
    log_path: Path,
    arguments: Sequence[str] = (),
    python: str = sys.executable,
    import_paths: Iterable[str] = (),
    environment: dict[str, str] | None = None,
) -> BackendProcess:
    """Start `motiongpt serve` in a child process and return at once.

    log_path: the file for its output; the folder is created. Where it can't be written, `BackendProcess.log_path` is a
    temporary one.  arguments: further ones of `serve`, such as "--model".
    python: the interpreter.  import_paths: folders of its packages (`dependency_paths`).  environment: variables
    to add.
    Raises MotionGPTError if it can't be started.
    """
    folder = Path(tempfile.mkdtemp(prefix="motiongpt-"))  # which only the user can read
    command = [python, "-P", str(LAUNCHER), "motiongpt", "serve", "--handover", str(folder / "handover.json")]
    command += ["--parent-pid", str(os.getpid()), *arguments]
    try:
        log_path, log_file = _open_log(log_path)
        with log_file:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=subprocess.STDOUT,
                env=_environment(import_paths, environment or {}),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows would open a console
            )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise MotionGPTError(
            f"The backend could not be started ({error}).", "Check the Python in the preferences.", "backend_died"
        ) from error
    return BackendProcess(process, folder, log_path)


def _open_log(path: Path) -> tuple[Path, BinaryIO]:
    """Where the log is, and the log, opened for writing: a temporary file if it can't be where it should."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path, open(path, "wb")
    except OSError as error:
        handle, instead = tempfile.mkstemp(prefix="motiongpt-", suffix=".log")
        log.warning("The log %s can't be written (%s); it is %s for now.", path, error, instead)
        return Path(instead), open(handle, "wb")


def dependency_paths(names: Iterable[str] = DEPENDENCIES) -> list[str]:
    """The folders from which this process would import those packages (missing ones left out); imports nothing."""
    paths: list[str] = []
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            path = Path(spec.origin).parent
            paths.append(str(path.parent if spec.submodule_search_locations else path))
    return list(dict.fromkeys(paths))


def read_tail(path: Path, characters: int = LOG_TAIL) -> str:
    """The end of a log file; "" if there is none."""
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - 4 * characters))
            return file.read().decode("utf-8", "replace")[-characters:].strip()
    except OSError:
        return ""


def _environment(import_paths: Iterable[str], added: dict[str, str]) -> dict[str, str]:
    environment = dict(os.environ)
    paths = [*import_paths, environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    # Like Blender, ignore packages of the user's site folder: an old numpy there must not come first.
    environment["PYTHONNOUSERSITE"] = "1"
    environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONUTF8"] = "1"
    return environment | added
