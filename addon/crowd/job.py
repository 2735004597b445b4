"""The job for several characters: all are asked for at once, solved, and then written one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import bpy

from ...backend.limits import MAX_QUEUE
from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..action.all_or_nothing import all_or_nothing, push_undo
from ..jobs.generate import GenerateJob, Solved, as_one
from ..jobs.job import ANSWERED, Job, Stage, Waiting, check_task
from ..jobs.service import STUCK, Finished, Service, Working
from ..poses.reader import find_armature
from ..translation.saying import say, together, told
from .request import CrowdRequest, gather_crowd, parts_of

if TYPE_CHECKING:
    from ...backend.tasks import AnyTask

T = TypeVar("T")


class _Member(GenerateJob):
    """One character's part. motion, solved: its result, until it is written.  error: why it got none."""

    motion: Motion | None = None
    solved: Solved | None = None
    error: MotionGPTError | None = None
    written = False

    @property
    def name(self) -> str:
        """The character's."""
        return self.request.target.armature_name

    @property
    def asked(self) -> AnyTask:
        """What the backend is asked for: all actions of the prompt, in their order."""
        from ...backend.shots.plan import task_of

        return task_of(self.request.prompt, self.request.seconds, self.request.seed)

    def solve(self, motion: Motion) -> Waiting[None]:
        """Put the motion on the bones; writes nothing."""
        self.motion = motion
        self.solved = yield from self._solved((motion,))

    def write(self) -> None:
        """Write the action, all of it or nothing. Raises MotionGPTError."""
        assert self.motion is not None and self.solved is not None
        with all_or_nothing(self._armature()):
            self._put(self.motion, self.solved)
        self.written = True

    def check_overrides(self) -> Waiting[None]:
        """See whether its bones follow."""
        assert self.solved is not None
        solved = self.solved
        yield from self._check_overrides(solved.character, lambda: solved.expected)


class CrowdJob(Job[CrowdRequest]):
    """Generates a motion for each character. Cancelling leaves every one with all of its motion, or none of it."""

    task = "generate"

    def __init__(self, request: CrowdRequest, service: Service) -> None:
        super().__init__(request, service)
        self.members = [_Member(member, service) for member in request.members]

    @classmethod
    def gather(cls, context: bpy.types.Context) -> CrowdRequest:
        return gather_crowd(context)

    @classmethod
    def check(cls, context: bpy.types.Context, service: Service) -> None:
        parts_of(context)
        check_task(service, cls.task)

    def cancel(self, reason: str = "Cancelled.") -> None:
        have = [member.name for member in self.members if member.written]
        done = say("{names} already had their motion.", names=", ".join(have)) if have else ""
        super().cancel(together(say(reason), done))

    def mute_overrides(self) -> None:
        for member in self.members:
            if member.written:
                member.mute_overrides()
        self._tell()

    def _steps(self) -> Waiting[None]:
        yield from self._backend_ready()
        check_task(self._service, self.task)
        self.body = self.members[0].request.body
        answers = yield from self._all_answers([member.asked for member in self.members])
        for number, (member, answer) in enumerate(zip(self.members, answers, strict=True)):
            self.fraction = ANSWERED + (1.0 - ANSWERED) * number / len(self.members)
            if isinstance(answer, Finished):
                self.made = self.made or answer.motions[0]
                yield from self._tried(member, member.solve(as_one(answer.motions[0])))
            else:
                member.error = answer
        yield from self._write_all()
        for member in self.members:
            if member.written:
                yield from self._tried(member, member.check_overrides())
        self._tell()

    def _all_answers(self, tasks: Sequence[AnyTask]) -> Waiting[list[Finished | MotionGPTError]]:
        """The answer to each; a backend that gets stuck is replaced once, and its successor asked the same."""
        try:
            return (yield from self._asked_at_once(tasks))
        except MotionGPTError as error:
            if error.kind != STUCK:
                raise
        self.stage, self.fraction = Stage.RESTARTING, 0.0
        yield from self._backend_ready()
        return (yield from self._asked_at_once(tasks))

    def _asked_at_once(self, tasks: Sequence[AnyTask]) -> Waiting[list[Finished | MotionGPTError]]:
        """All requests, as many at a time as may wait in the backend, which answers those in a batch."""
        answers: dict[int, Finished | MotionGPTError] = {}
        waiting, asked, shares = list(range(len(tasks))), dict[str, int](), [0.0] * len(tasks)
        try:
            while waiting or asked:
                while waiting and len(asked) < MAX_QUEUE:
                    number = waiting.pop(0)
                    asked[self._service.ask(tasks[number])] = number
                for identifier, number in list(asked.items()):
                    answer = self._polled(identifier, number, shares)
                    if answer is not None:
                        answers[number], shares[number] = answer, 1.0
                        del asked[identifier]
                self.fraction = ANSWERED * sum(shares) / len(shares)
                yield
        finally:
            for identifier in asked:  # cancelled, or failed on this side: nothing waits for these answers
                self._service.cancel(identifier)
        return [answers[number] for number in range(len(tasks))]

    def _polled(self, identifier: str, number: int, shares: list[float]) -> Finished | MotionGPTError | None:
        """The answer to a request; None while there is none. Raises MotionGPTError where the backend is stuck."""
        try:
            for event in self._service.poll(identifier):
                if isinstance(event, Finished):
                    return event
                self._show_one(event, number, shares)
        except MotionGPTError as error:
            if error.kind == STUCK:
                raise
            return error
        return None

    def _show_one(self, event: Working, number: int, shares: list[float]) -> None:
        shares[number] = event.fraction
        done = sum(share == 1.0 for share in shares)
        self.stage = say("{stage} ({done} of {count} characters)", stage=say(event.stage), done=done, count=len(shares))
        if number == 0:  # the figure in the viewport is the first one's
            self.live = event.motion or self.live

    def _tried(self, member: _Member, steps: Waiting[None]) -> Waiting[None]:
        """Steps of one character's, with its name in the progress; where they fail, the others go on."""
        try:
            for _ in steps:
                self.stage = f"{member.name}: {say(member.stage)}"
                yield
        except MotionGPTError as error:
            member.error = error
        finally:
            steps.close()

    def _write_all(self) -> Waiting[None]:
        """Write those that are solved, one a tick, as one undo step."""
        solved = [member for member in self.members if member.solved is not None and member.error is None]
        try:
            for member in solved:
                self.stage = f"{member.name}: {say(Stage.TO_ARMATURE)}"
                yield
                try:
                    member.write()
                except MotionGPTError as error:
                    member.error = error
        finally:
            written = [member for member in self.members if member.written]
            if written:
                push_undo(say("{count} Characters", count=len(written)))
        if not written:
            raise next(member.error for member in self.members if member.error is not None)
        first = written[0]
        assert first.solved is not None
        shown, self.action = first.solved, first.action
        if find_armature(self.request.target.armature_uid) is not None:  # the first of those that were asked for
            self._note_written(shown.character, lambda: shown.expected)
        self._tell()

    def _tell(self) -> None:
        """Say what has become of whom."""
        from ...backend.known.doubt import passed_on  # not before the panel is drawn: see jobs.service

        written = [member for member in self.members if member.written]
        request = written[0].request
        names = ", ".join(member.name for member in written)
        have = "{count} characters have frames {first} to {last}, each in a new action: {names}."
        if len(written) == 1:
            have = "1 character has frames {first} to {last}, in a new action: {names}."
        frames = {"first": request.start_frame, "last": request.last_frame}
        said = [say(have, count=len(written), names=names, **frames)]
        said += [f"{member.name}: {told(member.error)}" for member in self.members if member.error is not None]
        said += [f"{m.name}: {m.overridden.message}" for m in written if m.overridden is not None]
        said += [say('The model hardly knows "{text}".', text=text) for text in dict.fromkeys(_unsure(written))]
        metas = [m.motion.meta for m in written if m.motion is not None]
        said += dict.fromkeys(sentence for meta in metas for sentence in passed_on(meta, say))
        self.message = together(*said)
        can_mute = [m.overridden for m in written if m.overridden is not None and m.overridden.can_mute]
        self.overridden = next(iter(can_mute), None) or next((m.overridden for m in written if m.overridden), None)


def _unsure(members: Sequence[_Member]) -> list[str]:
    return [m.request.prompt for m in members if m.motion is not None and m.motion.meta.get("unsure")]
