"""The sub-panel Retarget."""

from typing import Any, cast

import bpy

from ...bring.job import RetargetJob
from ...character.typing import full
from ...export.loading import short_take
from ...jobs import session
from ...manual.links import HasManual
from ...translation.saying import say
from ..panel import draw_progress
from ..text import draw_text
from ..typing import classes_factory
from .properties import bring_settings


class MOTIONGPT_UL_takes_of_file(bpy.types.UIList):
    """A line for each take of the file."""

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _property: Any,
        _index: Any = 0, _filtered: Any = 0,
    ) -> None:  # fmt: skip
        layout.label(text=short_take(item.name), translate=False, icon="ACTION")


class _RetargetPanel(HasManual, bpy.types.Panel):
    manual = "bringing-motion"
    bl_label = "Retarget"
    bl_category = "MotionGPT"
    bl_region_type = "UI"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = cast(bpy.types.UILayout, self.layout), bring_settings(context)
        layout.prop(settings, "source", expand=False)
        if settings.source == "FILE":
            _draw_file(layout, settings)
        else:
            layout.prop(settings, "other")
        layout.prop(settings, "start_frame")
        layout.prop(full(context).scene.motiongpt, "hands")
        if job := session.current().running:
            draw_progress(layout, job)
        else:
            layout.operator("motiongpt.retarget", icon="ARMATURE_DATA")
            if why := session.refused(RetargetJob, context):
                draw_text(layout, why, "INFO")


class MOTIONGPT_PT_retarget(_RetargetPanel):
    bl_idname = "MOTIONGPT_PT_retarget"
    bl_space_type = "VIEW_3D"
    bl_parent_id = "MOTIONGPT_PT_generate"


class MOTIONGPT_PT_retarget_keys(_RetargetPanel):
    bl_idname = "MOTIONGPT_PT_retarget_keys"
    bl_space_type = "DOPESHEET_EDITOR"
    bl_parent_id = "MOTIONGPT_PT_generate_keys"


def _draw_file(layout: bpy.types.UILayout, settings: Any) -> None:
    row = layout.row(align=True)
    row.prop(settings, "file", text="", placeholder=say("or drop a file into the viewport"))
    row.operator("motiongpt.open_motion", text="", icon="FILE_FOLDER")
    if len(settings.takes) > 1:
        layout.template_list("MOTIONGPT_UL_takes_of_file", "", settings, "takes", settings, "take", rows=3)
    if settings.file.lower().endswith(".npz"):
        layout.prop(settings, "body")
        layout.prop(settings, "up")


register, unregister = classes_factory(MOTIONGPT_UL_takes_of_file, MOTIONGPT_PT_retarget, MOTIONGPT_PT_retarget_keys)
