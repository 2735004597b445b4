"""Takes under review: flipping through them, comparing, accepting, rejecting, asking for more."""

from dataclasses import replace
from typing import Any, ClassVar

import bpy

from ....backend.limits import SEED_LIMIT
from ....retarget.errors import MotionGPTError
from ...character.typing import ArmatureObject, full
from ...jobs import session
from ...jobs.context import chosen_armature, scene_fps
from ...jobs.generate import GenerateJob, GenerateRequest
from ...jobs.job import Job, State
from ...jobs.service import Service
from ...review import reviewing
from ...review.state import BEFORE, is_open, review_of
from ...shot.job import ShotJob
from ...shot.noting import TASK as SHOT
from ...shot.request import gather_others
from ...translation.saying import say, together, told
from ..operators.tasks import StartsJob
from ..typing import OperatorResult, classes_factory


def reviewed(context: bpy.types.Context) -> ArmatureObject | None:
    """The chosen armature, if it has takes to choose from."""
    armature = chosen_armature(context)
    return armature if armature is not None and is_open(armature) else None


class _OnTakes(bpy.types.Operator):
    """Base of the operators on takes."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        armature = reviewed(context)
        if armature is None:
            cls.poll_message_set(say("The armature has no takes to choose from."))
        elif armature.mode == "EDIT":
            cls.poll_message_set(
                say('The armature "{armature}" is in Edit Mode. Leave it first.', armature=armature.name)
            )
        elif session.current().running:
            cls.poll_message_set(say("A motion is being generated. Wait for it, or cancel it."))
        else:
            return True
        return False

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature = reviewed(context)
        if armature is None:
            return {"CANCELLED"}
        try:
            self.work(armature)
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        session.redraw()
        return {"FINISHED"}

    def work(self, armature: ArmatureObject) -> None:
        """Do it. Raises MotionGPTError."""
        raise NotImplementedError


class MOTIONGPT_OT_show_take(_OnTakes):
    """Show the next or previous take; what you have changed in this one stays in it"""

    bl_idname = "motiongpt.show_take"
    bl_label = "Show Take"
    bl_options = {"REGISTER", "UNDO_GROUPED"}
    bl_undo_group = "motiongpt.show_take"

    step: bpy.props.IntProperty(name="Step", description="How many takes to go ahead", default=1, options={"SKIP_SAVE"})

    def work(self, armature: ArmatureObject) -> None:
        reviewing.step(armature, self.step)


class MOTIONGPT_OT_pick_take(_OnTakes):
    """Show this take; what you have changed in the one before stays in that"""

    bl_idname = "motiongpt.pick_take"
    bl_label = "Show This Take"
    bl_options = {"REGISTER", "UNDO_GROUPED"}
    bl_undo_group = "motiongpt.show_take"

    number: bpy.props.IntProperty(name="Number", description="From 1 on", default=1, min=1, options={"SKIP_SAVE"})

    def work(self, armature: ArmatureObject) -> None:
        count = len(review_of(armature).takes)
        if self.number > count:
            raise MotionGPTError(say("There are {count} takes.", count=count), "Choose one of them.")
        reviewing.show(armature, self.number - 1)


class MOTIONGPT_OT_compare_take(_OnTakes):
    """Show the animation that was there before the takes, and the take again when pressed again"""

    bl_idname = "motiongpt.compare_take"
    bl_label = "Compare with Before"
    bl_options = {"REGISTER", "UNDO_GROUPED"}
    bl_undo_group = "motiongpt.show_take"

    def work(self, armature: ArmatureObject) -> None:
        review = review_of(armature)
        if review.shown == BEFORE:
            reviewing.show(armature, min(review.last_shown, len(review.takes) - 1))
        else:
            reviewing.show(armature, BEFORE)


class MOTIONGPT_OT_accept_take(_OnTakes):
    """Keep the take that is shown, as it is now, and forget the others. The action from before is stashed, or gets the
    new keys, as the task was set to"""

    bl_idname = "motiongpt.accept_take"
    bl_label = "Accept"

    def work(self, armature: ArmatureObject) -> None:
        name = reviewing.accept(armature)
        job = session.current().job
        overridden = job.overridden if job is not None else None
        said = say('Accepted: {armature} plays the action "{name}".', armature=armature.name, name=name)
        _say(together(said, overridden.message) if overridden is not None else said)


class MOTIONGPT_OT_reject_takes(_OnTakes):
    """Forget all takes: the armature and its animation are as they were before"""

    bl_idname = "motiongpt.reject_takes"
    bl_label = "Reject All"

    def work(self, armature: ArmatureObject) -> None:
        reviewing.reject(armature)
        if job := session.current().job:
            job.overridden = None
        _say(say("The takes are rejected: {armature} is as it was before them.", armature=armature.name))


def _say(message: str) -> None:
    """Say what was done, in place of what the last job has said."""
    job = session.current().job
    if job is not None and job.state is State.DONE:
        job.message, job.made = message, None
    session.tell(message)


class _MoreTakes(StartsJob):
    """Base of the buttons that ask for more takes of the prompt of the one that is shown."""

    job = GenerateJob
    tasks: ClassVar[tuple[str, ...]] = (GenerateJob.task,)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        armature = reviewed(context)
        take = reviewing.shown_take(armature) if armature is not None else None
        if take is None or take.task not in cls.tasks:
            cls.poll_message_set(say("No take of Text to Motion is shown."))
            return False
        if why := session.refused(cls.job, context):
            cls.poll_message_set(why)
        return not why

    def gather(self, context: bpy.types.Context) -> GenerateRequest:
        armature = reviewed(context)
        take: Any = reviewing.shown_take(armature) if armature is not None else None
        if armature is None or take is None:
            raise MotionGPTError("No take is shown.", "Show one first.")
        used = [int(each.seed or 0) for each in review_of(armature).takes if each.text == take.text]
        settings = full(context).scene.motiongpt
        return replace(
            GenerateJob.gather(context),
            prompt=take.text,
            seed=(max(used) + 1) % (SEED_LIMIT + 1),
            seconds=(take.last - take.first + 1) / scene_fps(full(context).scene),
            frames=take.last - take.first + 1,
            start_frame=take.first,
            hands=take.hands or settings.hands.lower().replace("_", "-"),
            takes=max(2, settings.text_takes),
            like=self.wanted(take),
        )

    def wanted(self, _take: Any) -> str:
        """The look that the new takes should have; "" for any."""
        return ""


class MOTIONGPT_OT_more_takes(_MoreTakes):
    """Generate other versions of this take's prompt, or of its blocks, with the next seeds, and add them"""

    bl_idname = "motiongpt.more_takes"
    bl_label = "Others"
    tasks = (GenerateJob.task, SHOT)

    def make(self, context: bpy.types.Context, service: Service) -> Job[Any]:
        armature = reviewed(context)
        take = reviewing.shown_take(armature) if armature is not None else None
        if take is not None and take.task == SHOT:
            return ShotJob(gather_others(context, take), service)
        return super().make(context, service)


class MOTIONGPT_OT_like_take(_MoreTakes):
    """Generate 16 versions of this take's prompt with the next seed, and add those whose joints move most like the take
    that is shown. The model itself is not told about the take"""

    bl_idname = "motiongpt.like_take"
    bl_label = "More Like This"

    def wanted(self, take: Any) -> str:
        return str(take.look)


register, unregister = classes_factory(
    MOTIONGPT_OT_show_take,
    MOTIONGPT_OT_pick_take,
    MOTIONGPT_OT_compare_take,
    MOTIONGPT_OT_accept_take,
    MOTIONGPT_OT_reject_takes,
    MOTIONGPT_OT_more_takes,
    MOTIONGPT_OT_like_take,
)
