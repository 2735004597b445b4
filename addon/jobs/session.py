"""What runs between `register` and `unregister`: the backend, the current job, and the timer that advances it."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ...retarget.errors import MotionGPTError
from ..character.typing import full
from ..translation.saying import say, told
from .job import Job, State
from .service import Service, Startup

log = logging.getLogger(__name__)

TICK = 0.005  # seconds between two ticks of the job; Blender's own loop is no faster
LEAST_REDRAW = 1.0 / 30.0  # seconds between two redraws of a job's windows at least
PROGRESS = 0.1  # seconds between two redraws of the progress at least
STATUS_SECONDS = 8.0  # seconds that the status bar shows what a press did
PRELOAD_TICK = 0.1  # seconds between two looks at a model that loads before it is needed
WATCH = 1.0  # seconds between two looks at the backend
_PAUSE = 4.0  # times as long as a redraw takes is the pause between two of them


class Pace:
    """How often the windows are drawn while a job runs: slow ones, on a weak GPU or with a heavy scene, may not hold up
    the job. Blender calls a timer again when it has drawn what was to be drawn: the time until then is what drawing
    takes.

    due: whether whatever changed may be drawn after this step of the job.
    """

    def __init__(self) -> None:
        self.due = False
        self._asked = self._pause = 0.0
        self._waits = False

    def step(self) -> None:
        """A step of the job begins."""
        now = time.perf_counter()
        if self._waits:
            self._pause, self._waits = max(LEAST_REDRAW, _PAUSE * (now - self._asked)), False
        self.due = now - self._asked >= self._pause

    def asked(self) -> None:
        """Something is drawn after this step, as after every press."""
        self._asked, self._waits = time.perf_counter(), True


class Session:
    """service: the backend.  job: the running or last one.  error: the last failure, until the next press.

    watchers: called after each step of a job, the last one, too.  pace: when they may have something drawn.
    """

    def __init__(self) -> None:
        self.service = Service()
        self.job: Job[Any] | None = None
        self.error = ""
        self.watchers: list[Callable[[Job[Any]], None]] = []
        self.pace = Pace()
        self._told = 0.0
        self._preloading: threading.Thread | None = None

    @property
    def running(self) -> Job[Any] | None:
        """The job, while it is running."""
        return self.job if self.job and self.job.state is State.RUNNING else None

    def start(self, job: Job[Any]) -> None:
        """Begin a job that uses this session's service; the timer does the rest."""
        self.error = ""
        self.job = job
        self.pace.asked()
        if not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=0.0)

    def tick(self) -> float | None:
        """Advance the job. Returns seconds until the next call or, as bpy's timers expect it, None to end."""
        job = self.running
        if job is None:
            return None
        self.pace.step()
        try:
            job.tick()
        except Exception:
            log.exception("the job failed")
        if job.state is State.FAILED:
            self.error = job.message
            log.error("%s", job.message)
        self._tell_watchers(job)
        if job.state is State.RUNNING:
            if time.monotonic() - self._told > PROGRESS and self.pace.due:
                self._show_progress(job)
            return TICK
        self.ended(job)
        return None

    def ended(self, job: Job[Any]) -> None:
        """Show what has become of a job."""
        redraw()
        _say(None)
        if job.state is State.DONE and job.action:
            tell(job.message)

    def _tell_watchers(self, job: Job[Any]) -> None:
        for watcher in self.watchers:
            try:
                watcher(job)
            except Exception:  # the job goes on, whoever looks at it
                log.exception("a watcher of the job failed")

    def _show_progress(self, job: Job[Any]) -> None:
        self._told = time.monotonic()
        redraw()
        said = "MotionGPT: {stage}, {share:.0%}. Esc in the viewport cancels."
        _say(say(said, stage=say(job.stage), share=job.fraction))
        self.pace.asked()

    def preload(self, startup: Startup) -> None:
        """Start the backend before it is needed; does nothing the second time."""
        if self._preloading is None:
            self._preloading = threading.Thread(target=self._start_quietly, args=(startup,), daemon=True)
            self._preloading.start()
            bpy.app.timers.register(_watch_preload, first_interval=PRELOAD_TICK)

    def _start_quietly(self, startup: Startup) -> None:
        try:
            self.service.start(startup)
        except MotionGPTError as error:  # the next press says it
            log.warning("%s", error)

    def watch_preload(self) -> float | None:
        """Look whether the preloaded model is ready. Returns seconds until the next call, None at the end."""
        if self._preloading is not None and self._preloading.is_alive():
            return PRELOAD_TICK
        try:
            waiting = self.running is None and not self.service.ready()
        except MotionGPTError as error:
            log.warning("%s", error)
            waiting = False
        if not waiting:
            redraw()
        return PRELOAD_TICK if waiting else None

    def watch(self) -> None:
        """See whether the backend is well, and show it in the panel if that has changed."""
        before = self.service.status()
        self.service.watch()
        if self.service.status() != before:
            redraw()

    def cancel(self, reason: str = "Cancelled.") -> None:
        """Stop the running job, if there is one."""
        if job := self.running:
            job.cancel(reason)
            self._tell_watchers(job)
            redraw()
            _say(None)

    def close(self) -> None:
        """Stop everything, the backend too."""
        self.cancel()
        self.service.stop()


_session: Session | None = None


def current() -> Session:
    """The session. Raises MotionGPTError outside register ... unregister."""
    if _session is None:
        raise MotionGPTError("The extension is not enabled.", "Enable it in the preferences.")
    return _session


def check_idle() -> None:
    """Raises MotionGPTError while a job runs."""
    if current().running:
        raise MotionGPTError("A motion is being generated.", "Wait for it, or cancel it.")


def refused(job: type[Job[Any]], context: bpy.types.Context) -> str:
    """Why a button that starts such a job is greyed; "" if it is not."""
    try:
        check_idle()
        job.check(context, current().service)
    except MotionGPTError as error:
        return told(error)
    return ""


def redraw() -> None:
    """Redraw the sidebars in every window."""
    for window in full(bpy.context).window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("VIEW_3D", "DOPESHEET_EDITOR"):
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def tell(message: str) -> None:
    """Show a sentence in the status bar of every window for a while: whatever the sidebar shows."""
    _say(message.split("\n")[0])
    if bpy.app.timers.is_registered(_clear_status):
        bpy.app.timers.unregister(_clear_status)
    bpy.app.timers.register(_clear_status, first_interval=STATUS_SECONDS)


def _say(text: str | None) -> None:
    for window in full(bpy.context).window_manager.windows:
        window.workspace.status_text_set(text)


def _clear_status() -> None:
    _say(None)


def _tick() -> float | None:
    return _session.tick() if _session else None


def _watch() -> float | None:
    if _session is None:
        return None
    _session.watch()
    return WATCH


def _watch_preload() -> float | None:
    return _session.watch_preload() if _session else None


@persistent  # type: ignore[untyped-decorator]
def _undone(*_args: object) -> None:
    if _session and (job := _session.running):
        job.undone()
        if job.state is not State.RUNNING:
            _session.ended(job)


@persistent  # type: ignore[untyped-decorator]
def _file_loaded(*_args: object) -> None:
    """Another file was opened: a job's armature is gone. The backend stays, as reloading it would take seconds."""
    if _session:
        _session.cancel("Another file was opened.")
        _say(None)
        _session.job = None
        _session.error = ""


_HANDLERS = {"load_post": _file_loaded, "undo_post": _undone, "redo_post": _undone}


def register() -> None:
    global _session
    _session = Session()
    for name, handler in _HANDLERS.items():
        getattr(bpy.app.handlers, name).append(handler)
    bpy.app.timers.register(_watch, first_interval=WATCH, persistent=True)


def unregister() -> None:
    global _session
    for name, handler in _HANDLERS.items():
        getattr(bpy.app.handlers, name).remove(handler)
    for timer in (_tick, _watch, _watch_preload, _clear_status):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    if _session:
        _session.close()
    _session = None
