"""Continuing: extends the existing motion after the current frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...backend import limits
from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.motion.joining import led_into, placed_at
from ...retarget.rigs.calibration import calibrate_from_rest
from ...retarget.solving.solve import to_bones
from ..action.bending import Span, bend
from ..action.fcurves import key_frames
from ..action.keys_between import plan_curves
from ..action.later import Move, as_planned, find_movers, moved_given, moved_keys
from ..action.new_action import Curve, NewKeys, solve_keys
from ..character.character import Character
from ..character.settings import key_tolerance
from ..character.typing import full
from ..poses.given import read_given
from ..poses.keyed import KeyedPose, whole_pose
from ..translation.saying import say, together
from .context import (
    MotionRequest,
    Target,
    check_animated,
    check_bones,
    check_motion,
    check_writable,
    frames_before,
    optional_prompt,
    scene_fps,
    wanted_seconds,
)
from .job import ANSWERED, Stage, Waiting, in_thread
from .motion import MotionJob, Source, fill, read_motion

if TYPE_CHECKING:
    from ...backend.tasks import AnyTask

HISTORY_SECONDS = 3.5
"""How much of the motion before the current frame is sent; no model looks further back."""


@dataclass(frozen=True, eq=False)
class ContinueRequest(MotionRequest):
    """The span begins with the current frame, whose pose is kept.

    goes_on: whether what comes after the span goes on from where it ends, moved along; then the pose on its last frame,
    where the old motion takes over, is kept, too.  cut: whether what comes after is deleted.  as_new: whether the
    result goes into a copy of the action.
    """

    prompt: str
    seed: int
    takes: int
    seconds: float
    goes_on: bool
    cut: bool
    as_new: bool

    @property
    def run(self) -> int:
        return self.span.before + 1

    @property
    def sent(self) -> list[KeyedPose]:
        return [*map(whole_pose, range(self.span.origin, self.span.start + 1))]

    @property
    def read_at(self) -> list[float]:
        after = (self.span.end, self.span.end + 1) if self.goes_on else ()  # two frames, as they have a speed
        return [*super().read_at, *map(float, after)]


class ContinueJob(MotionJob[ContinueRequest]):
    task = "continue"

    @classmethod
    def gather(cls, context: bpy.types.Context) -> ContinueRequest:
        scene, armature = full(context).scene, check_motion(context)
        settings, fps, now = scene.motiongpt, scene_fps(scene), scene.frame_current
        seconds = wanted_seconds(scene)
        limits.check_seconds(seconds)
        check_writable(armature, settings.destination == "NEW")
        before = frames_before(armature, now, HISTORY_SECONDS * fps)
        end = now + max(1, round(seconds * fps))
        last = max((float(key_frames(c).max(initial=now)) for c in check_animated(armature).fcurves), default=now)
        goes_on = settings.after == "MOVE" and last > end
        return ContinueRequest(
            target=Target.gather(context),
            span=Span(now, end, before),
            poses=(whole_pose(now), whole_pose(end)) if goes_on else (whole_pose(now),),
            prompt=optional_prompt(context),
            seed=settings.seed,
            takes=settings.text_takes,
            seconds=(end - now) / fps,
            goes_on=goes_on,
            cut=settings.after == "CUT" and last > end,
            as_new=settings.destination == "NEW",
        )

    def _message(self) -> AnyTask:
        from ...backend.tasks import Continue

        request = self.request
        return Continue(request.seconds, request.prompt, seed=request.seed, variations=request.takes)

    def _steps(self) -> Waiting[None]:
        source, answer = yield from self._read_and_ask()
        self.stage, self.fraction = Stage.TO_KEYS, ANSWERED
        solved = yield from in_thread(lambda: [self._solved(source, motion) for motion in answer.motions])
        yield from self._out_of_edit_mode()
        request, planned = self.request, []
        for keys, move in solved:
            planned.append((yield from self._prepare(source, keys, move)))
        if request.cut:
            planned = yield from self._cut(planned, request.span.end)
        self._text, self._seed = request.prompt, request.seed
        copy = (limits.one_line(request.prompt) or "Continue")[:60] if request.as_new else ""
        # The playhead goes to its end, so that the next press adds to it.
        yield from self._put(answer.motions, planned, "continue", copy, request.span.end)
        added = say(
            'Frames {first} to {last} of {armature} added, in the action "{action}".',
            first=request.span.start, last=request.span.end, armature=self._armature().name, action=self.action,
        )  # fmt: skip
        self.message = self._offered or together(added, self._shown)
        if request.goes_on or request.cut:
            after = "What comes after is cut." if request.cut else "What comes after is moved along."
            self.message = together(self.message, say(after))
        yield from self._check_keys(source.character)

    def _solved(self, source: Source, motion: Motion) -> tuple[list[Curve], Move | None]:
        """The values of all keys, and how what comes after moves."""
        request, character = self.request, source.character
        motion, move = fill(request, motion), None
        if request.goes_on:
            after = read_motion(request, character, source.read, np.s_[len(request.sent) :])
            after = after.resample(motion.fps, len(after)) if after.fps != motion.fps else after
            placed = placed_at(after, 0, motion, len(motion) - 1)
            motion, move = led_into(motion, placed), _move_between(character, after, placed)
        return solve_keys(character, character.solve(motion, source.destination, fit=False)), move

    def _prepare(self, source: Source, solved: list[Curve], move: Move | None) -> Waiting[list[NewKeys]]:
        """The keys of all F-curves."""
        armature = self._armature()
        span, channels = self.request.span, [(bone, channel) for bone, channel, _ in solved]
        check_bones(armature, (bone for bone, _ in channels))
        given = read_given(armature, source.character, span, self.request.poses, source.read, channels)
        old = yield from self._read_keys(span, channels)
        armature = self._armature()
        tolerance = key_tolerance(armature)
        alone = {}
        if move is not None:
            movers = find_movers(armature, source.character, move, channels)
            moved_given(given, movers, span.frames - 1)
            moved = moved_keys(armature, movers, span, channels)
            old |= {key: keys for key, keys in moved.items() if key[:2] in channels}
            alone = {key: keys for key, keys in moved.items() if key[:2] not in channels}
        return (
            yield from in_thread(lambda: [*plan_curves(span, bend(solved, given), old, tolerance), *as_planned(alone)])
        )


def _move_between(character: Character, motion: Motion, moved: Motion) -> Move:
    """What takes the first frame of a motion to that of the same motion placed elsewhere, on the character's bones."""
    rig, mapping = character.rig, character.mapping
    axes = calibrate_from_rest(rig, mapping).axes
    yaw = rot.multiply(rot.yaw(moved.rotations[0, 0]), rot.conjugate(rot.yaw(motion.rotations[0, 0])))
    turn = rot.multiply(rot.conjugate(axes), rot.multiply(yaw, axes))
    hips = rig.heads[rig.index[mapping.root_bone]]
    before, after = (
        hips + to_bones(m.slice(0, 1), rig, mapping, fit=False).root_translation[0] for m in (motion, moved)
    )
    return Move(turn, after - rot.rotate(turn, before))
