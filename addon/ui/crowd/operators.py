"""The buttons for several characters."""

from typing import Any

import bpy

from ....backend.limits import SEED_LIMIT
from ...character.typing import full
from ...crowd.data import crowd_of
from ...crowd.job import CrowdJob
from ...crowd.request import selected_armatures
from ...translation.saying import say
from ..operators.tasks import StartsJob
from ..typing import OperatorResult, classes_factory


class MOTIONGPT_OT_generate_crowd(StartsJob):
    """Generate a motion for each of these characters in one go, each as a new action, in one undo step"""

    bl_idname = "motiongpt.generate_crowd"
    bl_label = "Generate for All"
    job = CrowdJob


class MOTIONGPT_OT_add_characters(bpy.types.Operator):
    """Add the selected armatures to the list, with the current prompt and a seed each"""

    bl_idname = "motiongpt.add_characters"
    bl_label = "Add Selected"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not _new(context):
            cls.poll_message_set(say("Select armatures that are not in the list yet."))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene = full(context).scene
        crowd = crowd_of(scene)
        for armature in _new(context):
            member = crowd.members.add()
            member.armature, member.prompt = armature, scene.motiongpt.prompt
            member.seed = (scene.motiongpt.seed + len(crowd.members) - 1) % (SEED_LIMIT + 1)
        crowd.active = len(crowd.members) - 1
        return {"FINISHED"}


class MOTIONGPT_OT_remove_character(bpy.types.Operator):
    """Remove this character from the list; its animation stays"""

    bl_idname = "motiongpt.remove_character"
    bl_label = "Remove Character"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        crowd = crowd_of(full(context).scene)
        if not 0 <= crowd.active < len(crowd.members):
            cls.poll_message_set(say("No character of the list is chosen."))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        crowd = crowd_of(full(context).scene)
        crowd.members.remove(crowd.active)
        crowd.active = max(0, min(crowd.active, len(crowd.members) - 1))
        return {"FINISHED"}


def _new(context: bpy.types.Context) -> list[Any]:
    """The selected armatures that are not in the list."""
    there = {member.armature for member in crowd_of(full(context).scene).members}
    return [armature for armature in selected_armatures(context) if armature not in there]


register, unregister = classes_factory(
    MOTIONGPT_OT_generate_crowd, MOTIONGPT_OT_add_characters, MOTIONGPT_OT_remove_character
)
