"""The buttons of the tasks that work on the animation that is there: poses, gaps and takes."""

from dataclasses import replace

import bpy

from ...jobs import session
from ...jobs.context import check_armature
from ...jobs.edit_job import EditJob, check_task
from ...jobs.edit_request import (
    CAPTION,
    CONTINUE,
    INBETWEEN,
    EditRequest,
    gather_caption,
    gather_continue,
    gather_inbetween,
)
from ..properties import SEED_LIMIT
from .generate import StartsJob


class _Task(StartsJob):
    """What the tasks' operators share. task: as `ServerInfo.tasks` names it."""

    task = ""

    @classmethod
    def require(cls, context: bpy.types.Context, now: session.Session) -> None:
        check_armature(context)
        check_task(now.service, cls.task)

    def make_job(self, context: bpy.types.Context, now: session.Session) -> EditJob:
        request = self.gather(context)
        if now.service.info is not None:
            request.check_length(now.service.info.max_seconds)
        return EditJob(request, now.service)

    def gather(self, context: bpy.types.Context) -> EditRequest:
        """The request of one press. Raises MotionGPTError."""
        raise NotImplementedError


class MOTIONGPT_OT_inbetween(_Task, bpy.types.Operator):
    """Make the frames between the chosen poses; the poses stay exactly as they are keyed"""

    bl_idname = "motiongpt.inbetween"
    bl_label = "In-Between"
    task = INBETWEEN

    def gather(self, context: bpy.types.Context) -> EditRequest:
        return gather_inbetween(context)


class MOTIONGPT_OT_redo_gap(_Task, bpy.types.Operator):
    """Make the gap around the current frame anew, with the next seed; everything else stays"""

    bl_idname = "motiongpt.redo_gap"
    bl_label = "Redo Gap"
    task = INBETWEEN

    def gather(self, context: bpy.types.Context) -> EditRequest:
        settings = context.scene.motiongpt
        request = replace(gather_inbetween(context, gap_only=True), seed=(settings.seed + 1) % SEED_LIMIT)
        settings.seed = request.seed  # so that the same motion can be had again
        return request


class MOTIONGPT_OT_continue(_Task, bpy.types.Operator):
    """Go on from the pose on the current frame, as the motion before it leads there"""

    bl_idname = "motiongpt.continue_motion"
    bl_label = "Continue"
    task = CONTINUE

    def gather(self, context: bpy.types.Context) -> EditRequest:
        return gather_continue(context)


class MOTIONGPT_OT_describe(_Task, bpy.types.Operator):
    """Say in words what the character does in the scene's frame range"""

    bl_idname = "motiongpt.describe"
    bl_label = "Describe"
    task = CAPTION

    def gather(self, context: bpy.types.Context) -> EditRequest:
        return gather_caption(context)


CLASSES = (MOTIONGPT_OT_inbetween, MOTIONGPT_OT_redo_gap, MOTIONGPT_OT_continue, MOTIONGPT_OT_describe)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
