"""The job that makes a shot, or some of its blocks again, and writes them between what stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import bpy

from ...retarget.motion import Motion
from ...retarget.rigs.rig import RigMotion
from ...retarget.solving.pins import pinned
from ...retarget.solving.root_motion import IN_PLACE
from ..action.all_or_nothing import all_or_nothing
from ..action.bending import bend
from ..action.fcurves import action_curves, new_action_curves, played_action
from ..action.fingers import keyed_fingers
from ..action.hands import CharacterHands
from ..action.keys_between import plan_curves, write_curves
from ..action.new_action import Curve, NewKeys, ThinCurve, keys_of_curves, solve_keys, thin_keys, write_keys
from ..character.character import Character
from ..character.placing import OBJECT
from ..character.settings import key_tolerance, wanted_destination
from ..character.typing import ArmatureObject
from ..jobs.context import check_bones
from ..jobs.job import ANSWERED, Stage, Waiting, check_task, in_thread
from ..jobs.motion import MotionJob, carrier_of
from ..jobs.service import Service, Working
from ..jobs.showing import offer_takes, show_frames
from ..overrides.following import Expected, expected_of
from ..poses.given import read_given
from ..poses.limbs import limbs_in_ik
from ..poses.reader import ReadPoses
from ..review.blocks import blocks_text, write_whole_origin
from ..review.origin import Origin
from ..review.reviewing import Offer, packed, shown_curves
from ..review.state import FROM_BEFORE, FROM_NOTHING, NEW, SAME, is_open
from ..translation.saying import say, together
from ..travel.finishing import cut
from ..travel.pins import missed
from .assembling import Around, Frames, lengths_asked, on_scene_frames, with_room
from .data import redraw_timelines
from .noting import blocks_of_take, note_made, origin_of, with_doubt
from .request import ShotRequest, gather_shot, gather_text

Made = tuple[Motion, list[Frames]]
"""An answer, and the frames in it of each block that is made."""


class ShotJob(MotionJob[ShotRequest]):
    """Makes the character's blocks, in one version or in several takes. block: the number of the one that is being
    made."""

    task = "generate"

    def __init__(self, request: ShotRequest, service: Service) -> None:
        super().__init__(request, service)
        self.block = request.making.start
        self._asked_for = request.making  # the blocks of the request that the backend is working on
        self._unsure: list[dict[str, Any]] = []
        self._missed = ""  # what to say of pins out of reach
        self.body = request.body

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
        versions = yield from self._versions(Around())
        self.stage, self.fraction = Stage.TO_ARMATURE, ANSWERED
        yield from self._out_of_edit_mode()
        request, armature = self.request, self._armature()
        character = Character.read(armature)
        destination = character.root_destination(wanted_destination(armature))
        tolerance, hands = key_tolerance(armature), CharacterHands.read(armature, character)
        kept = keyed_fingers(armature, hands, request.first, request.last)

        def solve() -> tuple[list[Sequence[ThinCurve]], Expected]:
            solved = [self._pinned(character, made, destination) for made in versions]
            expected = expected_of(character, solved[0], request.first, tolerance.degrees if tolerance else 0.0)
            fingers = hands.shaped(request.hands, kept.sides)
            return [thin_keys([*solve_keys(character, one), *fingers], tolerance) for one in solved], expected

        takes, expected = yield from in_thread(solve)
        check_bones(self._armature(), (bone for bone, _, _ in takes[0] if bone != OBJECT))
        if self._offers:
            packs = yield from in_thread(
                lambda: [packed(keys_of_curves(curves, request.first), kept.curves) for curves in takes]
            )
            channels = tuple((bone, channel) for bone, channel, _ in takes[0])
            yield from self._offer_versions(versions, packs, channels, request.name)
        else:
            yield from self._write_new(
                takes[0], request.first, kept.curves, request.name,
                lambda made: self._put_new(versions[0][0], takes[0], made),
            )  # fmt: skip
        yield from self._check_overrides(character, lambda: expected)

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
        versions = yield from self._versions(around)
        self.stage, self.fraction = Stage.TO_KEYS, ANSWERED

        def solve(made: Made) -> list[Curve]:
            return solve_keys(character, self._pinned(character, made, destination, fit=False))

        solved = yield from in_thread(lambda: [solve(made) for made in versions])
        yield from self._out_of_edit_mode()
        planned = []
        for curves in solved:
            planned.append((yield from self._planned(character, read, curves)))
        if self._offers:
            yield from self._offer_between(versions, planned)
        else:
            yield from self._write_between(versions[0][0], planned[0])
        yield from self._check_keys(character)

    @property
    def _offers(self) -> bool:
        """Whether the animator chooses: there are several versions, or takes to choose from already."""
        return self.request.takes > 1 or is_open(self._armature())

    def _versions(self, around: Around) -> Waiting[list[Made]]:
        """Each version of the blocks."""
        versions = []
        for number, version in enumerate(self.request.versions):
            self.live_take, known = number, len(self._unsure)
            motion, spans = yield from self._made(version, around)
            versions.append((with_doubt(motion, self._unsure[known:]), spans))
        return versions

    def _made(self, request: ShotRequest, around: Around) -> Waiting[Made]:
        """Ask for the blocks of one version. The last one is made in the room between two motions where it leads into
        something."""
        from ...backend.tasks import Block, Shot

        fps, making = request.target.fps, request.making
        lengths = lengths_asked(request)
        blocks = [
            request.wishes.asked(block.asked(frames / fps), i)
            for i, (block, frames) in enumerate(zip(request.made, lengths, strict=True))
        ]
        led = around.after is not None or around.place is not None
        motion, spans = around.before, list[Frames]()
        self.live_from = 0 if motion is None else len(motion)
        if whole := blocks[: len(blocks) - 1 if led else len(blocks)]:
            asked = Shot(tuple(whole), path=request.wishes.path, blend=request.blend)
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

    def _pinned(self, character: Character, made: Made, destination: str, fit: bool = True) -> RigMotion:
        """A version on the character, its limbs where the pins hold them."""
        pins, rig, mapping = self.request.wishes.pins, character.rig, character.mapping
        solved = character.solve(on_scene_frames(self.request, *made), destination, fit=fit)
        solved, far = pinned(solved, rig, mapping, [cut(pin, len(solved.basis)) for pin in pins])
        self._missed = self._missed or missed(pins, far)
        return solved

    def _answered(self, task: Any, motions: Sequence[Motion], asked_for: range) -> Waiting[Made]:
        self._asked_for = asked_for
        answer = yield from self._answer(task, motions)
        motion = answer.motions[0]
        said = motion.meta["blocks"]
        self._unsure += [one for one in said if one.get("unsure")]
        return motion, [(int(one["start"]), int(one["stop"])) for one in said]

    def _show(self, event: Working) -> None:
        super()._show(event)
        making, part = self.request.making, self._asked_for
        done = part.start - making.start + event.fraction * len(part)
        self.fraction = ANSWERED * (self.live_take + done / len(making)) / self.request.takes
        before, self.block = self.block, part[min(int(event.fraction * len(part)), len(part) - 1)]
        if self.block != before:
            redraw_timelines()

    def _planned(self, character: Character, read: ReadPoses, solved: list[Curve]) -> Waiting[list[NewKeys]]:
        """The keys of all F-curves: the new ones, and all others as they are."""
        request, armature = self.request, self._armature()
        channels, kept = [(bone, channel) for bone, channel, _ in solved], [pose.frame for pose in request.poses]
        check_bones(armature, (bone for bone, _ in channels if bone != OBJECT))
        given = read_given(armature, character, request.span, request.poses, read, channels, kept)
        old = yield from self._read_keys(request.span, channels, kept)
        tolerance = key_tolerance(self._armature())
        planned = yield from in_thread(lambda: plan_curves(request.span, bend(solved, given), old, tolerance))
        check_bones(self._armature(), (keys.bone for keys in planned))
        return (yield from self._cut([planned], request.last))[0] if request.cut else planned

    def _origin(self, motion: Motion) -> Origin:
        """Where the first version comes from."""
        return origin_of(self.request, motion)

    def _offer_between(self, versions: Sequence[Made], planned: Sequence[Sequence[NewKeys]]) -> Waiting[None]:
        """Put versions that change what the armature plays now before the animator."""
        request, armature = self.request, self._armature()
        under, based, into = shown_curves(armature)
        if based == FROM_BEFORE and action_curves(armature) is None:
            based, into = FROM_NOTHING, NEW
        packs = yield from in_thread(lambda: [packed(keys, under=under) for keys in planned])
        action = played_action(self._armature())
        title = request.name if request.as_new or action is None else action.name
        channels = tuple((keys.bone, keys.channel) for keys in planned[0])
        into = into or (NEW if request.as_new else SAME)
        yield from self._offer_versions(versions, packs, channels, title, based, into)

    def _offer_versions(
        self, versions: Sequence[Made], packs: Sequence[str], channels: tuple[tuple[str, str], ...], title: str,
        based: str = FROM_NOTHING, into: str = NEW,
    ) -> Waiting[None]:  # fmt: skip
        """Put the takes before the animator, each with its blocks."""
        request, armature = self.request, self._armature()
        offers = [
            Offer(
                pack, channels, title, origin_of(version, motion), based, into,
                blocks=blocks_of_take(armature, version),
            )
            for version, (motion, _), pack in zip(request.versions, versions, packs, strict=True)
        ]  # fmt: skip
        self.action, said = yield from offer_takes(request.target, self._armature, offers, request.name)
        self.message = together(said, self._missed, self._doubt())
        redraw_timelines()

    def _doubt(self) -> str:
        """What to say of texts that the model hardly knows."""
        texts = dict.fromkeys(str(one["prompt"]) for one in self._unsure)
        return together(*(say('The model hardly knows "{text}".', text=text) for text in texts))

    def _put_new(self, motion: Motion, curves: Sequence[ThinCurve], made: bpy.types.Action) -> None:
        armature = self._armature()
        action = write_keys(armature, curves, self.request.name, self.request.first, made=made)
        self._finish_with(armature, action, motion)

    def _write_between(self, motion: Motion, planned: Sequence[NewKeys]) -> Waiting[None]:
        request, armature = self.request, self._armature()
        if action_curves(armature) is None:
            with all_or_nothing(armature, request.name):
                new_action_curves(armature, request.name)
                self._finish_with(armature, write_curves(armature, planned), motion)
            return
        copy = request.name if request.as_new else ""
        yield from self._change(
            planned, request.name, copy, lambda action: self._finish_with(self._armature(), action, motion)
        )

    def _finish_with(self, armature: ArmatureObject, action: bpy.types.Action, motion: Motion) -> None:
        """What goes with the keys: the blocks, where they come from, the scene's end and the playhead, the message."""
        request, self.action = self.request, action.name
        note_made(armature, request)
        write_whole_origin(action, self._origin(motion), blocks_text(armature))
        shown = show_frames(request.target, request.first, request.last)
        done = 'Frames {first} to {last} of {armature}, {count} blocks, in the action "{action}".'
        if len(request.making) == 1:
            done = 'Frames {first} to {last} of {armature}, block {number}, in the action "{action}".'
        done = say(
            done, first=request.first, last=request.last, armature=armature.name, action=self.action,
            count=len(request.making), number=request.making.start + 1,
        )  # fmt: skip
        self.message = together(done, shown, self._missed, self._doubt())
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
