"""The sub-panel Several Characters."""

from typing import Any, cast

import bpy

from ...character.typing import full
from ...crowd.data import crowd_of
from ...crowd.job import CrowdJob
from ...crowd.request import selected_armatures
from ...jobs import session
from ...manual.links import HasManual
from ...translation.saying import say
from ..text import draw_text
from ..typing import classes_factory


class MOTIONGPT_UL_characters(bpy.types.UIList):
    """A line for each character: who, what, and the seed."""

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _property: Any,
        _index: Any = 0, _filtered: Any = 0,
    ) -> None:  # fmt: skip
        row = layout.row(align=True)
        name = item.armature.name if item.armature else say("deleted")
        row.label(text=name, translate=False, icon="ARMATURE_DATA")
        row.prop(item, "prompt", text="", emboss=False, placeholder=say("what it does"))
        row.prop(item, "seed", text="", emboss=False)


class _CrowdPanel(HasManual, bpy.types.Panel):
    manual = "bringing-motion"
    bl_label = "Several Characters"
    bl_category = "MotionGPT"
    bl_region_type = "UI"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(full(context).scene.motiongpt.task == "generate")

    def draw(self, context: bpy.types.Context) -> None:
        layout, crowd = cast(bpy.types.UILayout, self.layout), crowd_of(full(context).scene)
        layout.prop(crowd, "mode", text="")
        if crowd.mode == "LIST":
            _draw_list(layout, crowd)
        elif chosen := selected_armatures(context):
            seed = full(context).scene.motiongpt.seed
            seeds = (
                say("seeds {seed} to {last}", seed=seed, last=seed + len(chosen) - 1)
                if len(chosen) > 1
                else say("seed {seed}", seed=seed)
            )
            draw_text(layout, f"{', '.join(armature.name for armature in chosen)}: {seeds}")
        if session.current().running is None:
            layout.operator("motiongpt.generate_crowd", icon="COMMUNITY")
            if why := session.refused(CrowdJob, context):
                draw_text(layout, why, "INFO")


class MOTIONGPT_PT_crowd(_CrowdPanel):
    bl_idname = "MOTIONGPT_PT_crowd"
    bl_space_type = "VIEW_3D"
    bl_parent_id = "MOTIONGPT_PT_generate"


class MOTIONGPT_PT_crowd_keys(_CrowdPanel):
    bl_idname = "MOTIONGPT_PT_crowd_keys"
    bl_space_type = "DOPESHEET_EDITOR"
    bl_parent_id = "MOTIONGPT_PT_generate_keys"


def _draw_list(layout: bpy.types.UILayout, crowd: Any) -> None:
    row = layout.row()
    row.template_list("MOTIONGPT_UL_characters", "", crowd, "members", crowd, "active", rows=4)
    row.operator("motiongpt.remove_character", text="", icon="REMOVE")
    layout.operator("motiongpt.add_characters", icon="ADD")
    if 0 <= crowd.active < len(crowd.members):
        member = crowd.members[crowd.active]
        column = layout.column()
        for name in ("armature", "prompt", "seed"):
            column.prop(member, name)


register, unregister = classes_factory(MOTIONGPT_UL_characters, MOTIONGPT_PT_crowd, MOTIONGPT_PT_crowd_keys)
