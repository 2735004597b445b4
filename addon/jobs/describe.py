"""Describing: puts the motion in the scene's frame range, or its preview range, into words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ...backend import limits
from ..action.bending import Span
from ..character.typing import full
from ..poses.keyed import whole_pose
from .context import MotionRequest, Target, check_motion, scene_fps, scene_range
from .job import Waiting
from .motion import MotionJob

if TYPE_CHECKING:
    from ...backend.tasks import AnyTask


class DescribeRequest(MotionRequest):
    """Every frame of the span is a pose that is sent."""

    @property
    def run(self) -> int:
        return len(self.poses)


class DescribeJob(MotionJob[DescribeRequest]):
    """Its message is the description, which is its text, too."""

    task = "caption"

    @classmethod
    def gather(cls, context: bpy.types.Context) -> DescribeRequest:
        check_motion(context)
        scene = full(context).scene
        first, last = scene_range(scene)
        fps = scene_fps(scene)
        limits.check_seconds((last - first + 1) / fps)
        limits.check_described((last - first + 1) / fps, fps)
        poses = tuple(map(whole_pose, range(first, last + 1)))
        return DescribeRequest(Target.gather(context), Span(first, last), poses)

    def _message(self) -> AnyTask:
        from ...backend.tasks import Describe

        return Describe()

    def _steps(self) -> Waiting[None]:
        _, answer = yield from self._read_and_ask()
        self.text = answer.texts[0] if answer.texts else ""
        self.message = self.text or "The model gave no description."
