"""The thread that owns the engine: takes jobs one at a time and puts encoded replies out for the socket thread."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..engine import CaptionRequest, ContinueRequest, Engine, GenerateRequest, InbetweenRequest, Progress, Result
from . import protocol

log = logging.getLogger(__name__)

PROGRESS_INTERVAL = 0.04
"""Seconds between two progress messages; a fast engine makes more tokens than anyone can look at."""


@dataclass(eq=False)
class Job:
    """One request of one client. peer: its ROUTER identity."""

    peer: bytes
    id: str
    request: protocol.Message
    motions: tuple[Motion, ...] = ()
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Outcome:
    """Frames to send for a job; `last` ends it."""

    job: Job
    frames: list[bytes]
    last: bool


@dataclass(frozen=True)
class EngineState:
    """What is loaded, for `protocol.ServerInfo`, whose fields these are."""

    state: Literal["loading", "ready", "failed"]
    model: str
    device: str
    tasks: tuple[str, ...] = ()
    max_seconds: float = 0.0
    message: str = ""
    cure: str = ""


class Worker(threading.Thread):
    """Loads the engine, then answers jobs until None comes. `wake` is called after every outcome, on this thread."""

    def __init__(self, load: Callable[[str], Engine], model: str, device: str, wake: Callable[[], None]) -> None:
        super().__init__(name="worker", daemon=True)
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.state = EngineState("loading", model, device)
        self._load = load
        self._default_model = model
        self._device = device
        self._wake = wake
        self._engine: Engine | None = None
        self._loaded = ""
        self._last_progress = 0.0

    def run(self) -> None:
        """Load at once, so that the first request finds the model ready; a failure stays in `state`."""
        try:
            self._engine_for("")
        except MotionGPTError as error:
            log.error("The model could not be loaded: %s", error)
        while (job := self.jobs.get()) is not None:
            self._serve(job)

    def _serve(self, job: Job) -> None:
        try:
            result = self._run_task(job)
            frames = protocol.encode(job.id, protocol.Result(texts=result.texts), result.motions)
        except MotionGPTError as error:
            frames = protocol.encode(job.id, protocol.Error(error.kind, error.message, error.cure))
        except Exception as error:
            log.exception("Request %s failed", job.id)
            frames = protocol.encode(job.id, internal_error(error))
        self._put(Outcome(job, frames, last=True))

    def _run_task(self, job: Job) -> Result:
        self._last_progress = 0.0
        events = start_task(self._engine_for(getattr(job.request, "model", "")), job)
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
            # Closing a generator is how an engine learns that nobody wants the rest.
            getattr(events, "close", lambda: None)()
        raise RuntimeError("the engine ended without a result")

    def _report(self, job: Job, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last_progress < PROGRESS_INTERVAL:
            return
        self._last_progress = now
        motions = () if progress.motion is None else (progress.motion,)
        message = protocol.Progress(progress.stage, progress.fraction)
        self._put(Outcome(job, protocol.encode(job.id, message, motions), last=False))

    def _put(self, outcome: Outcome) -> None:
        self.outcomes.put(outcome)
        self._wake()

    def _engine_for(self, model: str) -> Engine:
        """The engine of that model, loaded if it is not the one in memory. Raises MotionGPTError."""
        name = model or self._default_model
        if self._engine is not None and self._loaded == name:
            return self._engine
        self._engine = None  # its memory is needed for the next
        self.state = EngineState("loading", name, self._device)
        try:
            engine = self._load(name)
        except MotionGPTError as error:
            self.state = EngineState("failed", name, self._device, message=error.message, cure=error.cure)
            raise
        except Exception as error:
            log.exception("Loading %s failed", name)
            failure = internal_error(error)
            self.state = EngineState("failed", name, self._device, message=failure.message, cure=failure.cure)
            raise failure.exception() from error
        self._engine, self._loaded = engine, name
        self.state = EngineState("ready", engine.name, engine.device, engine.tasks, engine.max_seconds)
        log.info("Loaded %s on %s", engine.name, engine.device)
        return engine


def _generate(engine: Engine, job: Job) -> Iterator[Progress | Result]:
    request = job.request
    assert isinstance(request, protocol.Generate)
    return engine.generate(
        GenerateRequest(
            prompt=request.prompt,
            seconds=request.seconds,
            seed=request.seed,
            variations=request.variations,
            temperature=request.temperature,
            top_p=request.top_p,
        )
    )


def _continue(engine: Engine, job: Job) -> Iterator[Progress | Result]:
    request = job.request
    assert isinstance(request, protocol.Continue)
    return engine.continue_motion(
        ContinueRequest(
            motion=job.motions[0],
            seconds=request.seconds,
            prompt=request.prompt,
            seed=request.seed,
            variations=request.variations,
            temperature=request.temperature,
            top_p=request.top_p,
        )
    )


def _inbetween(engine: Engine, job: Job) -> Iterator[Progress | Result]:
    request = job.request
    assert isinstance(request, protocol.Inbetween)
    return engine.inbetween(
        InbetweenRequest(
            motion=job.motions[0],
            keep=request.keep,
            known=request.known,
            prompt=request.prompt,
            seed=request.seed,
            variations=request.variations,
            temperature=request.temperature,
            top_p=request.top_p,
        )
    )


def _caption(engine: Engine, job: Job) -> Iterator[Progress | Result]:
    return engine.caption(CaptionRequest(job.motions[0]))


_TASKS: dict[str, Callable[[Engine, Job], Iterator[Progress | Result]]] = {
    "generate": _generate,
    "continue": _continue,
    "inbetween": _inbetween,
    "caption": _caption,
}
"""How each kind of request reaches an engine that lists it in `tasks`."""


def start_task(engine: Engine, job: Job) -> Iterator[Progress | Result]:
    """The engine's answer to a job. Raises MotionGPTError ("unsupported") if this model has none."""
    kind = kind_of(job.request)
    offered = [task for task in engine.tasks if task in _TASKS]
    if kind not in offered:
        raise MotionGPTError(
            f"The model {engine.name} can't {kind}.", f"It can: {', '.join(offered) or 'nothing'}.", "unsupported"
        )
    return _TASKS[kind](engine, job)


def kind_of(message: Any) -> str:
    """The kind under which a message travels."""
    return str(type(message).__struct_config__.tag)


def cancelled() -> MotionGPTError:
    """What a cancelled request is answered with."""
    return MotionGPTError("The request was cancelled.", "", "cancelled")


def internal_error(error: BaseException) -> protocol.Error:
    """A bug in words that fit a status line; its traceback is in the log."""
    text = f"{type(error).__name__}: {error}"[:300]
    return protocol.Error("internal", f"The backend failed unexpectedly ({text}).", "See the backend's log.")
