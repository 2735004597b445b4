"""What a press of a button starts: a job that `tick` advances, so that Blender's main thread never blocks.

`Job` is the base of all tasks. Its `_steps` do the work: a generator that yields wherever it would wait. Only what
touches bpy runs on the main thread; solving runs in a thread of its own, on plain values.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import bpy

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..action.all_or_nothing import all_or_nothing
from ..action.fcurves import action_curves, key_places
from ..action.fingers import KeptCurve
from ..action.new_action import ThinCurve, keys_of_curves, new_beside
from ..character.character import Character
from ..character.typing import ArmatureObject
from ..overrides.following import Expected
from ..overrides.report import Overridden, find, mute, sentence
from ..poses.reader import find_armature
from ..translation.saying import say, together, told
from .context import Request
from .service import STUCK, Finished, Service, Working

if TYPE_CHECKING:
    from ...backend.tasks import AnyTask


log = logging.getLogger(__name__)

T = TypeVar("T")
R = TypeVar("R", bound=Request)
Waiting = Generator[None, None, T]


class State(StrEnum):
    """The state of a job."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Stage(StrEnum):
    """A job's stages besides the engine's own, as the progress bar shows them."""

    STARTING = "Starting the model"
    RESTARTING = "Starting the model again"
    EDIT_MODE = "Waiting for Edit Mode to end"
    POSES = "Reading the poses"
    TO_ARMATURE = "Fitting the motion to the armature"
    TO_KEYS = "Fitting the motion to the keys"
    CHECKING = "Checking that the bones follow"


_UNDO = "Something was undone meanwhile."
_FEW = 24  # F-curves
WRITING_SECONDS = 0.015
"""How long a tick may write F-curves; one of a long motion takes a fifth of that in older Blenders."""
ANSWERED = 0.9  # share of the progress bar for the backend's part; solving and writing get the rest


class Job(Generic[R]):
    """state: RUNNING until the job ends.  message: then the outcome, for the user.

    task: as `ServerInfo.tasks` names it.  stage, fraction: for the progress bar.  longest_tick: seconds, the longest
    that Blender was blocked; busiest_tick: the same in CPU time.  ticks: how many there were.  overridden: what keeps
    the written keys from showing.  action: the name of the action that was written, text: a description; "" where
    there is none.  made: the motion as the model made it.  live: the motion so far, from `live_from` on what is new;
    live_take: of which version.  body: the character that it will be on.
    """

    task: ClassVar[str]

    def __init__(self, request: R, service: Service) -> None:
        self.request = request
        self.state = State.RUNNING
        self.stage: str = Stage.STARTING
        self.fraction = 0.0
        self.message = ""
        self.longest_tick = self.busiest_tick = 0.0
        self.ticks = 0
        self.overridden: Overridden | None = None
        self.action = ""
        self.text = ""
        self.made: Motion | None = None
        self.live: Motion | None = None
        self.live_from = self.live_take = 0
        self.body: Character | None = None
        self._written: tuple[Character, Callable[[], Expected]] | None = None
        self._kept = False  # whether keys were written
        self._checked = 0  # `_keys` of them
        self._undone = 0  # how often
        self._bones = _bones(find_armature(request.target.armature_uid))
        self._service = service
        self._work = self._steps()

    @classmethod
    def gather(cls, context: bpy.types.Context) -> R:
        """The request of one press. Raises MotionGPTError where it can't work; nothing is changed."""
        raise NotImplementedError

    @classmethod
    def check(cls, context: bpy.types.Context, service: Service) -> None:
        """Check what the button needs; cheap enough for every redraw. Raises MotionGPTError."""
        raise NotImplementedError

    def tick(self) -> None:
        """Run the job until it yields."""
        started, worked = time.perf_counter(), time.thread_time()
        self.ticks += 1
        try:
            next(self._work)
        except StopIteration:
            self.state, self.fraction = State.DONE, 1.0
        except MotionGPTError as error:
            self.state, self.message = State.FAILED, told(error)
        except MemoryError:
            log.exception("out of memory")
            self.state = State.FAILED
            self.message = together(
                say("Blender is out of memory."), say("Close other programs, or ask for less at once.")
            )
        except Exception as error:
            if doing := self._disturbed(error):
                self._end_disturbed(doing)
            else:
                kind = f"{type(error).__name__}: {error}"
                self.state, self.message = State.FAILED, say("{error} (see the system console).", error=kind)
                raise  # a bug: its traceback belongs on the console
        finally:
            self.longest_tick = max(self.longest_tick, time.perf_counter() - started)
            self.busiest_tick = max(self.busiest_tick, time.thread_time() - worked)

    def cancel(self, reason: str = "Cancelled.") -> None:
        """Stop; nothing has been written yet, and nothing will be. Where only the check was left, the job is done."""
        if self.state is State.RUNNING:
            self._work.close()
            self.state, self.message = (State.DONE, self.message) if self._kept else (State.CANCELLED, say(reason))

    def undone(self) -> None:
        """The user has pressed Undo or Redo meanwhile. Where only the check is left, this may have taken the keys."""
        self._undone += 1
        if not self._kept or self.state is not State.RUNNING:
            return
        self._work.close()
        armature = find_armature(self.request.target.armature_uid)
        if armature is not None and _keys(armature) == self._checked:
            self._end_disturbed(_UNDO)
        else:
            self.state, self.message = State.CANCELLED, say("Undone.")
            self.action = ""

    def mute_overrides(self) -> None:
        """Switch off what keeps the written keys from showing. Raises MotionGPTError where the armature is gone."""
        if self._written is not None:
            said = self.overridden.message if self.overridden else ""
            character, expected = self._written
            self.overridden = mute(self._armature(), character, expected(), self.request.target.rate)
            left = self.overridden.message if self.overridden else say("What overrode the keys is switched off.")
            self.message = together(self.message.removesuffix(said).rstrip(), left)

    def _steps(self) -> Waiting[None]:
        """The work of the job. Raises MotionGPTError."""
        raise NotImplementedError

    def _check_overrides(self, character: Character, expected: Callable[[], Expected]) -> Waiting[None]:
        """See whether the deforming bones follow what was written, one frame a tick. expected: where it should bring
        them; asked for once writing is over."""
        self._note_written(character, expected)
        self.stage = Stage.CHECKING
        yield  # writing has taken its share of this tick
        steps = find(self._armature, character, expected(), self.request.target.rate)
        try:
            while True:
                yield from self._out_of_edit_mode()  # which shows every bone at rest
                self.stage = Stage.CHECKING
                next(steps)
                yield
        except StopIteration as end:
            self.overridden = sentence(*end.value)
        finally:
            steps.close()
        if self.overridden is not None:
            self.message = together(self.message, self.overridden.message)

    def _note_kept(self) -> None:
        """Keys were written: from now on the job is as good as done."""
        self._kept, self._checked = True, _keys(self._armature())

    def _note_written(self, character: Character, expected: Callable[[], Expected]) -> None:
        self._written = character, expected
        self._note_kept()

    def _write_new(
        self,
        curves: Sequence[ThinCurve],
        start: int,
        kept: Sequence[KeptCurve],
        undo: str,
        put: Callable[[bpy.types.Action], None],
    ) -> Waiting[None]:
        """Make a new action of the curves, a little in each tick, and write it as one undo step, all of it or nothing.
        put: does the writing, with `write_keys`, and what goes with it; start, kept: as `write_keys` takes them."""
        keys = yield from in_thread(lambda: keys_of_curves(curves, start))
        with ExitStack() as until:
            owner = self.request.target.armature_name
            made = yield from self._beside(until, lambda: new_beside(owner, keys, kept))
            with all_or_nothing(self._armature(), undo, keys=False):
                put(made)

    def _beside(self, until: ExitStack, make: Callable[[], Generator[T | None, None, None]]) -> Waiting[T]:
        """Have `make` make something that is not part of the scene yet, a little in each tick, until it yields that;
        anew after each undo, which moves what it writes to. until: closes it."""
        made: T | None = None
        making, undone = make(), self._undone
        until.callback(making.close)
        while made is None:
            began, made = time.perf_counter(), next(making)
            while made is None and time.perf_counter() - began < WRITING_SECONDS:
                made = next(making)
            yield
            yield from self._out_of_edit_mode()
            if self._undone != undone:
                making.close()
                making, made, undone = make(), None, self._undone
                until.callback(making.close)
        return made

    def _backend_ready(self) -> Waiting[None]:
        yield from in_thread(lambda: self._service.start(self.request.target.backend))
        while not self._service.ready():
            yield

    def _answer(self, task: AnyTask, motions: Sequence[Motion] = ()) -> Waiting[Finished]:
        """Send a request, show its progress, and return the backend's answer. A backend that gets stuck is replaced
        once, and its successor asked the same: the same seed gives the same motion."""
        try:
            return (yield from self._asked(task, motions))
        except MotionGPTError as error:
            if error.kind != STUCK:
                raise
        self.stage, self.fraction = Stage.RESTARTING, 0.0
        yield from self._backend_ready()
        return (yield from self._asked(task, motions))

    def _asked(self, task: AnyTask, motions: Sequence[Motion]) -> Waiting[Finished]:
        identifier = self._service.ask(task, motions)
        try:
            while True:
                for event in self._service.poll(identifier):
                    if isinstance(event, Finished):
                        identifier = ""
                        self.made = event.motions[0] if event.motions else None
                        self.live = self.made or self.live
                        return event
                    self._show(event)
                yield
        finally:
            if identifier:  # cancelled, or failed on this side: nothing waits for the backend's answer
                self._service.cancel(identifier)

    def _show(self, event: Working) -> None:
        self.stage = event.stage
        self.fraction = event.fraction * ANSWERED
        self.live = event.motion or self.live

    def _out_of_edit_mode(self) -> Waiting[None]:
        """Wait while the armature is in Edit Mode."""
        while self._armature().mode == "EDIT":
            self.stage = Stage.EDIT_MODE
            yield

    def _disturbed(self, error: Exception) -> str:
        """What the user has done to the armature meanwhile that explains an exception; "" for a bug."""
        armature = find_armature(self.request.target.armature_uid)
        if armature is None:
            return "The armature was deleted meanwhile."
        if _bones(armature) != self._bones:
            return "Its bones were changed meanwhile."
        if self._undone:
            return _UNDO
        return "Something that it needs was deleted meanwhile." if isinstance(error, ReferenceError) else ""

    def _end_disturbed(self, doing: str) -> None:
        name = self.request.target.armature_name
        if self._kept:
            said = together(say(doing), say("Whether the bones follow was not checked."))
            self.state, self.overridden = State.DONE, Overridden(said, can_mute=False)
            self.message = together(self.message, said)
        else:
            self.state, self.message = (
                State.FAILED,
                together(
                    say('The motion of "{name}" was not made.', name=name),
                    say(doing),
                    say("Press the button again: the same seed gives the same motion."),
                ),
            )

    def _armature(self) -> ArmatureObject:
        """The armature, wherever it is now. Raises MotionGPTError where it was deleted."""
        target = self.request.target
        armature = find_armature(target.armature_uid)
        if armature is None:
            raise MotionGPTError(
                say(
                    'The armature "{armature}" was deleted while the motion was generated.',
                    armature=target.armature_name,
                ),
                "Choose another armature and press the button again: the same seed gives the same motion.",
            )
        return armature


def _bones(armature: ArmatureObject | None) -> tuple[str, ...]:
    return tuple(armature.data.bones.keys()) if armature is not None else ()


def _keys(armature: ArmatureObject) -> int:
    """A number that tells the keys of the armature's action from others; from a few of its F-curves, as it may have a
    thousand."""
    curves = action_curves(armature)
    found = list(curves.fcurves) if curves else []
    looked_at = found[:: max(1, len(found) // _FEW)]
    return hash((len(found), *(key_places(curve).tobytes() for curve in looked_at)))


def check_task(service: Service, task: str) -> None:
    """Raises MotionGPTError where a model is loaded that can't do this task."""
    info = service.info
    if info is not None and task not in info.tasks:
        from ...backend.tasks import unsupported

        raise unsupported(info.model, task, info.tasks)


def in_thread(function: Callable[[], T]) -> Waiting[T]:
    """Run `function`, which must not touch bpy, in a thread; yield until it is done; return or raise what it does."""
    outcome: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            outcome.append((True, function()))
        except BaseException as error:  # noqa: BLE001 - handed over and raised on the main thread
            outcome.append((False, error))

    threading.Thread(target=run, name="motiongpt-solve", daemon=True).start()
    while not outcome:
        yield
    succeeded, value = outcome[0]
    if not succeeded:
        raise value
    result: T = value
    return result
