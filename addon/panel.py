"""The sidebar of the 3D viewport: what to generate, how far it is, and how the backend fares."""

import textwrap

import bpy

from . import session
from .gather import chosen_armature
from .job import CANCELLED, DONE, Job

LINE = 38  # characters that fit a sidebar of the default width


class MOTIONGPT_PT_generate(bpy.types.Panel):
    bl_idname = "MOTIONGPT_PT_generate"
    bl_label = "Text to Motion"
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
            row.operator("motiongpt.generate", icon="PLAY")
        _draw_status(layout, now)


def _draw_settings(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    settings = context.scene.motiongpt
    layout.prop(settings, "prompt", text="", placeholder="a person walks forward")
    column = layout.column(align=True)
    column.prop(settings, "use_scene_range")
    row = column.row()
    row.enabled = not settings.use_scene_range
    row.prop(settings, "seconds")
    row = layout.row(align=True)
    row.prop(settings, "seed")
    row.operator("motiongpt.random_seed", text="", icon="FILE_REFRESH")
    layout.prop(settings, "armature")
    if settings.armature is None and (active := chosen_armature(context)):
        layout.label(text=f"Active: {active.name}", icon="ARMATURE_DATA")


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
