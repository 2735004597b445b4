"""A backend killed at random moments, and the program that started it, over and over: what do they leave?

`python -m motiongpt.backend.bench.faults FOLDER` is such a program: it starts a backend, asks for motions, and
starts another backend when that dies, as the extension does. It notes every request and every answer in FOLDER/notes.
"""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...retarget.errors import MotionGPTError
from ..process import child, protocol
from ..process.child import BackendProcess, State
from ..process.client import Client
from ..process.launch import LAUNCHER
from ..process.parent import exists
from ..tasks import Generate

_PROGRAM = "motiongpt.backend.bench.faults"
PARTS = ("program", "backend", "both")
_END_SECONDS = 20.0
"""Within which all that belongs to a round must be gone."""
_SETTLED = 60.0  # seconds for what goes on after a backend was killed


def measure(rounds: int, seed: int = 0, on_progress: Callable[[float], None] = lambda fraction: None) -> dict[str, Any]:
    """Kill and start `rounds` times; see `motiongpt bench faults` for what is returned."""
    chance, killed, left = random.Random(seed), Counter[str](), Counter[str]()
    totals: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        temporary = Path(name) / "tmp"
        temporary.mkdir()
        # A kill comes somewhere between the start and the second answer or so.
        most = 1.5 * _undisturbed(Path(name) / "first", temporary)
        for number in range(rounds):
            part = chance.choice(PARTS)
            killed[part] += 1
            folder = Path(name) / str(number)
            folder.mkdir()
            totals += _round(folder, temporary, part, chance.uniform(0.0, most), left)
            on_progress((number + 1) / rounds)
        _undisturbed(Path(name) / "last", temporary)
        names = sorted(str(path.relative_to(temporary)) for path in temporary.rglob("*"))
    return {
        "rounds": rounds,
        "killed": dict(killed),
        "processes_left": left["processes"],
        "sockets_left": left["sockets"],
        "files_left": len(names),
        "files": names[:20],
        **{name: totals[name] for name in ("sent", "answered", "failed", "twice", "silent")},
    }


def _round(folder: Path, temporary: Path, part: str, moment: float, left: Counter[str]) -> Counter[str]:
    """Start a program, kill a part of it `moment` seconds later, wait for the end of all. Returns its requests,
    counted."""
    command = [sys.executable, "-P", str(LAUNCHER), _PROGRAM, str(folder)]
    program = subprocess.Popen(command, env=os.environ | {"TMPDIR": str(temporary)})
    time.sleep(moment)
    pids, endpoints = _noted(folder, "pid"), _noted(folder, "endpoint")
    if part != "program":
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
    if part == "backend":
        # The program continues with another backend, and ends by itself.
        (folder / "enough").touch()
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(_SETTLED)
    if program.poll() is None:
        program.kill()
        program.wait()
    deadline = time.monotonic() + _END_SECONDS
    while any(exists(int(pid)) for pid in _noted(folder, "pid")) and time.monotonic() < deadline:
        time.sleep(0.05)
    alive = [int(pid) for pid in _noted(folder, "pid") if exists(int(pid))]
    left["processes"] += len(alive)
    for process in alive:
        os.kill(process, signal.SIGKILL)
    left["sockets"] += sum(_listens(endpoint) for endpoint in {*endpoints, *_noted(folder, "endpoint")})
    return _counted(folder, part)


def _counted(folder: Path, part: str) -> Counter[str]:
    """Requests by what became of them; "silent" without an answer or an error, where the program lived to get one."""
    sent, ends = _noted(folder, "sent"), _noted(folder, "end")
    counts = Counter(sent=len(sent), twice=len(ends) - len(set(ends)))
    counts["answered"], counts["failed"] = len(set(_noted(folder, "answer"))), len(set(_noted(folder, "failure")))
    if part == "backend":
        counts["silent"] = len(set(sent) - set(ends))
    return counts


def _undisturbed(folder: Path, temporary: Path) -> float:
    """A start, an answer and an end; returns the seconds that they took. A start clears up after those that were killed
    together with their backends."""
    folder.mkdir()
    (folder / "enough").touch()
    started = time.monotonic()
    command = [sys.executable, "-P", str(LAUNCHER), _PROGRAM, str(folder)]
    subprocess.run(command, env=os.environ | {"TMPDIR": str(temporary)}, timeout=_SETTLED * 5, check=False)
    return time.monotonic() - started


def _noted(folder: Path, what: str) -> list[str]:
    try:
        lines = (folder / "notes").read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    return [rest for kind, _, rest in (line.partition(" ") for line in lines) if kind == what and rest]


def _listens(endpoint: str) -> bool:
    import socket

    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1.0):
        return True
    return False


class _Program:
    """What stands in for Blender: one backend, one request at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._notes = open(folder / "notes", "a", encoding="ascii", buffering=1)  # noqa: SIM115 - until the end
        self._backend: BackendProcess | None = None

    def run(self) -> None:
        """Ask until the file "enough" is there and a request has been answered since the last start."""
        while not self._served():
            pass
        if self._backend is not None:
            self._backend.stop()
            self._backend.wait(30.0)

    def _served(self) -> bool:
        """Start a backend and use it until it dies (False) or all is done."""
        self._backend = backend = child.start(self._folder / "backend.log")
        self._note("pid", str(backend.pid))
        while (state := backend.poll()) is State.STARTING:
            time.sleep(0.01)
        if state is State.DEAD or backend.handover is None:
            return False
        self._note("endpoint", backend.handover.endpoint)
        client, seed = Client(backend.handover), 0
        try:
            while self._answered(client, backend, seed):
                seed += 1
                if (self._folder / "enough").exists():
                    return True
            return False
        finally:
            client.close()

    def _answered(self, client: Client, backend: BackendProcess, seed: int) -> bool:
        """One request, to its answer; False where the backend died."""
        identifier = client.send(Generate("a person walks", 1.0, seed=seed))
        self._note("sent", identifier)
        while True:
            client.wait(0.05)
            for packet in client.poll():
                if isinstance(packet.message, protocol.Result | protocol.Error):
                    self._note("end", packet.id)
                    self._note("answer" if isinstance(packet.message, protocol.Result) else "failure", packet.id)
                    return True
            if backend.poll() is State.DEAD:
                self._note("end", identifier)  # as an error that says that the backend died
                self._note("failure", identifier)
                return False

    def _note(self, what: str, value: str) -> None:
        self._notes.write(f"{what} {value}\n")


if __name__ == "__main__":
    try:
        _Program(Path(sys.argv[1])).run()
    except MotionGPTError as failure:
        print(failure, file=sys.stderr)
        sys.exit(2)
