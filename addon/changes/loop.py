"""Make Loop: the best cycle of the motion that a character plays, as a new action beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.motion.sparse_curves import SparseCurve
from ...retarget.motion.travel.loops import looped
from ...retarget.solving.fit import body_offsets, put_on_body
from ...retarget.solving.laps import solve_loop
from ...retarget.solving.solve import to_motion
from ..action.all_or_nothing import all_or_nothing
from ..action.bending import Span
from ..action.fcurves import ActionCurves, action_curves, complete, dense_points, is_switch, sparse_points, write_points
from ..action.generated import generated_type
from ..action.leading import copy_all, lead
from ..action.new_action import ThinCurve, solve_keys, thin_keys
from ..character.character import Character
from ..character.settings import key_tolerance
from ..character.typing import ArmatureObject
from ..jobs.context import Target, check_animated, find_scene, scene_range
from ..jobs.job import ANSWERED, Stage, Waiting, in_thread
from ..jobs.motion import carrier_of
from ..poses.reader import ReadPoses
from ..translation.saying import say
from ..travel.cycles import make_cyclic, show_cycle
from .reading import ChangeJob, ChangeRequest, keyed_span, read_character, read_poses


@dataclass(frozen=True, eq=False)
class LoopRequest(ChangeRequest):
    """show: whether the scene then plays just the cycle."""

    show: bool


class LoopJob(ChangeJob[LoopRequest]):
    """Reads the motion, closes its best cycle, and writes a copy of the action with it."""

    @classmethod
    def gather(cls, context: bpy.types.Context) -> LoopRequest:
        scene, armature = cls.character_of(context)
        first, last = keyed_span(armature)
        begin, end = scene_range(scene)
        first, last = max(first, begin), min(last, end)
        if last - first < 2:
            raise MotionGPTError(
                "The scene's range holds no motion of this armature.", "Set the range around the motion to loop."
            )
        return LoopRequest(Target.gather(context), Span(first, last), bool(scene.motiongpt_paths.loop_range))  # type: ignore[attr-defined]

    def _steps(self) -> Waiting[None]:
        yield from self._out_of_edit_mode()
        self.stage = Stage.POSES
        span, target = self.request.span, self.request.target
        frames = range(span.start, span.end + 1)
        armature = self._armature()
        character = read_character(armature, frames)
        destination = carrier_of(armature, character)
        read = yield from read_poses(armature, character, frames, target.rate)
        self.stage, self.fraction = Stage.TO_KEYS, ANSWERED
        tolerance = key_tolerance(self._armature())

        def solve() -> tuple[Sequence[ThinCurve], int, int]:
            loop, start = cycle_of(character, read, target.fps)
            solved = solve_loop(loop, lambda laps: character.solve(laps, destination, fit=False))
            return thin_keys(solve_keys(character, solved), tolerance), start, len(loop)

        curves, start, count = yield from in_thread(solve)
        yield from self._out_of_edit_mode()
        self._write(curves, span.start + start, count)

    def _write(self, curves: Sequence[ThinCurve], first: int, count: int) -> None:
        armature = self._armature()
        action = check_animated(armature).action
        with all_or_nothing(armature, say("Make Loop")):
            copy_all(armature, f"{action.name[:55]} loop")
            copied = action_curves(armature)
            assert copied is not None
            replace_curves(copied, curves, first)
            make_cyclic(copied, first, count)
            lead(armature)
            armature.update_tag()
            self.action = copied.action.name
            scene = find_scene(self.request.target.scene_uid)
            if self.request.show and scene is not None:
                show_cycle(scene, first, count)
        self.message = say(
            'A cycle of {count} frames, {first} to {last}, of {armature}, in the action "{action}".',
            count=count, first=first, last=first + count - 1, armature=armature.name, action=self.action,
        )  # fmt: skip


def cycle_of(character: Character, read: ReadPoses, fps: float) -> tuple[Motion, int]:
    """The best cycle of poses that were read, where it was, and the pose at which it begins."""
    rig, mapping = character.rig, character.mapping
    motion = put_on_body(to_motion(rig, mapping, read.rotations, read.heads, fps), body_offsets(rig, mapping))
    loop = looped(motion)
    start = int(loop.meta["loop"]["start"])
    return loop.shifted(motion.root_position[start] * [1.0, 0.0, 1.0]), start


def replace_curves(action: ActionCurves, curves: Sequence[ThinCurve], first: int) -> None:
    """Put these curves into an action in place of those that it has for the same channels."""
    own = action.by_bone()
    for bone, channel, values in curves:
        if is_switch(channel) and (bone, channel) in own:
            continue  # it is as the animator has it
        keys = (
            sparse_points(first, values)
            if isinstance(values, SparseCurve)
            else dense_points(first, values[:1] if is_switch(channel) else values)
        )
        for index, points in enumerate(keys):
            curve = own.get((bone, channel), {}).get(index) or action.new(bone, channel, index)
            write_points(curve, complete(points, generated_type()))


def describe(armature_object: ArmatureObject) -> str:
    """What the panel says of the loop that an armature plays; "" for none."""
    from ..travel.cycles import cycle_of as frames_of

    curves = action_curves(armature_object)
    frames = frames_of(curves.action) if curves else 0
    return say("Plays a cycle of {frames} frames", frames=frames) if frames else ""
