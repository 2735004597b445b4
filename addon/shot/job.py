"""The job that makes a shot, or some of its blocks again, and writes them between what stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import bpy

from ...retarget.motion import Motion
from ...retarget.solving.root_motion import IN_PLACE
from ..action.all_or_nothing import all_or_nothing
from ..action.bending import bend
from ..action.fcurves import action_curves, new_action_curves, played_action
from ..action.fingers import KeptFingers, keyed_fingers
from ..action.hands import CharacterHands
from ..action.keys_between import copy_action, plan_curves, read_keys, write_curves
from ..action.later import cut_keys
from ..action.new_action import Curve, NewKeys, ThinCurve, solve_keys, thin_keys, write_keys
from ..character.character import Character
from ..character.placing import OBJECT
from ..character.settings import key_tolerance, wanted_destination
from ..character.typing import ArmatureObject
from ..jobs.context import check_bones
from ..jobs.job import ANSWERED, Stage, Waiting, check_task, in_thread
from ..jobs.motion import MotionJob, carrier_of
from ..jobs.service import Service, Working
from ..jobs.showing import show_frames
from ..overrides.following import Expected, expected_of
from ..poses.given import read_given
from ..poses.limbs import limbs_in_ik
from ..poses.reader import ReadPoses
from .assembling import Around, Frames, lengths_asked, on_scene_frames, with_room
from .data import IN_ACTION, held, redraw_timelines, write_blocks
from .request import ShotRequest, gather_shot, gather_text

Made = tuple[Motion, list[Frames]]
"""An answer, and the frames in it of each block that is made."""


class ShotJob(MotionJob[ShotRequest]):
    """Makes the character's blocks. block: the number of the one that is being made."""

    task = "generate"

    def __init__(self, request: ShotRequest, service: Service) -> None:
        super().__init__(request, service)
        self.block = request.making.start
        self._asked_for = request.making  # the blocks of the request that the backend is working on
        self._unsure: list[str] = []

    @classmethod
    def gather(cls, context: bpy.types.Context) -> ShotRequest:
        return gather_shot(context)

    def _steps(self) -> Waiting[None]:
        if self.request.fresh:
            yield from self._from_origin()
        else:
            yield from self._between()

    def _from_origin(self) -> Waiting[None]:
        """The whole shot in an action of its own, as Text to Motion writes one."""
        yield from self._backend_ready()
        check_task(self._service, self.task)
        motion, spans = yield from self._made(Around())
        self.stage, self.fraction = Stage.TO_ARMATURE, ANSWERED
        yield from self._out_of_edit_mode()
        request, armature = self.request, self._armature()
        character = Character.read(armature)
        destination = character.root_destination(wanted_destination(armature))
        tolerance, hands = key_tolerance(armature), CharacterHands.read(armature, character)
        kept = keyed_fingers(armature, hands, request.first, request.last)

        def solve() -> tuple[Sequence[ThinCurve], Expected]:
            solved = character.solve(on_scene_frames(request, motion, spans), destination)
            expected = expected_of(character, solved, request.first, tolerance.degrees if tolerance else 0.0)
            fingers = hands.shaped(request.hands, kept.sides)
            return thin_keys([*solve_keys(character, solved), *fingers], tolerance), expected

        curves, expected = yield from in_thread(solve)
        self._write_new(curves, kept)
        yield from self._check_overrides(character, expected)

    def _between(self) -> Waiting[None]:
        """Blocks that go on from what is there, in the action or in a copy of it."""
        yield from self._out_of_edit_mode()
        request, armature = self.request, self._armature()
        ik = limbs_in_ik(armature, [pose.at for pose in request.sent])
        character = replace(Character.read(armature, ik), follow_switches=())
        destination = _destination(armature, character)
        read = yield from self._read(character)
        self.stage = Stage.STARTING
        yield from self._backend_ready()
        check_task(self._service, self.task)
        around = yield from in_thread(lambda: Around.of(request, character, read))
        motion, spans = yield from self._made(around)
        self.stage, self.fraction = Stage.TO_KEYS, ANSWERED

        def solve() -> list[Curve]:
            placed = on_scene_frames(request, motion, spans)
            return solve_keys(character, character.solve(placed, destination, fit=False))

        solved = yield from in_thread(solve)
        yield from self._out_of_edit_mode()
        planned = yield from self._planned(character, read, solved)
        self._write_between(planned)
        yield from self._check_keys(character)

    def _made(self, around: Around) -> Waiting[Made]:
        """Ask for the blocks. The last one is made in the room between two motions where it leads into something."""
        from ...backend.tasks import Block, Shot

        request, fps, making = self.request, self.request.target.fps, self.request.making
        lengths = lengths_asked(request)
        blocks = [block.asked(frames / fps) for block, frames in zip(request.made, lengths, strict=True)]
        led = around.after is not None or around.place is not None
        motion, spans = around.before, list[Frames]()
        if whole := blocks[: len(blocks) - 1 if led else len(blocks)]:
            asked = Shot(tuple(whole), blend=request.blend)
            sent = [] if motion is None else [motion]
            motion, spans = yield from self._answered(asked, sent, range(making.start, making.start + len(whole)))
        if led:
            room, parts, redo = with_room(motion, around, lengths[-1])
            near: list[Block] = [Block("stands still")] * len(parts)
            near[redo] = blocks[-1]
            asked = Shot(tuple(near), redo=redo, blend=request.blend)
            motion, said = yield from self._answered(asked, [room], range(making.stop - 1, making.stop))
            spans.append(said[redo])
        assert motion is not None
        return motion, spans

    def _answered(self, task: Any, motions: Sequence[Motion], asked_for: range) -> Waiting[Made]:
        self._asked_for = asked_for
        answer = yield from self._answer(task, motions)
        motion = answer.motions[0]
        said = motion.meta["blocks"]
        self._unsure += [str(one["prompt"]) for one in said if one.get("unsure")]
        return motion, [(int(one["start"]), int(one["stop"])) for one in said]

    def _show(self, event: Working) -> None:
        super()._show(event)
        making, part = self.request.making, self._asked_for
        done = part.start - making.start + event.fraction * len(part)
        self.fraction = ANSWERED * done / len(making)
        before, self.block = self.block, part[min(int(event.fraction * len(part)), len(part) - 1)]
        if self.block != before:
            redraw_timelines()

    def _planned(self, character: Character, read: ReadPoses, solved: list[Curve]) -> Waiting[list[NewKeys]]:
        """The keys of all F-curves: the new ones, and all others as they are."""
        request, armature = self.request, self._armature()
        channels, kept = [(bone, channel) for bone, channel, _ in solved], [pose.frame for pose in request.poses]
        check_bones(armature, (bone for bone, _ in channels if bone != OBJECT))
        given = read_given(armature, character, request.span, request.poses, read, channels)
        old, tolerance = read_keys(armature, request.span, channels, kept), key_tolerance(armature)
        planned = yield from in_thread(lambda: plan_curves(request.span, bend(solved, given), old, tolerance))
        armature = self._armature()
        check_bones(armature, (keys.bone for keys in planned))
        return cut_keys(armature, planned, request.last) if request.cut else planned

    def _write_new(self, curves: Sequence[ThinCurve], kept: KeptFingers) -> None:
        request, armature = self.request, self._armature()
        check_bones(armature, (bone for bone, _, _ in curves if bone != OBJECT))
        with all_or_nothing(armature):
            self.action = write_keys(armature, curves, request.name, request.first, kept.curves).name
            self._finish_with(armature)

    def _write_between(self, planned: Sequence[NewKeys]) -> None:
        request, armature = self.request, self._armature()
        with all_or_nothing(armature):
            if action_curves(armature) is None:
                new_action_curves(armature, request.name)
            elif request.as_new:
                copy_action(armature, request.name)
            self.action = write_curves(armature, planned).name
            self._finish_with(armature)

    def _finish_with(self, armature: ArmatureObject) -> None:
        """What goes with the keys: the blocks, the scene's end and the playhead, one undo step, the message."""
        request, shot, action = self.request, armature.motiongpt_shot, played_action(armature)
        if not held(shot):
            for block in shot.blocks:
                block.made = ""  # in another action
        if action is not None:
            action[IN_ACTION] = True
        if request.replaces:
            shot.start = request.begins
            write_blocks(shot, request.blocks, request.marks)
        else:
            for i in request.making:
                if i < len(shot.blocks) and shot.blocks[i].text == request.blocks[i].text:  # still there
                    shot.blocks[i].seed, shot.blocks[i].made = request.blocks[i].seed, request.marks[i]
        shown = show_frames(request.target, request.first, request.last)
        bpy.ops.ed.undo_push(message=f"MotionGPT: {request.name}")
        count = len(request.making)
        made = f"{count} blocks" if count > 1 else f"block {request.making.start + 1}"
        where = f"Frames {request.first} to {request.last} of {armature.name}, {made}"
        self.message = f'{where}, in the action "{self.action}".{shown}'
        for text in self._unsure:
            self.message += f' The model hardly knows "{text}".'
        redraw_timelines()


class TextShotJob(ShotJob):
    """Makes the actions of the prompt, which become the character's blocks."""

    @classmethod
    def gather(cls, context: bpy.types.Context) -> ShotRequest:
        return gather_text(context)


def _destination(armature: ArmatureObject, character: Character) -> str:
    """What carries the travel: what does in the action, or where there is none, what the settings say."""
    wanted = wanted_destination(armature)
    if wanted == IN_PLACE:
        return IN_PLACE
    if action_curves(armature) is None:
        found = character.root_destination(wanted)
        return found if found in ("hips", "bone") else "hips"
    return carrier_of(armature, character)


def made_for(armature: bpy.types.Object | None, job: Any) -> ShotRequest | None:
    """The request of a job that makes blocks of this armature; None for every other job."""
    if armature is None or not isinstance(job, ShotJob) or job.request.target.armature_uid != armature.session_uid:
        return None
    return job.request
