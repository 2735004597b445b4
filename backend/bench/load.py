"""A backend under load: many clients at once that ask for all kinds of things, cancel, and go away.

A real backend with a real model, in a process of its own, over loopback. Every client has one request at a time.
"""

import contextlib
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..process import child, protocol
from ..process.child import BackendProcess, State
from ..process.client import Client, ask
from ..process.connection import Handover
from ..process.watching.figures import memory
from ..tasks import Continue, Describe, Generate, Inbetween

PROMPTS = ("a person walks forward", "someone waves", "a person jumps", "bows deeply", "a man kicks with the left foot")
WARM_UP = 0.2
"""Share of the time after which memory is looked at for the first time."""
_SAMPLES = 20  # of memory, at either end
_START_LIMIT = 900.0
_LAST_ANSWERS = 600.0  # seconds


@dataclass
class Tally:
    """What clients saw. waits: seconds from a request to its last answer, of requests that were neither cancelled nor
    refused."""

    sent: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    twice: int = 0
    gone: int = 0
    waits: list[float] = field(default_factory=list)


class _Artist:
    """A client: one request at a time, of a random kind, now and then cancelled, or it goes away and comes back."""

    def __init__(self, handover: Handover, poller: zmq.Poller, motion: Motion, tally: Tally, seed: int) -> None:
        self._handover, self._poller, self._motion, self._tally = handover, poller, motion, tally
        self._random = random.Random(seed)
        self._asked: dict[str, float] = {}
        self._ended: set[str] = set()
        self._cancel_at = self._leave_at = self._again_at = float("inf")
        self._connect()

    def _connect(self) -> None:
        self.client = Client(self._handover)
        self._poller.register(self.client.socket, zmq.POLLIN)

    @property
    def waits(self) -> bool:
        """Whether it has asked for something that is not answered."""
        return bool(self._asked)

    def act(self, now: float, asking: bool) -> None:
        """Send, cancel or leave, where it is time for it."""
        if self._asked and now >= self._leave_at:
            self._tally.gone += len(self._asked)
            self._asked.clear()
            self.close()
            self._connect()
        if self._asked and now >= self._cancel_at:
            self._cancel_at = float("inf")
            self.client.send(protocol.Cancel(next(iter(self._asked))))
        if not self._asked and asking and (now >= self._again_at or self._again_at == float("inf")):
            self._ask(now)

    def _ask(self, now: float) -> None:
        roll, seed = self._random.random(), self._random.randrange(2**31)
        prompt, seconds = self._random.choice(PROMPTS), self._random.uniform(0.5, 2.0)
        if roll < 0.6:
            identifier = self.client.send(Generate(prompt, seconds, seed=seed))
        elif roll < 0.75:
            identifier = self.client.send(Inbetween((0, len(self._motion) - 1), seed=seed), [self._motion])
        elif roll < 0.9:
            identifier = self.client.send(Continue(seconds, prompt, seed=seed), [self._motion])
        else:
            identifier = self.client.send(Describe(), [self._motion])
        self._tally.sent += 1
        self._asked[identifier] = now
        chance = self._random.random()
        self._cancel_at = now + self._random.uniform(0.0, 5.0) if chance < 0.1 else float("inf")
        self._leave_at = now + self._random.uniform(0.0, 5.0) if 0.1 <= chance < 0.15 else float("inf")

    def hear(self, now: float) -> None:
        """Take the answers that have come."""
        for packet in self.client.poll():
            match packet.message:
                case protocol.Result():
                    self._end(packet.id, "answered", now)
                case protocol.Error(code=code):
                    self._end(packet.id, code, now)

    def _end(self, identifier: str, how: str, now: float) -> None:
        if how == "unknown_request":  # a cancel that came too late is answered so, by its own id
            return
        if identifier in self._ended:
            self._tally.twice += 1
        asked = self._asked.pop(identifier, None)
        if asked is None:
            return
        self._ended.add(identifier)
        self._tally.ends[how] += 1
        self._again_at = now + (self._random.uniform(0.5, 2.0) if how == "busy" else 0.0)
        if how == "answered":
            self._tally.waits.append(now - asked)

    def close(self) -> None:
        """Go away."""
        self._poller.unregister(self.client.socket)
        self.client.close()


def measure(
    seconds: float, clients: int, model: str = "", on_progress: Callable[[float], None] = lambda fraction: None
) -> dict[str, Any]:
    """Load a backend for that long. Returns what was seen, see `motiongpt bench load`. Raises MotionGPTError where the
    backend can't be started."""
    with tempfile.TemporaryDirectory(prefix="load-") as name:
        backend = child.start(Path(name) / "backend.log", ("--model", model) if model else ())
        try:
            handover = _started(backend)
            return _measured(backend, handover, seconds, clients, on_progress)
        finally:
            backend.stop()
            backend.wait(30.0)


def _measured(
    backend: BackendProcess, handover: Handover, seconds: float, clients: int, on_progress: Callable[[float], None]
) -> dict[str, Any]:
    first = Client(handover)
    motion = ask(first, Generate(PROMPTS[0], 2.0), timeout=_START_LIMIT).motions[0]
    first.close()
    time.sleep(1.0)
    before, files_before = _holdings(backend.pid), _temporary_files()
    poller, tally = zmq.Poller(), Tally()
    artists = [_Artist(handover, poller, motion, tally, seed) for seed in range(clients)]
    warm: list[int] = []
    late: list[int] = []
    started = time.monotonic()
    end = started + seconds
    while (now := time.monotonic()) < end or any(artist.waits for artist in artists):
        if now > end + _LAST_ANSWERS:
            break
        ready = dict(poller.poll(50))
        for artist in artists:
            if artist.client.socket in ready:
                artist.hear(now)
            artist.act(now, now < end)
        share = (now - started) / seconds
        if len(warm) < _SAMPLES and share >= WARM_UP + 0.01 * len(warm):
            warm.append(memory(backend.pid))
        if len(late) < _SAMPLES and share >= 0.8 + 0.01 * len(late):
            late.append(memory(backend.pid))
        on_progress(min(1.0, share))
    took = time.monotonic() - started
    unanswered = sum(artist.waits for artist in artists)
    for artist in artists:
        artist.close()
    time.sleep(3.0)
    after = _holdings(backend.pid)
    last = Client(handover)
    info = getattr(ask(last, protocol.Status(), timeout=30.0).message, "server", None)
    last.close()
    return _summary(tally, took, clients, unanswered, warm, late) | {
        "model": info.model if info else "",
        "held_before": before,
        "held_after": after,
        "new_files": sorted(_temporary_files() - files_before),
        "together": info.figures.together if info else 0,
        "alive": backend.poll() is State.READY,
    }


def _summary(
    tally: Tally, seconds: float, clients: int, unanswered: int, warm: list[int], late: list[int]
) -> dict[str, Any]:
    waits = sorted(tally.waits) or [0.0]
    median = statistics.median(waits)
    first, last = (statistics.median(sizes or [0]) for sizes in (warm, late))
    return {
        "seconds": round(seconds, 1),
        "clients": clients,
        "sent": tally.sent,
        "ends": dict(tally.ends),
        "gone": tally.gone,
        "answered_once": tally.sent == sum(tally.ends.values()) + tally.gone and not unanswered and not tally.twice,
        "unanswered": unanswered,
        "answered_twice": tally.twice,
        "per_second": round(tally.ends["answered"] / seconds, 2),
        "median_wait": round(median, 3),
        "p99_wait": round(waits[int(0.99 * (len(waits) - 1))], 3),
        "longest_wait": round(waits[-1], 3),
        "longest_by_median": round(waits[-1] / median, 2) if median else 0.0,
        "memory_warm": first,
        "memory_late": last,
        "memory_growth": round(last / first - 1.0, 4) if first else 0.0,
    }


def _started(backend: BackendProcess) -> Handover:
    deadline = time.monotonic() + _START_LIMIT
    while (state := backend.poll()) is not State.READY:
        if state is State.DEAD or time.monotonic() > deadline:
            raise backend.failure()
        time.sleep(0.05)
    if backend.handover is None:
        raise MotionGPTError("The backend has no key file.", "Try again.", "backend_died")
    return backend.handover


def _holdings(pid: int) -> dict[str, int]:
    """How many descriptors and threads a process has; zeros where the system does not tell."""
    found = {"descriptors": 0, "threads": 0}
    for what, folder in (("descriptors", "fd"), ("threads", "task")):
        with contextlib.suppress(OSError):
            found[what] = len(os.listdir(f"/proc/{pid}/{folder}"))
    return found


def _temporary_files() -> set[str]:
    """What was started from here has among the temporary files."""
    return {path.name for path in Path(tempfile.gettempdir()).glob(f"{child.PREFIX}{os.getpid()}-*")}
