"""The sub-panel Train Style."""

from typing import Any, cast

import bpy

from ...manual.links import HasManual
from ...translation.saying import say
from ..text import draw_text
from ..typing import classes_factory
from .operators import current
from .properties import style_settings


class MOTIONGPT_UL_style_actions(bpy.types.UIList):
    """A line for each action of the character."""

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _property: Any,
        _index: Any = 0, _filtered: Any = 0,
    ) -> None:  # fmt: skip
        row = layout.row(align=True)
        row.prop(item, "use", text="")
        row.label(text=item.name, icon="ACTION")
        row.prop(item, "words", text="", emboss=False, placeholder="words of all")


class MOTIONGPT_PT_style(HasManual, bpy.types.Panel):
    manual = "styles"
    bl_idname = "MOTIONGPT_PT_style"
    bl_label = "Train Style"
    bl_parent_id = "MOTIONGPT_PT_generate"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = cast(bpy.types.UILayout, self.layout), style_settings(context)
        layout.prop(settings, "source", expand=False)
        if settings.source == "FOLDER":
            layout.prop(settings, "folder")
        else:
            _draw_actions(layout, settings)
        layout.prop(settings, "words", placeholder="walks like a boss; boss walk")
        layout.prop(settings, "name")
        layout.prop(settings, "minutes")
        training = current()
        if training is not None and training.running:
            row = layout.row(align=True)
            row.progress(factor=training.share, text=say(training.stage or "Starting"))
            row.operator("motiongpt.stop_style", text="", icon="X")
            return
        layout.operator("motiongpt.train_style", icon="MODIFIER")
        if training is not None:
            draw_text(layout, training.message, "ERROR" if training.failed else "CHECKMARK")
            if training.sheet is not None:
                layout.operator("wm.path_open", text="Before and After").filepath = str(training.sheet)


def _draw_actions(layout: bpy.types.UILayout, settings: Any) -> None:
    if settings.actions:
        layout.template_list("MOTIONGPT_UL_style_actions", "", settings, "actions", settings, "action", rows=4)
    layout.operator("motiongpt.list_style_actions", icon="FILE_REFRESH")


register, unregister = classes_factory(MOTIONGPT_UL_style_actions, MOTIONGPT_PT_style)
