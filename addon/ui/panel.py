"""The sidebar of the 3D viewport: what to generate, how far it is, and how the backend fares."""

import textwrap

import bpy

from ..jobs import session
from ..jobs.context import chosen_armature
from ..jobs.job import CANCELLED, DONE, Job
from ..jobs.takes import SHOWN

LINE = 38  # characters that fit a sidebar of the default width


class MOTIONGPT_PT_generate(bpy.types.Panel):
    bl_idname = "MOTIONGPT_PT_generate"
    bl_label = "MotionGPT"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        now = session.current()
        _draw_settings(layout, context)
        if now is None:
            return
        if now.running:
            _draw_progress(layout, now.running)
        else:
            row = layout.row()
            row.scale_y = 1.4
            row.operator(_BUTTONS[context.scene.motiongpt.task], icon="PLAY")
            if context.scene.motiongpt.task == "inbetween":
                _draw_after(layout, now)
        _draw_status(layout, now)


def _draw_settings(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.motiongpt
    layout.prop(settings, "task", text="")
    if settings.task != "caption":
        hint = "a person walks forward" if settings.task == "generate" else "what happens, or nothing"
        layout.prop(settings, "prompt", text="", placeholder=hint)
    _DRAW[settings.task](layout, settings)
    if settings.task != "caption":
        row = layout.row(align=True)
        row.prop(settings, "seed")
        row.operator("motiongpt.random_seed", text="", icon="FILE_REFRESH")
    layout.prop(settings, "armature")
    if settings.armature is None and (active := chosen_armature(context)):
        layout.label(text=f"Active: {active.name}", icon="ARMATURE_DATA")


def _draw_generate(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    column = layout.column(align=True)
    column.prop(settings, "use_scene_range")
    row = column.row()
    row.enabled = not settings.use_scene_range
    row.prop(settings, "seconds")


def _draw_inbetween(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    for name in ("poses", "range", "destination", "takes", "ghosts"):
        column.prop(settings, name)


def _draw_continue(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    layout.prop(settings, "seconds")


def _draw_caption(layout: bpy.types.UILayout, _settings: bpy.types.PropertyGroup) -> None:
    layout.label(text="The scene's frame range")


_BUTTONS = {
    "generate": "motiongpt.generate",
    "inbetween": "motiongpt.inbetween",
    "continue": "motiongpt.continue_motion",
    "caption": "motiongpt.describe",
}
_DRAW = {
    "generate": _draw_generate,
    "inbetween": _draw_inbetween,
    "continue": _draw_continue,
    "caption": _draw_caption,
}


def _draw_after(layout: bpy.types.UILayout, now: session.Session) -> None:
    """What can be done with a result: other takes, one gap again, one gap longer or shorter."""
    action = now.takes.action() if now.takes else None
    if action is not None and len(now.takes.takes) > 1:
        row = layout.row(align=True)
        row.operator("motiongpt.show_take", text="", icon="TRIA_LEFT").step = -1
        row.label(text=f"Take {action.get(SHOWN, 0) + 1} of {len(now.takes.takes)}")
        row.operator("motiongpt.show_take", text="", icon="TRIA_RIGHT").step = 1
        row.operator("motiongpt.keep_take", text="Keep")
    row = layout.row(align=True)
    row.operator("motiongpt.redo_gap", icon="FILE_REFRESH")
    row.operator("motiongpt.retime_gap", text="", icon="REMOVE").frames = -5
    row.operator("motiongpt.retime_gap", text="", icon="ADD").frames = 5


def _draw_progress(layout: bpy.types.UILayout, job: Job) -> None:
    row = layout.row(align=True)
    row.progress(factor=job.fraction, text=job.stage)
    row.operator("motiongpt.cancel", text="", icon="X")


def _draw_status(layout: bpy.types.UILayout, now: session.Session) -> None:
    if now.error:
        draw_text(layout, now.error, "ERROR")
    elif now.job and now.job.state in (DONE, CANCELLED):
        draw_text(layout, now.job.message, "CHECKMARK" if now.job.state == DONE else "CANCEL")
    status = now.service.status()
    draw_text(layout, status.text, "ERROR" if status.failed else "NONE")


def draw_text(layout: bpy.types.UILayout, text: str, icon: str) -> None:
    """A sentence over as many lines as it needs: labels don't wrap."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    for i, line in enumerate(textwrap.wrap(text, LINE, break_on_hyphens=False)):
        column.label(text=line, icon=icon if i == 0 else "BLANK1" if icon != "NONE" else "NONE")


CLASSES = (MOTIONGPT_PT_generate,)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
