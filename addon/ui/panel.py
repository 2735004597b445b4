"""The sidebar of the 3D viewport: the task and its settings, progress, and the state of the backend."""

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import bpy

from ..character.typing import full
from ..jobs import session
from ..jobs.context import chosen_armature
from ..jobs.job import Job, State
from ..jobs.takes import shown_take
from .models import draw_model
from .typing import classes_factory

LINE = 38  # characters that fit a sidebar of the default width


def _draw_generate(layout: bpy.types.UILayout, settings: Any) -> None:
    column = layout.column(align=True)
    column.prop(settings, "use_scene_range")
    row = column.row()
    row.enabled = not settings.use_scene_range
    row.prop(settings, "seconds")


def _draw_inbetween(layout: bpy.types.UILayout, settings: Any) -> None:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    for name in ("poses", "range", "destination", "takes", "ghosts"):
        column.prop(settings, name)


def _draw_continue(layout: bpy.types.UILayout, settings: Any) -> None:
    layout.prop(settings, "seconds")
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    for name in ("after", "destination"):
        column.prop(settings, name)


def _draw_describe(layout: bpy.types.UILayout, _settings: Any) -> None:
    layout.label(text="The scene's frame range")


def _draw_takes(layout: bpy.types.UILayout, now: session.Session) -> None:
    """The buttons after an in-betweening: other takes, regenerate one gap, make a gap longer or shorter."""
    action = now.takes.action() if now.takes else None
    if now.takes and action is not None and len(now.takes.takes) > 1:
        row = layout.row(align=True)
        row.operator("motiongpt.show_take", text="", icon="TRIA_LEFT").step = -1
        row.label(text=f"Take {shown_take(action) + 1} of {len(now.takes.takes)}")
        row.operator("motiongpt.show_take", text="", icon="TRIA_RIGHT").step = 1
        row.operator("motiongpt.keep_take", text="Keep")
    row = layout.row(align=True)
    row.operator("motiongpt.redo_gap", icon="FILE_REFRESH")
    row.operator("motiongpt.retime_gap", text="", icon="REMOVE").frames = -5
    row.operator("motiongpt.retime_gap", text="", icon="ADD").frames = 5


@dataclass(frozen=True)
class _TaskPanel:
    """How the panel offers a task.

    button: its operator.  settings: draws the settings of this task alone.  hint: an empty prompt's placeholder; None
    for a task without prompt and seed.  after: draws the buttons for a result.
    """

    button: str
    settings: Callable[[bpy.types.UILayout, Any], None]
    hint: str | None = None
    after: Callable[[bpy.types.UILayout, session.Session], None] | None = None


_TASKS = {
    "generate": _TaskPanel("motiongpt.generate", _draw_generate, "a person walks forward"),
    "inbetween": _TaskPanel("motiongpt.inbetween", _draw_inbetween, "what happens (optional)", _draw_takes),
    "continue": _TaskPanel("motiongpt.continue_motion", _draw_continue, "what happens (optional)"),
    "caption": _TaskPanel("motiongpt.describe", _draw_describe),
}
"""By the settings' `task`."""


class MOTIONGPT_PT_generate(bpy.types.Panel):
    bl_idname = "MOTIONGPT_PT_generate"
    bl_label = "MotionGPT"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"

    def draw(self, context: bpy.types.Context) -> None:
        layout, now = cast(bpy.types.UILayout, self.layout), session.current()
        task = _TASKS[full(context).scene.motiongpt.task]
        _draw_settings(layout, context, task)
        if now.running:
            _draw_progress(layout, now.running)
        else:
            row = layout.row()
            row.scale_y = 1.4
            row.operator(task.button, icon="PLAY")
            if task.after:
                task.after(layout, now)
        _draw_status(layout, context, now)


def _draw_settings(layout: bpy.types.UILayout, context: bpy.types.Context, task: _TaskPanel) -> None:
    settings = full(context).scene.motiongpt
    layout.prop(settings, "task", text="")
    if task.hint is not None:
        layout.prop(settings, "prompt", text="", placeholder=task.hint)
    task.settings(layout, settings)
    if task.hint is not None:
        row = layout.row(align=True)
        row.prop(settings, "seed")
        row.operator("motiongpt.random_seed", text="", icon="FILE_REFRESH")
    layout.prop(settings, "armature")
    if settings.armature is None and (active := chosen_armature(context)):
        layout.label(text=f"Active: {active.name}", icon="ARMATURE_DATA")


def _draw_progress(layout: bpy.types.UILayout, job: Job[Any]) -> None:
    row = layout.row(align=True)
    row.progress(factor=job.fraction, text=job.stage)
    row.operator("motiongpt.cancel", text="", icon="X")


_ICONS = {State.DONE: "CHECKMARK", State.CANCELLED: "CANCEL"}


def _draw_status(layout: bpy.types.UILayout, context: bpy.types.Context, now: session.Session) -> None:
    if now.error:
        draw_text(layout, now.error, "ERROR")
    elif now.job and now.job.state in _ICONS:
        overridden = now.job.overridden
        draw_text(layout, now.job.message, _ICONS[now.job.state] if overridden is None else "ERROR")
        if overridden is not None and overridden.can_mute:
            layout.operator("motiongpt.mute_overrides")
    draw_model(layout, context)
    status = now.service.status()
    draw_text(layout, status.text, "ERROR" if status.failed else "NONE")


def draw_text(layout: bpy.types.UILayout, text: str, icon: Any) -> None:
    """Wrapped text, one label per line, because labels don't wrap."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    for i, line in enumerate(textwrap.wrap(text, LINE, break_on_hyphens=False)):
        column.label(text=line, icon=icon if i == 0 else "BLANK1" if icon != "NONE" else "NONE")


register, unregister = classes_factory(MOTIONGPT_PT_generate)
