"""The thread that owns the engine: takes jobs one at a time and hands encoded replies to the socket thread."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..engine import Engine, Progress, Result
from ..limits import one_line
from ..tasks import Task
from ..version import __version__
from . import protocol
from .protocol import ModelState, ServerInfo

log = logging.getLogger(__name__)

PROGRESS_INTERVAL = 0.04
"""Seconds between progress messages at least, except those with motion; a fast engine makes tokens faster than they can
be shown."""


@dataclass(eq=False)
class Job:
    """One task for one client. peer: its ROUTER identity."""

    peer: bytes
    id: str
    task: Task
    motions: tuple[Motion, ...]
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Outcome:
    """Frames to send for a job. last: the job is done."""

    job: Job
    frames: list[bytes]
    last: bool


class Worker(threading.Thread):
    """Loads the engine, then answers jobs until None comes. `wake` is called after every outcome, on this thread.

    info: the state of the model; the server fills in the rest.
    """

    def __init__(self, load: Callable[[str], Engine], model: str, device: str, wake: Callable[[], None]) -> None:
        super().__init__(name="worker", daemon=True)
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.info = ServerInfo(__version__, model, device, ModelState.LOADING)
        self._load = load
        self._default_model = model
        self._device = device
        self._wake = wake
        self._engine: Engine | None = None
        self._loaded = ""
        self._last_progress = 0.0

    def run(self) -> None:
        """Load the model at once, so that it is ready for the first request; `info` records a failure."""
        try:
            self._engine_for("")
        except MotionGPTError as error:
            log.error("The model could not be loaded: %s", one_line(str(error)))
        while (job := self.jobs.get()) is not None:
            self._serve(job)

    def _serve(self, job: Job) -> None:
        try:
            result = self._run_task(job)
            frames = protocol.encode(job.id, protocol.Result(texts=result.texts), result.motions)
        except MotionGPTError as error:
            frames = protocol.encode(job.id, protocol.Error.of(error))
        except Exception as error:
            log.exception("Request %s failed", one_line(job.id))
            frames = protocol.encode(job.id, internal_error(error))
        self._put(Outcome(job, frames, last=True))

    def _run_task(self, job: Job) -> Result:
        self._last_progress = 0.0
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

    def _report(self, job: Job, progress: Progress) -> None:
        now = time.monotonic()
        if progress.motion is None and now - self._last_progress < PROGRESS_INTERVAL:
            return
        self._last_progress = now
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
            __version__, engine.name, engine.device, ModelState.READY, engine.tasks, engine.max_seconds
        )
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
    return MotionGPTError("The request was cancelled.", "", "cancelled")


def internal_error(error: BaseException) -> protocol.Error:
    """A bug, in a sentence that fits a status line; its traceback is in the log."""
    text = f"{type(error).__name__}: {error}"[:300]
    return protocol.Error("internal", f"The backend failed unexpectedly ({text}).", "See the backend's log.")
