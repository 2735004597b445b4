"""Generate and Cancel."""

import bpy

from ....retarget.errors import MotionGPTError
from ...jobs import session
from ...jobs.context import check, gather
from ...jobs.job import GenerateJob, Job


class StartsJob:
    """What the operators that start a job share."""

    # No UNDO: pressing the button changes nothing yet; the job pushes one step once it has written.
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        now = session.current()
        if now is None or now.running:
            cls.poll_message_set("A motion is being generated. Wait for it, or cancel it.")
            return False
        try:
            cls.require(context, now)
        except MotionGPTError as error:
            cls.poll_message_set(str(error))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        now = session.current()
        try:
            now.start(self.make_job(context, now))
        except MotionGPTError as error:
            now.error = str(error)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    @classmethod
    def require(cls, context: bpy.types.Context, now: session.Session) -> None:
        """What the button needs, cheap enough for every redraw. Raises MotionGPTError."""
        raise NotImplementedError

    def make_job(self, context: bpy.types.Context, now: session.Session) -> Job:
        """The job of one press. Raises MotionGPTError."""
        raise NotImplementedError


class MOTIONGPT_OT_generate(StartsJob, bpy.types.Operator):
    """Generate the described motion and put it on the armature as a new action"""

    bl_idname = "motiongpt.generate"
    bl_label = "Generate"

    @classmethod
    def require(cls, context: bpy.types.Context, now: session.Session) -> None:
        check(context)

    def make_job(self, context: bpy.types.Context, now: session.Session) -> Job:
        return GenerateJob(gather(context), now.service)


class MOTIONGPT_OT_cancel(bpy.types.Operator):
    """Stop generating; the armature stays as it is"""

    bl_idname = "motiongpt.cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        now = session.current()
        if now is None or not now.running:
            cls.poll_message_set("Nothing is being generated.")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        session.current().cancel()
        return {"FINISHED"}


CLASSES = (MOTIONGPT_OT_generate, MOTIONGPT_OT_cancel)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
