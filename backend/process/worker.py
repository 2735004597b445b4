"""The thread that owns the engine: takes jobs one at a time and hands encoded replies to the socket thread."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..engine import Engine, Progress, Result
from ..limits import one_line
from ..tasks import Task
from ..version import __version__
from . import protocol
from .log import about
from .protocol import ModelState, ServerInfo

log = logging.getLogger(__name__)

PROGRESS_INTERVAL = 0.04
"""Seconds between progress messages at least, but for a request's first one with motion; a fast engine makes tokens
faster than they can be shown."""

CANCELLED = "cancelled"
"""Kind of the error with which a cancelled request is answered."""


@dataclass(eq=False)
class Job:
    """One task for one client. peer: its ROUTER identity.  previewed: whether some of its motion has been shown."""

    peer: bytes
    id: str
    task: Task
    motions: tuple[Motion, ...]
    cancelled: threading.Event = field(default_factory=threading.Event)
    arrived: float = field(default_factory=time.monotonic)
    previewed: bool = False

    @property
    def size(self) -> int:
        """Bytes of its motions."""
        return sum(array.nbytes for m in self.motions for array in (m.rotations, m.root_position, m.contacts))


@dataclass(frozen=True)
class Outcome:
    """Frames to send for a job. last: the job is done.  error: the kind of error that they are, "" for none."""

    job: Job
    frames: list[bytes]
    last: bool
    error: str = ""


class Workers(Protocol):
    """What answers a server's jobs: `Worker`, or many engines elsewhere. Its methods return at once, `join` aside.

    jobs: groups of jobs to answer; None ends it.  outcomes: what came of them.  info: the state of the model; the
    server fills in the rest.  places: how many groups it may have at a time.  waiting: how many requests wait, told by
    the server.
    """

    jobs: "queue.SimpleQueue[Sequence[Job] | None]"
    outcomes: "queue.SimpleQueue[Outcome]"
    info: ServerInfo
    places: int
    waiting: int

    def start(self) -> None:
        """Begin to load the model."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end."""

    def is_alive(self) -> bool:
        """Whether it has not ended."""

    def batches(self, job: Job) -> bool:
        """Whether a job can be answered in one group with others."""


class Worker(threading.Thread):
    """Loads the engine, then answers jobs, one or a batch of them, until None comes. `wake` is called after every
    outcome, on this thread.

    info: the state of the model; the server fills in the rest.
    """

    def __init__(self, load: Callable[[str], Engine], model: str, device: str, wake: Callable[[], None]) -> None:
        super().__init__(name="worker", daemon=True)
        self.jobs: queue.SimpleQueue[Sequence[Job] | None] = queue.SimpleQueue()
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.info = ServerInfo(__version__, model, device, ModelState.LOADING)
        self.places, self.waiting = 1, 0
        self._load = load
        self._default_model = model
        self._device = device
        self._wake = wake
        self._engine: Engine | None = None
        self._loaded = ""
        self._last_progress: dict[str, float] = {}

    def run(self) -> None:
        """Load the model at once, so that it is ready for the first request; `info` records a failure."""
        try:
            self._engine_for("")
        except MotionGPTError as error:
            log.error("The model could not be loaded: %s", one_line(str(error)))
        while (jobs := self.jobs.get()) is not None:
            self._last_progress.clear()
            if len(jobs) == 1:
                self._serve(jobs[0])
            else:
                self._serve_batch(jobs)

    def batches(self, job: Job) -> bool:
        """Whether a job can be answered in a batch: by the model in memory. For the server's thread."""
        engine, loaded = self._engine, self._loaded
        return engine is not None and (job.task.model or self._default_model) == loaded and engine.batches(job.task)

    def _serve(self, job: Job) -> None:
        with about(job.id):
            try:
                result: Result | Exception = self._run_task(job)
            except Exception as error:  # noqa: BLE001 - answered below, and logged there
                result = error
            self._finish(job, result)

    def _finish(self, job: Job, result: Result | Exception) -> None:
        """Send a job's last answer."""
        seconds = time.monotonic() - job.arrived
        match result:
            case Result():
                log.info("Done after %.2f s", seconds)
                answer: protocol.Reply = protocol.Result(texts=result.texts)
            case MotionGPTError():
                log.info("Ended with an error (%s) after %.2f s", result.kind, seconds)
                answer = protocol.Error.of(result)
            case _:
                log.error("Request %s failed", one_line(job.id), exc_info=result)
                answer = internal_error(result)
        try:
            frames = protocol.encode(job.id, answer, result.motions if isinstance(result, Result) else ())
        except MotionGPTError as error:
            answer = protocol.Error.of(error)
            frames = protocol.encode(job.id, answer)
        self._put(Outcome(job, frames, last=True, error=answer.code if isinstance(answer, protocol.Error) else ""))

    def _run_task(self, job: Job) -> Result:
        events = job.task.answer(self._engine_for(job.task.model), job.motions)
        try:
            if job.cancelled.is_set():
                raise cancelled()
            for event in events:
                if job.cancelled.is_set():
                    raise cancelled()
                if isinstance(event, Result):
                    return event
                self._report(job, event)
        finally:
            # Closing the generator makes a cancelled engine stop.
            getattr(events, "close", lambda: None)()
        raise RuntimeError("the engine ended without a result")

    def _serve_batch(self, jobs: Sequence[Job]) -> None:
        open_jobs = dict(enumerate(jobs))

        def finish(number: int, result: Result | Exception) -> None:
            job = open_jobs.pop(number)
            with about(job.id):
                self._finish(job, result)

        try:
            engine = self._engine_for(jobs[0].task.model)
            events = engine.answer_batch([job.task for job in jobs], lambda number: jobs[number].cancelled.is_set())
            for number, event in events:
                for gone in [n for n, job in open_jobs.items() if job.cancelled.is_set()]:
                    finish(gone, cancelled())
                if number not in open_jobs:
                    continue
                if isinstance(event, Progress):
                    self._report(open_jobs[number], event)
                else:
                    finish(number, event)
            failure: Exception = RuntimeError("the engine ended without a result")
        except Exception as error:  # noqa: BLE001 - answered below, and logged there
            failure = error
        for number, job in list(open_jobs.items()):
            finish(number, cancelled() if job.cancelled.is_set() else failure)

    def _report(self, job: Job, progress: Progress) -> None:
        now = time.monotonic()
        recent = now - self._last_progress.get(job.id, 0.0) < PROGRESS_INTERVAL
        first_motion = progress.motion is not None and not job.previewed
        if recent and not first_motion:
            return
        job.previewed = job.previewed or progress.motion is not None
        self._last_progress[job.id] = now
        motions = () if progress.motion is None else (progress.motion,)
        message = protocol.Progress(progress.stage, progress.fraction)
        self._put(Outcome(job, protocol.encode(job.id, message, motions), last=False))

    def _put(self, outcome: Outcome) -> None:
        self.outcomes.put(outcome)
        self._wake()

    def _engine_for(self, model: str) -> Engine:
        """The engine of a model, loaded unless it is the one in memory. Raises MotionGPTError.

        One that can't be loaded leaves that in memory as it is: a mistyped name costs nobody a model.
        """
        name = model or self._default_model
        if self._engine is not None and self._loaded == name:
            return self._engine
        before = self.info
        self.info = ServerInfo(__version__, name, self._device, ModelState.LOADING)
        try:
            engine = self._load_engine(name)
        except MotionGPTError as error:
            failed = ServerInfo(
                __version__, name, self._device, ModelState.FAILED, message=error.message, cure=error.cure
            )
            self.info = failed if self._engine is None else before
            raise
        self._engine, self._loaded = engine, name
        self.info = ServerInfo(
            __version__, engine.name, engine.device, ModelState.READY, engine.tasks, engine.max_seconds,
            precision=engine.precision,
        )  # fmt: skip
        log.info("Loaded %s on %s", engine.name, engine.device)
        return engine

    def _load_engine(self, name: str) -> Engine:
        try:
            return self._load(name)
        except MotionGPTError:
            raise
        except Exception as error:
            log.exception("Loading %s failed", one_line(name))
            raise internal_error(error).exception() from error


def cancelled() -> MotionGPTError:
    """The error with which a cancelled request is answered."""
    return MotionGPTError("The request was cancelled.", "", CANCELLED)


def internal_error(error: BaseException) -> protocol.Error:
    """A bug, in a sentence that fits a status line; its traceback is in the log."""
    text = f"{type(error).__name__}: {error}"[:300]
    return protocol.Error("internal", f"The backend failed unexpectedly ({text}).", "See the backend's log.")
