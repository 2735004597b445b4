"""Continuing: extends the existing motion after the current frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy

from ...backend import limits
from ..action.bending import Span
from ..character.typing import full
from ..poses.keyed import whole_pose
from .context import (
    MotionRequest,
    Target,
    check_motion,
    frames_before,
    optional_prompt,
    scene_fps,
)
from .job import Waiting
from .motion import MotionJob

if TYPE_CHECKING:
    from ...backend.tasks import AnyTask

HISTORY_SECONDS = 4.0
"""How much of the motion before the current frame is sent."""


@dataclass(frozen=True, eq=False)
class ContinueRequest(MotionRequest):
    """The span begins with the current frame, whose pose is kept."""

    prompt: str
    seed: int


class ContinueJob(MotionJob[ContinueRequest]):
    task = "continue"

    @classmethod
    def gather(cls, context: bpy.types.Context) -> ContinueRequest:
        scene, armature = full(context).scene, check_motion(context)
        seconds, fps, now = scene.motiongpt.seconds, scene_fps(scene), scene.frame_current
        limits.check_seconds(seconds)
        before = frames_before(armature, now, HISTORY_SECONDS * fps)
        return ContinueRequest(
            target=Target.gather(context),
            span=Span(now, now + max(1, round(seconds * fps)), before, frozenset([now])),
            poses=(whole_pose(now),),
            prompt=optional_prompt(context),
            seed=scene.motiongpt.seed,
        )

    def _message(self) -> AnyTask:
        from ...backend.tasks import Continue

        return Continue(self.request.seconds, self.request.prompt, seed=self.request.seed)

    def _steps(self) -> Waiting[None]:
        source, answer = yield from self._read_and_ask()
        yield from self._write(source, answer.motions, "continue")
        span = self.request.span
        self.message = f"Frames {span.start} to {span.end} of {self._armature().name} added."
