"""The motion while it is made: a stick figure in the viewport, on the character's own bones, that plays what there is
of it so far. No key is written.

Each part that comes from the backend is put on the bones once, from the frame on that is played; drawing only sends
cached lines to the GPU. What is made to go on from keys that are there is played from the first new frame on.
"""

import time
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ....retarget.motion import Motion
from ....retarget.solving.solve import to_bones
from ....retarget.typing import Float32s, Floats
from ...character.character import Character
from ...character.typing import full
from ...jobs import session
from ...jobs.job import Job, State
from ...poses.reader import find_armature
from ..ghosts import Ghost, bone_lines, draw_figures

_COLOUR = (0.3, 1.0, 0.4, 1.0)  # of the block that is being made; orange is what is selected


@dataclass(frozen=True, eq=False)
class _Part:
    """What is left to play of a motion. lines: (T, 2 L, 3) ends of L lines in the world, of every frame from `first`
    on.  fps: of it.  new: its first frame that was not there before."""

    lines: Float32s
    fps: float
    first: int
    new: int


class LiveFigure:
    """The figure of the running job.

    shown: lines (2 L, 3) that were drawn last, or would have been; None before the first part and after the end.
    first_moved: when a second pose was first shown, on `time.perf_counter`; 0 before.
    """

    def __init__(self) -> None:
        self.shown: Float32s | None = None
        self.first_moved = 0.0
        self._part: _Part | None = None
        self._motion: Motion | None = None
        self._version = 0
        self._started = 0.0
        self._at: Floats | None = None
        self._handle: Any = None
        if not bpy.app.background:
            self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_VIEW")

    def watch(self, job: Job[Any]) -> None:
        """Look at a job after each of its steps: take what is new, and have the viewports drawn when it is time. From
        its keys on, the character itself moves."""
        if job.state is not State.RUNNING or job.action:
            self._clear()
            return
        if job.body is None or job.live is None:
            return
        if job.live is not self._motion:
            self._take(job, job.live, job.body)
        pace = session.current().pace
        if self._part is not None and pace.due:
            self._step(self._part)
            _redraw()
            pace.asked()

    def close(self) -> None:
        """Stop drawing."""
        self._clear()
        if self._handle is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")

    def _take(self, job: Job[Any], motion: Motion, body: Character) -> None:
        """Put on the bones what is left to play, which takes some milliseconds."""
        if self._motion is None:
            armature = find_armature(job.request.target.armature_uid)
            self._at = np.array(armature.matrix_world.translation) if armature is not None else None
            self.first_moved = 0.0
        if self._motion is None or job.live_take != self._version:
            self._started = 0.0
        self._motion, self._version = motion, job.live_take
        if self._at is not None:
            first = min(self._playhead(motion.fps, job.live_from), len(motion) - 1)
            lines = lines_of(motion.slice(first, len(motion)), body) + self._at.astype(np.float32)
            self._part = _Part(lines, motion.fps, first, job.live_from)

    def _playhead(self, fps: float, new: int) -> int:
        """The frame that is due, whether there is one or not."""
        return new + (int((time.perf_counter() - self._started) * fps) if self._started else 0)

    def _step(self, part: _Part) -> None:
        """Play on: from the first part on in real time, as far as there is motion."""
        if not self._started:
            self._started = time.perf_counter()
        frame = min(self._playhead(part.fps, part.new) - part.first, len(part.lines) - 1)
        before, self.shown = self.shown, part.lines[frame]
        if not self.first_moved and before is not None and not np.array_equal(before, self.shown):
            self.first_moved = time.perf_counter()

    def _clear(self) -> None:
        if self._motion is not None:
            self._part = self._motion = self.shown = None
            self._started = 0.0
            _redraw()

    def _draw(self) -> None:
        if self.shown is not None:
            draw_figures((Ghost(self.shown, _COLOUR),))


def lines_of(motion: Motion, body: Character) -> Float32s:
    """(T, 2 L, 3): the ends of a figure's lines in every frame of a motion on a character, in the world's axes from the
    armature's origin."""
    solved = to_bones(motion, body.rig, body.mapping, fit=False)
    heads = solved.heads(body.rig, body.mapping.root_bone)  # (T, N, 3)
    lines: Float32s = heads[:, bone_lines(body.rig, body.mapping).ravel()].astype(np.float32)
    return lines


def _redraw() -> None:
    for window in full(bpy.context).window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "WINDOW":
                        region.tag_redraw()


_figure: LiveFigure | None = None


def current() -> LiveFigure | None:
    """The figure; None outside register ... unregister."""
    return _figure


def register() -> None:
    global _figure
    _figure = LiveFigure()
    session.current().watchers.append(_figure.watch)


def unregister() -> None:
    global _figure
    if _figure is not None:
        session.current().watchers.remove(_figure.watch)
        _figure.close()
    _figure = None
