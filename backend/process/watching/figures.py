"""What a server has done since it started: numbers of requests, how long they took, memory."""

import contextlib
import os
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

KEPT = 1_000
"""Requests of which times are kept, the latest."""
MINUTE = 60.0
MODELS = 32
"""Models that have figures of their own, the first that were asked; their names come from clients."""


class Times(msgspec.Struct, frozen=True):
    """Percentiles of seconds: of half of the requests, of 95 and of 99 in a hundred, the longest."""

    half: float = 0.0
    most: float = 0.0
    nearly_all: float = 0.0
    longest: float = 0.0

    @classmethod
    def of(cls, seconds: Iterable[float]) -> "Times":
        """Percentiles by the nearest rank; zeros for no requests."""
        ordered = sorted(seconds)
        if not ordered:
            return cls()
        last = len(ordered) - 1
        return cls(*(round(ordered[min(last, int(share * len(ordered)))], 4) for share in (0.5, 0.95, 0.99, 1.0)))


class ModelFigures(msgspec.Struct, frozen=True):
    """Requests to one model.  took: as in `Figures`."""

    answered: int = 0
    failed: int = 0
    took: Times = Times()


class Figures(msgspec.Struct, frozen=True):
    """uptime: seconds.  memory: bytes of the process, 0 where the system does not tell.  answered, failed, cancelled,
    refused: requests.  errors: failed and refused ones by kind.  per_minute: answered in the last minute.  together:
    requests answered in a batch with others.  waited: in the queue.  took: from a request's arrival to its last
    answer.  models: likewise, by the name of the model."""

    uptime: float = 0.0
    memory: int = 0
    answered: int = 0
    failed: int = 0
    cancelled: int = 0
    refused: int = 0
    errors: dict[str, int] = {}
    per_minute: int = 0
    together: int = 0
    waited: Times = Times()
    took: Times = Times()
    models: dict[str, ModelFigures] = {}


class Ledger:
    """Counts requests, on any thread. clock: seconds, for tests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._started = clock()
        self._counts: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._waited: deque[float] = deque(maxlen=KEPT)
        self._took: deque[float] = deque(maxlen=KEPT)
        self._ends: deque[float] = deque(maxlen=10 * KEPT)
        self._models: dict[str, _OfModel] = {}

    def started(self, arrived: float, companions: int = 0) -> None:
        """A request that arrived then, by the clock, leaves the queue. companions: requests in its batch."""
        with self._lock:
            self._waited.append(self._clock() - arrived)
            self._counts["together"] += companions > 0

    def ended(self, arrived: float, error: str = "", model: str = "") -> None:
        """A request has had its last answer. error: the kind of error that it was; "" for a result.  model: its
        name."""
        with self._lock:
            if error == "cancelled":
                self._counts["cancelled"] += 1
                return
            self._took.append(self._clock() - arrived)
            if model and (model in self._models or len(self._models) < MODELS):
                self._models.setdefault(model, _OfModel()).add(self._took[-1], bool(error))
            if error:
                self._counts["failed"] += 1
                self._errors[error] += 1
            else:
                self._counts["answered"] += 1
                self._ends.append(self._clock())

    def refused(self, error: str) -> None:
        """A message was answered with an error at once."""
        with self._lock:
            self._counts["refused"] += 1
            self._errors[error] += 1

    def figures(self) -> Figures:
        """All of it, now."""
        with self._lock:
            return self._figures(self._clock())

    def _figures(self, now: float) -> Figures:
        return Figures(
            uptime=round(now - self._started, 1),
            memory=memory(),
            per_minute=sum(end > now - MINUTE for end in self._ends),
            errors=dict(self._errors),
            waited=Times.of(self._waited),
            took=Times.of(self._took),
            models={name: one.figures() for name, one in self._models.items()},
            **{name: self._counts[name] for name in ("answered", "failed", "cancelled", "refused", "together")},
        )


class _OfModel:
    def __init__(self) -> None:
        self._answered = self._failed = 0
        self._took: deque[float] = deque(maxlen=KEPT)

    def add(self, seconds: float, failed: bool) -> None:
        self._took.append(seconds)
        self._failed += failed
        self._answered += not failed

    def figures(self) -> ModelFigures:
        return ModelFigures(self._answered, self._failed, Times.of(self._took))


def memory(pid: int | None = None) -> int:
    """Bytes of memory of a process, of this one by default; 0 where the system does not tell."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            pages = Path(f"/proc/{pid or os.getpid()}/statm").read_text(encoding="ascii").split()[1]
            return int(pages) * os.sysconf("SC_PAGE_SIZE")
    if pid is None and sys.platform != "win32":
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # the highest so far, as macOS tells no other
        return most if sys.platform == "darwin" else most * 1024
    return 0
