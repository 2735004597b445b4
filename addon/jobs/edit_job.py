"""The tasks that work on the animation that is there: in-betweening, continuing and describing it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import bpy
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.rigs.mapping import Mapping
from ...retarget.rigs.rig import Rig
from ...retarget.solving.fit import body_offsets, put_on_body
from ...retarget.solving.keyed_poses import spread_poses
from ...retarget.solving.root_motion import BONE, HIPS, carry
from ...retarget.solving.solve import to_bones, to_motion
from ..action.keys import action_curves
from ..action.keys_between import write_curves
from ..action.new_action import Curve, KeyPlan, plan_keys, solve_keys
from ..character.armature import read_rig
from ..character.placing import ik_switches
from ..character.settings import find_mapping, keys_ik
from ..poses.reader import PoseReader, ReadPoses
from .edit_request import CAPTION, CONTINUE, INBETWEEN, EditRequest
from .job import ANSWERED, Job, Waiting, in_thread
from .service import Service
from .takes import Takes

TASK_NAMES = {"generate": "make motion from text", INBETWEEN: "in-between", CONTINUE: "continue a motion",
              CAPTION: "describe a motion"}  # fmt: skip
READING_SECONDS = 0.02
"""How long a tick may go on reading poses; one pose of a large control rig takes half of that."""


class EditJob(Job):
    """One press of such a task's button. takes: what an in-betweening leaves to flip through."""

    def __init__(self, request: EditRequest, service: Service) -> None:
        super().__init__(request, service)
        self.request = request
        self.takes: Takes | None = None

    def _passes(self) -> Waiting[None]:
        request = self.request
        yield from self._out_of_edit_mode()
        armature = self._armature()
        rig = read_rig(armature)
        mapping = find_mapping(armature, rig)
        ik = keys_ik(armature)
        # A control rig's other switches stay as the animator has them: the keyed poses were made with them.
        plan = replace(plan_keys(armature, rig, mapping, ik), switches=tuple(ik_switches(armature, ik)))
        destination = carrier_of(armature, plan)
        read = yield from self._read(rig, plan)
        self.stage = "Starting the model"
        yield from self._backend_ready()
        check_task(self._service, request.task)
        request.check_length(self._service.info.max_seconds)
        motion = yield from in_thread(lambda: as_motion(request, rig, mapping, read))
        answer = yield from self._answer(*_message(request, motion))
        if request.task == CAPTION:
            self.message = answer.texts[0] if answer.texts else "The model found no words for it."
            return

        def solve(motion: Motion) -> list[Curve]:
            posed = to_bones(whole(request, motion), rig, mapping, fit=False)
            return solve_keys(plan, rig, carry(posed, rig, mapping, destination))

        yield from self._put_in([partial(solve, motion) for motion in answer.motions], mapping, plan, read)

    def _read(self, rig: Rig, plan: KeyPlan) -> Waiting[ReadPoses]:
        """The poses that the request names, a few a tick."""
        self.stage = "Reading the poses"
        reader = PoseReader(self._armature(), rig, plan.keyed)
        reading = reader.read(self.request.read_at, self.request.rate)
        try:
            yield from _spread(reading)
        finally:
            reading.close()
        self._armature()  # raises where it was deleted meanwhile
        return reader.poses()

    def _put_in(
        self, solving: list[Callable[[], list[Curve]]], mapping: Mapping, plan: KeyPlan, read: ReadPoses
    ) -> Waiting[None]:
        """The first of the motions into the action; the others wait as takes. solving: what solves each."""
        self.stage, self.fraction = "Fitting the motion to the keys", ANSWERED
        request = self.request
        solved = yield from in_thread(lambda: [solve() for solve in solving])
        yield from self._out_of_edit_mode()
        takes = Takes(request, mapping, plan.carriers, read, tuple(solved))
        prepare = takes.prepare(self._armature(), 0)
        planned = yield from in_thread(prepare)
        armature = self._armature()
        action = write_curves(armature, request, planned, (request.prompt or "In-between")[:60])
        takes.shown_in(action, 0)
        self.takes = takes if request.task == INBETWEEN else None
        bpy.ops.ed.undo_push(message=f"MotionGPT: {TASK_NAMES[request.task]}")
        made = "made anew" if request.task == INBETWEEN else "added"
        self.message = f"Frames {request.start} to {request.end} of {armature.name} {made}."


def _spread(reading: Iterator[None]) -> Waiting[None]:
    """Run an iterator to its end, as much of it a tick as READING_SECONDS allow."""
    try:
        while True:
            began = time.perf_counter()
            next(reading)
            while time.perf_counter() - began < READING_SECONDS:
                next(reading)
            yield
    except StopIteration:
        return


def check_task(service: Service, task: str) -> None:
    """Raises MotionGPTError where the loaded model is known not to do a task."""
    info = service.info
    if info is not None and task not in info.tasks:
        able = ", ".join(TASK_NAMES.get(t, t) for t in info.tasks) or "nothing"
        raise MotionGPTError(
            f"The model {info.model} can't {TASK_NAMES[task]}; it can {able}.",
            "Choose another model in the preferences.",
            "unsupported",
        )


def as_motion(request: EditRequest, rig: Rig, mapping: Mapping, read: ReadPoses) -> Motion:
    """The motion to send: the poses that were read on their frames, on the rig's own body."""
    poses = to_motion(rig, mapping, read.rotations, read.heads, request.fps)
    poses = put_on_body(poses, body_offsets(rig, mapping))
    at = np.array(request.kept, dtype=np.intp)
    frames = request.frames if request.task == INBETWEEN else int(at[-1]) + 1
    return spread_poses(poses, at, frames)


def carrier_of(armature: bpy.types.Object, plan: KeyPlan) -> str:
    """What carries the travel in the present action: the root bone where the animator has keyed it, else the hips."""
    root, curves = plan.places.root, action_curves(armature)
    if root is None or root.name == plan.places.hips.name or curves is None:
        return HIPS
    return BONE if (root.name, "location") in curves.by_bone() else HIPS


def _message(request: EditRequest, motion: Motion) -> tuple[object, tuple[Motion, ...]]:
    from ...backend.tasks import Continue, Describe, Inbetween

    asks: dict[str, Callable[[], object]] = {
        INBETWEEN: lambda: Inbetween(
            tuple(request.kept),
            request.prompt,
            seed=request.seed,
            variations=request.variations,
            known=request.known,
        ),
        CONTINUE: lambda: Continue((request.end - request.start) / request.fps, request.prompt, seed=request.seed),
        CAPTION: Describe,
    }
    return asks[request.task](), (motion,)


def whole(request: EditRequest, motion: Motion) -> Motion:
    """An answer with as many frames as were asked for."""
    if len(motion) != request.frames or motion.fps != request.fps:
        motion = motion.resample(request.fps, request.frames)
    return motion
