"""Starts, watches and stops the backend from another program such as Blender. Only `wait` blocks.

`start` → `poll` until `ready` (then `handover` is set) or `dead` (then `failure` says why) → `stop`.
"""

import contextlib
import importlib.util
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

from ...retarget.errors import MotionGPTError
from .connection import Handover, read_handover, read_key_file
from .launch import LAUNCHER
from .log import read_tail, set_aside
from .parent import exists

log = logging.getLogger(__name__)

DEPENDENCIES = ("numpy", "zmq", "msgspec", "platformdirs", "onnxruntime", "tokenizers")
"""Packages that the backend imports: those of an extension are where only Blender's own Python looks."""
PREFIX = "motiongpt-"
"""Of the folders of backends among the temporary ones; the id of the process that started it follows."""
HANDOVER = "handover.json"
GRACE_SECONDS = 3.0
"""How long a backend may take to end by itself."""
_INFORMS = re.compile(r"\S+ \S+ (INFO|DEBUG) ")


class State(StrEnum):
    """State of the process; that of its model is `protocol.ServerInfo.state`."""

    STARTING = "starting"
    READY = "ready"
    DEAD = "dead"


class BackendProcess:
    """One backend, a child of this process that ends when this one does. `start` creates it.

    log_path: where it logs.  What it prints itself, such as the traceback of a crash, is in a second file beside that.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path, log_path: Path) -> None:
        self._process = process
        self._folder = folder
        self.log_path = log_path
        self.handover: Handover | None = None
        self._last_words = ""

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> State:
        """The current state."""
        if self._process.poll() is not None:
            self._bury()
            return State.DEAD
        if self.handover is None:
            self.handover = read_handover(self._folder / HANDOVER)
        return State.STARTING if self.handover is None else State.READY

    def failure(self) -> MotionGPTError:
        """Why a dead backend died: its exit code and the end of its log."""
        self._bury()
        code = self._process.poll()
        how = f"by signal {-code}" if code is not None and code < 0 else f"with code {code}"
        why = f": {self._last_words}" if self._last_words else "."
        cure = f"See {self.log_path}." if self.log_path.exists() else ""
        return MotionGPTError(f"The backend ended {how}{why}", cure, "backend_died")

    def stop(self) -> None:
        """End it; it holds nothing that needs saving. Returns at once: a thread sees to it that it is gone after
        GRACE_SECONDS, by SIGKILL, which ends a stopped or stuck process too."""
        if self._process.poll() is None:
            self._process.terminate()
            # Not a daemon: an interpreter that ends waits for it.
            threading.Thread(target=self._see_off, name="backend-end").start()
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """End it without a grace time, as an interpreter that is ending has to."""
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.2)  # so that no zombie is left; SIGKILL itself takes no time
        shutil.rmtree(self._folder, ignore_errors=True)

    def wait(self, seconds: float) -> int:
        """Wait for it to end, and return its code. Raises subprocess.TimeoutExpired. Not for Blender's main thread."""
        return self._process.wait(seconds)

    def _see_off(self) -> None:
        try:
            self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _bury(self) -> None:
        """Read the last words of a dead process, then delete its folder, which may hold them."""
        if self._folder.exists() or not self._last_words:
            self._last_words = _reason(_printed(self.log_path)) or _reason(self.log_path)
            shutil.rmtree(self._folder, ignore_errors=True)


class Elsewhere(BackendProcess):
    """A server of somebody else, to which a key file leads: this process neither starts nor ends it."""

    def __init__(self, key_file: Path, log_path: Path) -> None:
        """Raises MotionGPTError for what is no key file."""
        self.log_path = log_path
        self.handover = read_key_file(key_file)

    @property
    def pid(self) -> int:
        return 0

    def poll(self) -> State:
        return State.READY

    def failure(self) -> MotionGPTError:
        return MotionGPTError("The server can't be reached.", "See whether it runs.", "backend_died")

    def stop(self) -> None:
        """Nothing: others use it."""

    def kill(self) -> None:
        """Nothing: others use it."""

    def wait(self, seconds: float) -> int:
        return 0


def start(
    log_path: Path,
    arguments: Sequence[str] = (),
    python: str = sys.executable,
    import_paths: Iterable[str] = (),
    environment: dict[str, str] | None = None,
) -> BackendProcess:
    """Start `motiongpt serve` in a child process and return at once.

    log_path: the file for its log; the folder is created. Where that can't be written, `BackendProcess.log_path` is a
    temporary one, which is gone when the process is.  arguments: further ones of `serve`, such as "--model".
    python: the interpreter.  import_paths: folders of its packages (`dependency_paths`).  environment: variables
    to add.
    Raises MotionGPTError if it can't be started.
    """
    folder = _private_folder(log_path.parent)
    try:
        log_path = _make_way(log_path, folder)
        command = [python, "-P", str(LAUNCHER), "motiongpt", "serve", "--handover", str(folder / HANDOVER)]
        command += ["--log", str(log_path), "--parent-pid", str(os.getpid()), *arguments]
        with open(_printed(log_path), "wb") as printed:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                env=environment_of(import_paths, environment or {}),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows would open a console
            )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise MotionGPTError(
            f"The backend could not be started ({error}).", "Check the Python in the preferences.", "backend_died"
        ) from error
    return BackendProcess(process, folder, log_path)


def _private_folder(otherwise: Path) -> Path:
    """A new folder that only the user can read, among the system's temporary ones or, where none can be written, in the
    folder `otherwise`. Raises MotionGPTError where neither can be."""
    _sweep(Path(tempfile.gettempdir()))
    prefix = f"{PREFIX}{os.getpid()}-"
    try:
        return Path(tempfile.mkdtemp(prefix=prefix))
    except OSError:
        pass
    try:
        otherwise.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=prefix, dir=otherwise))
    except OSError as error:
        raise MotionGPTError(
            f"There is no place for the backend's temporary files ({error.strerror or error}).",
            "Make the system's temporary folder writable, or name one in the environment variable TMPDIR.",
            "backend_died",
        ) from error


def _sweep(temporary: Path) -> None:
    """Delete the folders that processes left behind when they were killed together with their backends."""
    for folder in temporary.glob(f"{PREFIX}*-*"):
        owner = folder.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdecimal() and not exists(int(owner)):
            try:
                handover = read_handover(folder / HANDOVER)
            except (OSError, ValueError):  # another user's, or half of one
                continue
            if handover is None or not exists(handover.pid):
                shutil.rmtree(folder, ignore_errors=True)


def _make_way(log_path: Path, folder: Path) -> Path:
    """Where to log: `log_path`, with older logs set aside, or a file in `folder` where that can't be written."""
    try:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        set_aside(log_path)
        log_path.touch()
        _printed(log_path).touch()
    except OSError as error:
        instead = folder / "backend.log"
        log.warning("The log %s can't be written (%s); it is %s for now.", log_path, error, instead)
        return instead
    return log_path


def _reason(path: Path) -> str:
    """The last line of a log that may say why its process ended; "" where there is none."""
    # A line that only informs is not why.
    lines = [line for line in read_tail(path).splitlines() if not _INFORMS.match(line)]
    return lines[-1] if lines else ""


def _printed(log_path: Path) -> Path:
    """The file of what the process prints itself."""
    return log_path.with_name(f"{log_path.name}.printed")


def dependency_paths(names: Iterable[str] = DEPENDENCIES) -> list[str]:
    """The folders from which this process would import those packages (missing ones left out); imports nothing."""
    paths: list[str] = []
    for name in names:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            path = Path(spec.origin).parent
            paths.append(str(path.parent if spec.submodule_search_locations else path))
    return list(dict.fromkeys(paths))


def environment_of(import_paths: Iterable[str], added: dict[str, str]) -> dict[str, str]:
    """The variables for a child that imports packages from these folders, with some added."""
    environment = dict(os.environ)
    paths = [*import_paths, environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    # Like Blender, ignore packages of the user's site folder: an old numpy there must not come first.
    environment["PYTHONNOUSERSITE"] = "1"
    environment["PYTHONUNBUFFERED"] = "1"
    environment["PYTHONUTF8"] = "1"
    return environment | added
