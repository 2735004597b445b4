"""One press of a button as a job that `tick` moves along, so that Blender's main thread never waits.

`Job` is what all tasks share; `GenerateJob` makes a new motion from a text. A job's `_passes` is the whole of it,
written as a generator that yields wherever it would wait. Only what touches bpy runs on the main thread; solving runs
in a thread of its own and gets plain values.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import bpy

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.solving.root_motion import carry
from ...retarget.solving.solve import to_bones
from ..action.new_action import Curve, plan_keys, solve_keys, thin_keys, write_keys
from ..character.armature import read_rig
from ..character.placing import OBJECT
from ..character.settings import find_mapping, key_tolerance, keys_ik, root_destination
from .context import GenerateContext, find_armature
from .service import Finished, Service, Startup, Working

if TYPE_CHECKING:
    from ...backend.process.protocol import Request

T = TypeVar("T")
Waiting = Generator[None, None, T]

RUNNING, DONE, FAILED, CANCELLED = "RUNNING", "DONE", "FAILED", "CANCELLED"
_STAGES = {
    "text": "Reading the prompt",
    "tokens": "Choosing the motion",
    "motion": "Building the motion",
}
ANSWERED = 0.9  # share of the progress bar for the backend's part; solving and writing get the rest


class Target(Protocol):
    """What every request says: `gather.GenerateContext` explains its fields."""

    armature_uid: int
    armature_name: str
    backend: Startup


class Job:
    """state: RUNNING until it is one of DONE, FAILED, CANCELLED.  message: then what became of it, for the user.

    stage, fraction: for the progress bar.  longest_tick: seconds, the longest that Blender was held up.
    target: the armature and the backend that the press was for.
    """

    def __init__(self, target: Target, service: Service) -> None:
        self.target = target
        self.state = RUNNING
        self.stage = "Starting the model"
        self.fraction = 0.0
        self.message = ""
        self.longest_tick = 0.0
        self._service = service
        self._work = self._passes()

    def tick(self) -> bool:
        """Do what can be done at once. Returns whether there is more to come."""
        started = time.perf_counter()
        try:
            next(self._work)
        except StopIteration:
            self.state, self.fraction = DONE, 1.0
        except MotionGPTError as error:
            self.state, self.message = FAILED, str(error)
        except Exception as error:
            self.state, self.message = FAILED, f"{type(error).__name__}: {error} (see the system console)."
            raise  # a bug: its traceback belongs on the console
        finally:
            self.longest_tick = max(self.longest_tick, time.perf_counter() - started)
        return self.state == RUNNING

    def cancel(self, reason: str = "Cancelled.") -> None:
        """Stop; nothing has been written yet, and nothing will be."""
        if self.state == RUNNING:
            self._work.close()
            self.state, self.message = CANCELLED, reason

    def _passes(self) -> Waiting[None]:
        """All that there is to do. Raises MotionGPTError."""
        raise NotImplementedError

    def _backend_ready(self) -> Waiting[None]:
        yield from in_thread(lambda: self._service.start(self.target.backend))
        while not self._service.ready():
            yield

    def _answer(self, message: Request, motions: Sequence[Motion] = ()) -> Waiting[Finished]:
        """What the backend answers to a request, shown as it comes along."""
        identifier = self._service.ask(message, motions)
        try:
            while True:
                for event in self._service.poll(identifier):
                    if isinstance(event, Finished):
                        identifier = ""
                        return event
                    self._show(event)
                yield
        finally:
            if identifier:  # cancelled, or failed on this side: the backend need not go on
                self._service.cancel(identifier)

    def _show(self, event: Working) -> None:
        self.stage = _STAGES.get(event.stage, event.stage)
        self.fraction = event.fraction * ANSWERED

    def _out_of_edit_mode(self) -> Waiting[None]:
        """Wait while the armature's bones are being changed."""
        while self._armature().mode == "EDIT":
            self.stage = "Waiting for the end of Edit Mode"
            yield

    def _armature(self) -> bpy.types.Object:
        """The armature, wherever it is now. Raises MotionGPTError where it was deleted."""
        target = self.target
        armature = find_armature(target.armature_uid)
        if armature is None:
            raise MotionGPTError(
                f'The armature "{target.armature_name}" was deleted while the motion was generated.',
                "Choose another armature and generate again: the same seed gives the same motion.",
            )
        return armature


class GenerateJob(Job):
    """A new motion from a text, as a new action."""

    def __init__(self, request: GenerateContext, service: Service) -> None:
        super().__init__(request, service)
        self.request = request

    def _passes(self) -> Waiting[None]:
        yield from self._backend_ready()
        from ...backend.tasks import Generate

        request = self.request
        asked = Generate(request.prompt, seconds=request.seconds, seed=request.seed)
        motion = (yield from self._answer(asked)).motions[0]
        curves = yield from self._solved(motion)
        self._write(curves)

    def _solved(self, motion: Motion) -> Waiting[list[Curve]]:
        self.stage, self.fraction = "Fitting the motion to the armature", ANSWERED
        yield from self._out_of_edit_mode()
        armature, fps, frames = self._armature(), self.request.fps, self.request.frames
        rig = read_rig(armature)  # as it is now, not as it was when Generate was pressed
        mapping = find_mapping(armature, rig)
        destination, tolerance = root_destination(armature, rig, mapping), key_tolerance(armature)
        plan = plan_keys(armature, rig, mapping, keys_ik(armature))

        def solve() -> list[Curve]:
            solved = to_bones(motion.resample(fps, frames), rig, mapping)
            return thin_keys(solve_keys(plan, rig, carry(solved, rig, mapping, destination)), tolerance)

        return (yield from in_thread(solve))

    def _write(self, curves: list[Curve]) -> None:
        request = self.request
        armature = self._armature()
        missing = [bone for bone, _, _ in curves if bone != OBJECT and bone not in armature.pose.bones]
        if missing:
            raise MotionGPTError(f'"{armature.name}" has lost its bone "{missing[0]}".', "Generate again.")
        name = request.prompt[:60]  # Blender cuts at 63 bytes; more would only make the list unreadable
        write_keys(armature, curves, name, request.start_frame)
        bpy.ops.ed.undo_push(message=f"MotionGPT: {name}")
        self.message = f"{request.frames} frames on {armature.name} from frame {request.start_frame} on."


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
    return value
