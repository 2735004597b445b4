"""The sidebar of the 3D viewport: the task and its settings, progress, and the state of the backend."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import bpy

from ...backend.limits import SHARE_OF_MORE
from ...retarget.errors import MotionGPTError
from ..character.typing import Scene, full
from ..jobs import session
from ..jobs.context import chosen_armature, preloads, scene_fps, scene_range, startup, wanted_seconds
from ..jobs.continuing import ContinueJob
from ..jobs.describe import DescribeJob
from ..jobs.generate import GenerateJob, wanted_length
from ..jobs.inbetween import InbetweenJob
from ..jobs.job import Job, State
from ..jobs.service import Service
from ..manual.links import draw_help
from ..review.state import is_open
from ..translation.saying import say
from ..travel.asked import lasts_as_its_way
from .doubts import draw_doubt
from .models import draw_model
from .presets import draw_presets
from .text import draw_text
from .typing import classes_factory


def _draw_generate(layout: bpy.types.UILayout, scene: Scene, service: Service) -> None:
    settings = scene.motiongpt
    column = layout.column(align=True)
    column.prop(settings, "use_scene_range")
    row = column.row(align=True)
    row.enabled = not settings.use_scene_range
    _draw_length(row, scene)
    layout.prop(settings, "hands")
    layout.prop(settings, "text_takes")
    if lasts_as_its_way(scene):
        draw_text(layout, "As long as the gait needs for the way")
        return
    seconds, frames, first = wanted_length(scene)
    _draw_frames(layout, first, first + frames - 1, seconds, service)


def _draw_length(row: bpy.types.UILayout, scene: Scene) -> None:
    settings = scene.motiongpt
    row.prop(settings, "seconds" if settings.length == "SECONDS" else "frames")
    row.prop(settings, "length", text="")


def _draw_inbetween(layout: bpy.types.UILayout, scene: Scene, _service: Service) -> None:
    _draw_choices(layout, scene, "poses", "range", "destination", "takes", "ghosts")


def _draw_continue(layout: bpy.types.UILayout, scene: Scene, service: Service) -> None:
    _draw_length(layout.row(align=True), scene)
    seconds, now = wanted_seconds(scene), scene.frame_current
    _draw_frames(layout, now, now + max(1, round(seconds * scene_fps(scene))), seconds, service, SHARE_OF_MORE)
    _draw_choices(layout, scene, "after", "destination", "text_takes")


def _draw_describe(layout: bpy.types.UILayout, scene: Scene, _service: Service) -> None:
    first, last = scene_range(scene)
    said = "Frames {first} to {last}, the scene's frame range"
    if scene.use_preview_range:
        said = "Frames {first} to {last}, the preview range"
    draw_text(layout, say(said, first=first, last=last))


def _draw_choices(layout: bpy.types.UILayout, scene: Scene, *names: str) -> None:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    for name in names:
        column.prop(scene.motiongpt, name)


def _draw_frames(
    layout: bpy.types.UILayout, first: int, last: int, seconds: float, service: Service, share: float = 1.0
) -> None:
    """Where a result will be, and the model's limit. share: of the model's length, what it makes in one piece."""
    said, most = "Frames {first} to {last}", service.info.max_seconds if service.info is not None else 0.0
    if most and seconds > most * share * (1.0 + 1e-6):
        said = "Frames {first} to {last}; in pieces, as the model makes {seconds:.3g} s at a time"
    elif most:
        said = "Frames {first} to {last}; at most {seconds:.3g} s are made in one piece"
    draw_text(layout, say(said, first=first, last=last, seconds=most * share))


def _draw_gap(layout: bpy.types.UILayout, _now: session.Session) -> None:
    """The buttons after an in-betweening: regenerate one gap, make a gap longer or shorter."""
    row = layout.row(align=True)
    row.operator("motiongpt.redo_gap", icon="FILE_REFRESH")
    row.operator("motiongpt.retime_gap", text="", icon="REMOVE").frames = -5
    row.operator("motiongpt.retime_gap", text="", icon="ADD").frames = 5


@dataclass(frozen=True)
class _TaskPanel:
    """How the panel offers a task.

    button: its operator's name.  job: what that starts.  settings: draws the settings of this task alone.  hint: an
    empty prompt's placeholder; None for a task without prompt and seed.  after: draws the buttons for a result.
    """

    button: str
    job: type[Job[Any]]
    settings: Callable[[bpy.types.UILayout, Scene, Service], None]
    hint: str | None = None
    after: Callable[[bpy.types.UILayout, session.Session], None] | None = None


_OPTIONAL = "what happens (optional)"
_TASKS = {
    "generate": _TaskPanel("motiongpt.generate", GenerateJob, _draw_generate, "a person walks forward"),
    "inbetween": _TaskPanel("motiongpt.inbetween", InbetweenJob, _draw_inbetween, _OPTIONAL, _draw_gap),
    "continue": _TaskPanel("motiongpt.continue_motion", ContinueJob, _draw_continue, _OPTIONAL),
    "caption": _TaskPanel("motiongpt.describe", DescribeJob, _draw_describe),
}
"""By the settings' `task`."""


class _Main:
    """What the main panel shows, in every editor that has it."""

    bl_label = "MotionGPT"
    bl_category = "MotionGPT"

    manual = "first-motion"

    def draw_header_preset(self: Any, _context: bpy.types.Context) -> None:
        draw_presets(self)
        draw_help(self.layout, self.manual)

    def draw(self: Any, context: bpy.types.Context) -> None:
        layout, now = cast(bpy.types.UILayout, self.layout), session.current()
        task = _TASKS[full(context).scene.motiongpt.task]
        if not bpy.app.background:
            _preload(now, context)
        _draw_settings(layout, context, task, now.service)
        if now.running:
            draw_progress(layout, now.running)
        else:
            column = layout.column(align=True)
            row = column.row()
            row.scale_y = 1.4
            row.operator(task.button, icon="PLAY")
            _take_the_bar(column)
            if why := session.refused(task.job, context):
                draw_text(layout, why, "INFO")
            if task.after:
                task.after(layout, now)
        _draw_status(layout, context, now)


class MOTIONGPT_PT_generate(_Main, bpy.types.Panel):
    bl_idname = "MOTIONGPT_PT_generate"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"


class MOTIONGPT_PT_generate_keys(_Main, bpy.types.Panel):
    bl_idname = "MOTIONGPT_PT_generate_keys"
    bl_space_type = "DOPESHEET_EDITOR"
    bl_region_type = "UI"


def _draw_settings(layout: bpy.types.UILayout, context: bpy.types.Context, task: _TaskPanel, service: Service) -> None:
    scene = full(context).scene
    settings = scene.motiongpt
    layout.prop(settings, "task", text="")
    if task.hint is not None:
        layout.prop(settings, "prompt", text="", placeholder=say(task.hint))
    with suppress(MotionGPTError):  # a frame rate that no motion can have: said below the button
        task.settings(layout, scene, service)
    if task.hint is not None:
        row = layout.row(align=True)
        row.prop(settings, "seed")
        row.operator("motiongpt.random_seed", text="", icon="FILE_REFRESH")
    layout.prop(settings, "armature")
    if settings.armature is None and (active := chosen_armature(context)):
        layout.label(text=say("Active: {active}", active=active.name), icon="ARMATURE_DATA")


def draw_progress(layout: bpy.types.UILayout, job: Job[Any]) -> None:
    """How far a job is, and the button that stops it."""
    row = layout.row(align=True)
    row.progress(factor=job.fraction, text=say(job.stage))
    row.operator("motiongpt.cancel", text="", icon="X")


def _take_the_bar(column: bpy.types.UILayout) -> None:
    """Blender draws the first label that is new as the progress bar that was under the mouse, which it takes for the
    same widget: an invisible one, so that it is not the outcome."""
    bar = column.row()
    bar.alignment = "LEFT"
    bar.scale_y = bar.ui_units_x = 0.01
    bar.label(text="")


_ICONS = {State.DONE: "CHECKMARK", State.CANCELLED: "CANCEL"}


def _draw_status(layout: bpy.types.UILayout, context: bpy.types.Context, now: session.Session) -> None:
    if now.error:
        draw_text(layout, now.error, "ERROR")
        layout.operator("motiongpt.copy_text", icon="COPYDOWN").text = now.error
    elif now.job and now.job.state in _ICONS:
        _draw_outcome(layout, now.job)
    draw_model(layout, context)
    status = now.service.status()
    if status.text != now.error:
        draw_text(layout, status.text, "ERROR" if status.failed else "NONE")


def _draw_outcome(layout: bpy.types.UILayout, job: Job[Any]) -> None:
    """What a job has done, and what can be done with that."""
    overridden = job.overridden
    draw_text(layout, job.message, _ICONS[job.state] if overridden is None else "ERROR")
    if overridden is not None and overridden.can_mute:
        layout.operator("motiongpt.mute_overrides")
    if job.text:
        row = layout.row(align=True)
        row.operator("motiongpt.copy_text", icon="COPYDOWN").text = job.text
        row.operator("motiongpt.use_as_prompt").text = job.text
    armature = chosen_armature(bpy.context)
    takes = armature is not None and is_open(armature)  # each of which says so itself
    if job.made is not None and job.state is State.DONE and not takes:
        draw_doubt(layout, job.made.meta)


def _preload(now: session.Session, context: bpy.types.Context) -> None:
    """Load the model, as its panel is in sight."""
    try:
        if preloads(context):
            now.preload(startup(context))
    except MotionGPTError:  # wrong preferences: pressing a button says so
        return


register, unregister = classes_factory(MOTIONGPT_PT_generate, MOTIONGPT_PT_generate_keys)
