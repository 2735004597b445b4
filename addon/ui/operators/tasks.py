"""The buttons that start a job, one per task, and the one that stops it."""

from typing import Any, ClassVar

import bpy

from ....backend.limits import SEED_LIMIT
from ....retarget.errors import MotionGPTError
from ...character.typing import full
from ...jobs import session
from ...jobs.continuing import ContinueJob
from ...jobs.describe import DescribeJob
from ...jobs.generate import GenerateJob
from ...jobs.inbetween import InbetweenJob, gather_gap
from ...jobs.job import Job
from ...jobs.service import Service
from ...shot.job import TextShotJob
from ...shot.request import gather_text, wants_shot
from ...translation.saying import CONTEXT, say, told
from ..typing import OperatorResult, classes_factory


class StartsJob(bpy.types.Operator):
    """Base of the operators that start a job. job: its class."""

    # No UNDO: pressing the button changes nothing yet; the job pushes one step once it has written.
    bl_options = {"REGISTER"}
    job: ClassVar[type[Job[Any]]]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if why := session.refused(cls.job, context):
            cls.poll_message_set(why)
        return not why

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        now = session.current()
        try:
            now.start(self.make(context, now.service))
        except MotionGPTError as error:
            now.error = told(error)
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def make(self, context: bpy.types.Context, service: Service) -> Job[Any]:
        """The job of one press. Raises MotionGPTError."""
        return self.job(self.gather(context), service)

    def gather(self, context: bpy.types.Context) -> Any:
        """The request of one press. Raises MotionGPTError."""
        return self.job.gather(context)


class MOTIONGPT_OT_generate(StartsJob):
    """Generate the described motion and put it on the armature as a new action; several actions become blocks"""

    bl_idname = "motiongpt.generate"
    bl_label = "Generate"
    job = GenerateJob

    def make(self, context: bpy.types.Context, service: Service) -> Job[Any]:
        return TextShotJob(gather_text(context), service) if wants_shot(context) else super().make(context, service)


class MOTIONGPT_OT_inbetween(StartsJob):
    """Generate the frames between the chosen poses; the poses stay exactly as they are keyed"""

    bl_idname = "motiongpt.inbetween"
    bl_label = "In-Between"
    job = InbetweenJob


class MOTIONGPT_OT_redo_gap(StartsJob):
    """Generate the gap around the current frame again, with the next seed; new takes come after those that you have"""

    bl_idname = "motiongpt.redo_gap"
    bl_label = "Redo Gap"
    job = InbetweenJob

    def gather(self, context: bpy.types.Context) -> Any:
        seed = (full(context).scene.motiongpt.seed + 1) % (SEED_LIMIT + 1)
        return gather_gap(context, seed)


class MOTIONGPT_OT_continue(StartsJob):
    """Generate more motion from the pose on the current frame, continuing the motion before it"""

    bl_idname = "motiongpt.continue_motion"
    bl_label = "Continue"
    bl_translation_context = CONTEXT
    job = ContinueJob


class MOTIONGPT_OT_describe(StartsJob):
    """Describe in words what the character does in the scene's frame range, or its preview range where that is on"""

    bl_idname = "motiongpt.describe"
    bl_label = "Describe"
    job = DescribeJob


class MOTIONGPT_OT_cancel(bpy.types.Operator):
    """Stop generating; the armature stays as it is"""

    bl_idname = "motiongpt.cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not session.current().running:
            cls.poll_message_set(say("Nothing is being generated."))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        session.current().cancel()
        return {"FINISHED"}


class MOTIONGPT_OT_copy_text(bpy.types.Operator):
    """Copy this text to the clipboard"""

    bl_idname = "motiongpt.copy_text"
    bl_label = "Copy"
    bl_options = {"INTERNAL"}

    text: bpy.props.StringProperty(name="Text", description="The text to copy", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        full(context).window_manager.clipboard = self.text
        return {"FINISHED"}


class MOTIONGPT_OT_use_as_prompt(bpy.types.Operator):
    """Put this text into the prompt"""

    bl_idname = "motiongpt.use_as_prompt"
    bl_label = "Use as Prompt"
    bl_options = {"INTERNAL", "UNDO"}

    text: bpy.props.StringProperty(name="Text", description="The new prompt", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        settings = full(context).scene.motiongpt
        settings.prompt = self.text
        if settings.task == "caption":  # which has no prompt
            settings.task = "generate"
        return {"FINISHED"}


class MOTIONGPT_OT_mute_overrides(bpy.types.Operator):
    """Switch off what keeps the generated keys from showing: constraints, drivers, solo, Rest Position"""

    bl_idname = "motiongpt.mute_overrides"
    bl_label = "Mute Overrides"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        now = session.current()
        if now.running or now.job is None or now.job.overridden is None or not now.job.overridden.can_mute:
            cls.poll_message_set(say("Nothing that overrides the generated keys can be switched off."))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        job = session.current().job
        try:
            if job is not None:
                job.mute_overrides()
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        session.redraw()
        return {"FINISHED"}


register, unregister = classes_factory(
    MOTIONGPT_OT_generate,
    MOTIONGPT_OT_inbetween,
    MOTIONGPT_OT_redo_gap,
    MOTIONGPT_OT_continue,
    MOTIONGPT_OT_describe,
    MOTIONGPT_OT_cancel,
    MOTIONGPT_OT_copy_text,
    MOTIONGPT_OT_use_as_prompt,
    MOTIONGPT_OT_mute_overrides,
)
