"""What runs between `register` and `unregister`: the backend, the current job, and the timer that advances it."""

import logging
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ...retarget.errors import MotionGPTError
from ..character.typing import full
from .job import Job, State
from .service import Service
from .takes import Takes

log = logging.getLogger(__name__)

TICK = 0.03  # seconds between two ticks of the job
WATCH = 1.0  # seconds between two looks at the backend


class Session:
    """service: the backend.  job: the running or last one.  error: the last failure, until the next press.

    takes: those of the last in-betweening, to flip through.
    """

    def __init__(self) -> None:
        self.service = Service()
        self.job: Job[Any] | None = None
        self.error = ""
        self.takes: Takes | None = None

    @property
    def running(self) -> Job[Any] | None:
        """The job, while it is running."""
        return self.job if self.job and self.job.state is State.RUNNING else None

    def start(self, job: Job[Any]) -> None:
        """Begin a job that uses this session's service; the timer does the rest."""
        self.error = ""
        self.job = job
        if not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=0.0)

    def tick(self) -> float | None:
        """Advance the job. Returns seconds until the next call or, as bpy's timers expect it, None to end."""
        job = self.running
        if job is None:
            return None
        try:
            job.tick()
        except Exception:
            log.exception("the job failed")
        if job.state is State.FAILED:
            self.error = job.message
            log.error("%s", job.message)
        elif job.state is State.DONE and job.takes:
            self.takes = job.takes
        redraw()
        return TICK if job.state is State.RUNNING else None

    def watch(self) -> None:
        """See whether the backend is well, and show it in the panel if that has changed."""
        before = self.service.status()
        self.service.watch()
        if self.service.status() != before:
            redraw()

    def cancel(self, reason: str = "Cancelled.") -> None:
        """Stop the running job, if there is one."""
        if self.running:
            self.running.cancel(reason)
            redraw()

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


def redraw() -> None:
    """Redraw the sidebars in every window."""
    for window in full(bpy.context).window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def _tick() -> float | None:
    return _session.tick() if _session else None


def _watch() -> float | None:
    if _session is None:
        return None
    _session.watch()
    return WATCH


@persistent  # type: ignore[untyped-decorator]
def _file_loaded(*_args: object) -> None:
    """Another file was opened: a job's armature is gone. The backend stays, as reloading it would take seconds."""
    if _session:
        _session.cancel("Another file was opened.")
        _session.job = _session.takes = None
        _session.error = ""


def register() -> None:
    global _session
    _session = Session()
    bpy.app.handlers.load_post.append(_file_loaded)
    bpy.app.timers.register(_watch, first_interval=WATCH, persistent=True)


def unregister() -> None:
    global _session
    bpy.app.handlers.load_post.remove(_file_loaded)
    for timer in (_tick, _watch):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    if _session:
        _session.close()
    _session = None
