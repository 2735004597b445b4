"""What the tasks on existing animation share: it is read and sent, and the answer may be written back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.solving.fit import body_offsets, put_on_body
from ...retarget.solving.keyed_poses import spread_poses
from ...retarget.solving.root_motion import BONE, HIPS
from ...retarget.solving.solve import to_motion
from ...retarget.typing import Indices
from ..action.all_or_nothing import all_or_nothing
from ..action.bending import Span, bend
from ..action.fcurves import action_curves, key_frames, number_of_keys, played_action
from ..action.keys_between import (
    CurveKey,
    OldKeys,
    changed_beside,
    follow_up,
    in_its_place,
    plan_curves,
    read_keys,
    write_curves,
)
from ..action.later import cut, cut_others
from ..action.leading import copy_all
from ..action.new_action import Curve, NewKeys, solve_keys
from ..character.character import Character
from ..character.placing import OBJECT
from ..character.settings import key_tolerance
from ..character.typing import ArmatureObject, full
from ..overrides.following import expected_of_keys
from ..poses.given import read_given
from ..poses.limbs import limbs_in_ik
from ..poses.reader import PoseReader, ReadPoses, few_rows
from ..review.origin import Origin, write_origin
from ..review.reviewing import Offer, packed, shown_curves
from ..review.state import NEW, SAME, is_open
from ..translation.saying import say
from .context import MotionRequest, check_armature, check_bones, scene_fps
from .job import ANSWERED, Job, Stage, Waiting, check_task, in_thread
from .service import Finished, Service
from .showing import offer_takes, show_frames

if TYPE_CHECKING:
    from ...backend.tasks import AnyTask

READING_SECONDS = 0.03
"""How long a tick may read poses; one pose of a large control rig takes a third of that."""


_CHANNELS = 8
"""How many channels' keys a tick reads."""

M = TypeVar("M", bound=MotionRequest)


@dataclass(frozen=True, eq=False)
class Source:
    """What was read before the backend was asked.

    destination: what carries the travel in the current action, as `retarget.solving.root_motion.carry` takes it.
    """

    character: Character
    destination: str
    read: ReadPoses


class MotionJob(Job[M]):
    """A job on existing animation. Creating one raises MotionGPTError for more frames than can be sent."""

    _shown = ""  # what `show_frames` changed
    _offered = ""  # what to say of takes that wait to be chosen
    _old = 0  # what tells the keys that new ones are fitted to from others
    _text, _seed = "", 0  # what was asked for, in the tasks that make motion

    def __init__(self, request: M, service: Service) -> None:
        super().__init__(request, service)
        request.check_frames()

    @classmethod
    def check(cls, context: bpy.types.Context, service: Service) -> None:
        check_armature(context)
        scene_fps(full(context).scene)
        check_task(service, cls.task)

    def _message(self) -> AnyTask:
        """The request to the backend, which is running when this is called."""
        raise NotImplementedError

    def _read_and_ask(self) -> Waiting[tuple[Source, Finished]]:
        """Read the animation, send it, and wait for the answer."""
        yield from self._out_of_edit_mode()
        armature = self._armature()
        # A control rig's other switches stay as the animator has them: the keyed poses were made with them.
        # Its limbs stay under the controls that they are under, whatever the settings say.
        ik = limbs_in_ik(armature, [pose.at for pose in self.request.poses])
        character = replace(Character.read(armature, ik), follow_switches=())
        destination = carrier_of(armature, character)
        read = yield from self._read(character)
        self.stage = Stage.STARTING
        yield from self._backend_ready()
        check_task(self._service, self.task)
        motion = yield from in_thread(lambda: sent_motion(self.request, character, read))
        answer = yield from self._answer(self._message(), (motion,))
        return Source(character, destination, read), answer

    def _read(self, character: Character) -> Waiting[ReadPoses]:
        """The poses that the request names, a few per tick."""
        self.stage = Stage.POSES
        reader = PoseReader(self._armature(), character.rig, character.keyed)
        yield  # the character has taken its share of this tick
        wanted, run = self.request.read_at, self.request.run
        rows = few_rows(run, self.request.target.fps)
        reading = reader.read([wanted[i] for i in rows] + wanted[run:], self.request.target.rate)
        try:
            yield from _over_ticks(reading)
        finally:
            reading.close()
        self._armature()  # raises where it was deleted meanwhile
        return (yield from in_thread(lambda: reader.poses().filled_in(rows, run)))

    def _write(self, source: Source, motions: Sequence[Motion], undo: str, copy: str = "") -> Waiting[None]:
        """Write a motion into the action, or into a copy named `copy`, as one undo step, all of it or nothing; or put
        several before the animator, as takes to choose from."""
        self.stage, self.fraction = Stage.TO_KEYS, ANSWERED
        request, character = self.request, source.character

        def solve(motion: Motion) -> list[Curve]:
            return solve_keys(character, character.solve(fill(request, motion), source.destination, fit=False))

        solved = yield from in_thread(lambda: tuple(map(solve, motions)))
        yield from self._out_of_edit_mode()
        planned = yield from self._plan(source, solved)
        yield from self._put(motions, planned, undo, copy)

    def _plan(self, source: Source, solved: Sequence[list[Curve]]) -> Waiting[list[list[NewKeys]]]:
        """The keys of all versions, bent to the current ones.

        Raises MotionGPTError where bones or kept keys are gone.
        """
        request, armature = self.request, self._armature()
        channels = [(bone, channel) for bone, channel, _ in solved[0]]
        self._check_there(channels)
        given = read_given(armature, source.character, request.span, request.poses, source.read, channels)
        old = yield from self._read_keys(request.span, channels)
        tolerance = key_tolerance(self._armature())
        return (
            yield from in_thread(
                lambda: [plan_curves(request.span, bend(each, given), old, tolerance) for each in solved]
            )
        )

    def _read_keys(
        self, span: Span, channels: Sequence[tuple[str, str]], also: Sequence[int] = ()
    ) -> Waiting[dict[CurveKey, OldKeys]]:
        """`read_keys`, a few channels a tick: long actions have a hundred thousand keys."""
        found: dict[CurveKey, OldKeys] = {}
        self._old = self._number_of_keys()
        for at in range(0, len(channels), _CHANNELS):
            yield
            found |= read_keys(self._armature(), span, channels[at : at + _CHANNELS], also)
        yield
        return found

    def _cut(self, planned: Sequence[list[NewKeys]], last: int) -> Waiting[list[list[NewKeys]]]:
        """The keys of all versions without those after a frame, of every F-curve."""
        others = cut_others(self._armature(), planned[0], last)  # all versions have keys on the same F-curves
        return (yield from in_thread(lambda: [[*cut(keys, last), *others] for keys in planned]))

    def _number_of_keys(self) -> int:
        curves = action_curves(self._armature())
        return number_of_keys(curves) if curves else 0

    def _check_there(self, channels: Sequence[tuple[str, str]]) -> None:
        """Raises MotionGPTError where bones that are animated, or the keys of a kept pose, are gone."""
        armature = self._armature()
        check_bones(armature, (bone for bone, _ in channels if bone != OBJECT))
        curves = action_curves(armature)
        kept = [pose.frame for pose in self.request.poses if not pose.whole]
        found = [key_frames(curve).round() for curve in (curves.fcurves if curves and kept else ())]
        gone = np.setdiff1d(kept, np.concatenate([np.zeros(0), *found])).astype(int).tolist()
        if gone:
            raise MotionGPTError(say("The keys on frame {frame} are gone.", frame=gone[0]), "Press In-Between again.")

    def _put(
        self,
        motions: Sequence[Motion],
        planned: Sequence[Sequence[NewKeys]],
        undo: str,
        copy: str,
        at: int | None = None,
    ) -> Waiting[None]:
        """Write the keys of one version, or offer those of several. copy: as in `_write`.  at: the playhead's frame."""
        request = self.request
        self._check_there([(keys.bone, keys.channel) for keys in planned[0]])
        if len(planned) > 1 or is_open(self._armature()):
            yield from self._offer(motions, planned, undo, copy)
            return

        def finish(action: bpy.types.Action) -> None:
            write_origin(action, self._origin(motions[0]))
            self.action = action.name
            self._finish()
            self._shown = show_frames(request.target, request.span.start, request.span.end, at)

        yield from self._change(planned[0], undo, copy, finish)

    def _change(
        self, keys: Sequence[NewKeys], undo: str, copy: str, finish: Callable[[bpy.types.Action], None]
    ) -> Waiting[None]:
        """Give the armature's action, or a copy named `copy`, these keys, as one undo step, all of it or nothing.
        finish: does what goes with them."""
        with ExitStack() as until:
            changed = yield from self._beside(until, lambda: changed_beside(self._armature(), keys))
            self._check_there([(own.bone, own.channel) for own in keys])
            armature = self._armature()
            if self._number_of_keys() != self._old:
                raise MotionGPTError(
                    say('Keys of "{armature}" were changed while others were fitted to them.', armature=armature.name),
                    "Press the button again: the same seed gives the same motion.",
                )
            in_place = not copy and not changed.may_replace(armature)
            with all_or_nothing(armature, undo, keys=in_place), ExitStack() as swapped:
                action = changed.copy
                if copy:
                    copy_all(armature, copy, action)
                    follow_up(armature)
                elif in_place:
                    action = write_curves(armature, keys)
                else:
                    swapped.enter_context(in_its_place(armature, changed))
                    follow_up(armature)
                finish(action)

    def _offer(
        self, motions: Sequence[Motion], planned: Sequence[Sequence[NewKeys]], undo: str, copy: str
    ) -> Waiting[None]:
        under, based, into = shown_curves(self._armature())
        origins = [self._origin(motion) for motion in motions]
        title = copy or (action.name if (action := played_action(self._armature())) else undo)

        def pack() -> list[Offer]:
            return [
                Offer(
                    packed(keys, under=under), tuple((k.bone, k.channel) for k in keys), title, origin, based,
                    into or (NEW if copy else SAME),
                )
                for keys, origin in zip(planned, origins, strict=True)
            ]  # fmt: skip

        offers = yield from in_thread(pack)
        self._finish()
        self.action, self._offered = yield from offer_takes(self.request.target, self._armature, offers, undo)

    def _origin(self, motion: Motion) -> Origin:
        """Where one version of the result comes from."""
        request = self.request
        seconds = (request.span.end - request.span.start) / request.target.fps
        return Origin.of(motion, self.task, self._text, self._seed, seconds, (request.span.start, request.span.end))

    def _finish(self) -> None:
        """What else changes with the keys, and is undone with them."""

    def _check_keys(self, character: Character) -> Waiting[None]:
        """See whether the bones follow the keys of the range."""
        self._note_kept()
        yield  # writing has taken its share of this tick
        span = self.request.span
        yield from self._check_overrides(
            character, lambda: expected_of_keys(self._armature(), character, span.start, span.end)
        )


def _over_ticks(reading: Iterator[None]) -> Waiting[None]:
    """Run an iterator to its end, for READING_SECONDS per tick."""
    try:
        while True:
            began = time.perf_counter()
            next(reading)
            while time.perf_counter() - began < READING_SECONDS:
                next(reading)
            yield
    except StopIteration:
        return


def sent_motion(request: MotionRequest, character: Character, read: ReadPoses) -> Motion:
    """The motion to send: the poses that were read, each on its frame, on the rig's own body."""
    at = np.array(request.sent_at, dtype=np.intp)
    return spread_poses(read_motion(request, character, read, np.s_[: len(at)]), at, request.sent_frames)


def read_motion(request: MotionRequest, character: Character, read: ReadPoses, rows: slice | Indices) -> Motion:
    """Some of the poses that were read, as a motion on the rig's own body."""
    rig, mapping = character.rig, character.mapping
    poses = to_motion(rig, mapping, read.rotations[rows], read.heads[rows], request.target.fps)
    return put_on_body(poses, body_offsets(rig, mapping))


def carrier_of(armature: ArmatureObject, character: Character) -> str:
    """What carries the travel in the current action: the root bone where the animator has keyed it, else the hips."""
    places, curves = character.places, action_curves(armature)
    if places.root is None or places.root.name == places.hips.name or curves is None:
        return HIPS
    return BONE if (places.root.name, "location") in curves.by_bone() else HIPS


def fill(request: MotionRequest, motion: Motion) -> Motion:
    """The answer, resampled to the request's frames and rate if it has others."""
    if len(motion) != request.span.frames or motion.fps != request.target.fps:
        motion = motion.resample(request.target.fps, request.span.frames)
    return motion
