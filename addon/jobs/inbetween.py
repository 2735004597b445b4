"""In-betweening: generates the frames between the poses that an animator has keyed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import bpy

from ...backend import limits
from ...retarget.errors import MotionGPTError
from ...retarget.motion.known import WHOLE
from ..action.bending import Span
from ..character.character import Character
from ..character.typing import full
from ..poses.keyed import ALL, KeyedPose, choose_poses, gap_around
from ..translation.saying import say, together
from .context import (
    MotionRequest,
    Target,
    check_armature,
    check_writable,
    find_scene,
    frames_before,
    optional_prompt,
    scene_fps,
    scene_range,
)
from .job import Waiting
from .motion import MotionJob

if TYPE_CHECKING:
    from ...backend.tasks import AnyTask

CONTEXT_SECONDS = 1.0 / 3.0
"""How much of the motion before the range is sent, so that the speed at the range's start is kept."""


@dataclass(frozen=True, eq=False)
class InbetweenRequest(MotionRequest):
    """takes: how many versions.  as_new: whether the result goes into a copy of the action.

    redo_in: `session_uid` of the scene whose seed becomes this one's once it has succeeded; 0 for none.
    """

    prompt: str
    seed: int
    takes: int
    as_new: bool
    redo_in: int = 0

    @property
    def known(self) -> tuple[int, ...] | None:
        """The channels that each sent pose gives, as bits of `Known`, or None where all of them give every channel."""
        poses = [pose.known for pose in self.sent]
        return None if set(poses) == {WHOLE} else tuple(known.bits for known in poses)

    @property
    def sent_frames(self) -> int:
        return self.span.frames


class InbetweenJob(MotionJob[InbetweenRequest]):
    task = "inbetween"

    @classmethod
    def gather(cls, context: bpy.types.Context) -> InbetweenRequest:
        scene = full(context).scene
        settings = scene.motiongpt
        given_range = None if settings.range == "KEYS" else scene_range(scene)
        poses = _poses(context, settings.poses, given_range)
        span = given_range or (poses[0].frame, poses[-1].frame)
        return _request(context, poses, span, settings.seed, settings.takes, settings.destination == "NEW")

    def _message(self) -> AnyTask:
        from ...backend.tasks import Inbetween

        request = self.request
        return Inbetween(
            tuple(request.sent_at), request.prompt, seed=request.seed, variations=request.takes, known=request.known
        )

    def _steps(self) -> Waiting[None]:
        source, answer = yield from self._read_and_ask()
        request = self.request
        copy = (limits.one_line(request.prompt) or "In-between")[:60] if request.as_new else ""
        self._text, self._seed = request.prompt, request.seed
        yield from self._write(source, answer.motions, "in-between", copy)
        made = say(
            'Frames {first} to {last} of {armature} generated, in the action "{action}".',
            first=request.span.start, last=request.span.end, armature=self._armature().name, action=self.action,
        )  # fmt: skip
        self.message = self._offered or together(made, self._shown)
        yield from self._check_keys(source.character)

    def _finish(self) -> None:
        scene = find_scene(self.request.redo_in)
        if scene is not None:
            scene.motiongpt.seed = self.request.seed  # so that the same motion can be generated again


def gather_gap(context: bpy.types.Context, seed: int) -> InbetweenRequest:
    """Only the gap around the current frame, between the animator's own keys, with another seed.

    Raises MotionGPTError where that is not possible; nothing is changed.
    """
    poses = _poses(context, ALL, None)
    scene = full(context).scene
    gap = gap_around([pose.frame for pose in poses], scene.frame_current)
    request = _request(context, poses, gap, seed, scene.motiongpt.takes, as_new=False)
    return replace(request, redo_in=scene.session_uid)


def _request(
    context: bpy.types.Context, poses: list[KeyedPose], span: tuple[int, int], seed: int, takes: int, as_new: bool
) -> InbetweenRequest:
    """The request for a range of frames, with the poses in it."""
    scene, (first, last) = full(context).scene, span
    poses = [pose for pose in poses if first <= pose.frame <= last]
    _check_room(poses, first, last)
    fps = scene_fps(scene)
    limits.check_seconds((last - first + 1) / fps)
    check_writable(check_armature(context), as_new)
    before = frames_before(check_armature(context), first, CONTEXT_SECONDS * fps)
    return InbetweenRequest(
        target=Target.gather(context),
        span=Span(first, last, before, frozenset(pose.frame for pose in poses if pose.whole)),
        poses=tuple(poses),
        prompt=optional_prompt(context),
        seed=seed,
        takes=takes,
        as_new=as_new,
    )


def own_frames(context: bpy.types.Context) -> list[int]:
    """The frames on which the animator has keyed poses of the chosen armature. Raises MotionGPTError if none."""
    return [pose.frame for pose in _poses(context, ALL, None)]


def _poses(context: bpy.types.Context, how: str, within: tuple[int, int] | None) -> list[KeyedPose]:
    armature = check_armature(context)
    return choose_poses(full(context).scene, armature, Character.read(armature), how, within)


def _check_room(poses: list[KeyedPose], first: int, last: int) -> None:
    """Raises MotionGPTError where no frame is left to generate."""
    if len(poses) == 1 and first == last:
        raise MotionGPTError(
            "One pose alone spans no frames.", "Choose a second pose, or a longer frame range of the scene under Range."
        )
    if sum(pose.known == WHOLE for pose in poses) == last - first + 1:
        raise MotionGPTError("No frame lies between the chosen poses.", "Choose poses with frames between them.")
