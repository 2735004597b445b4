"""The history of prompts, where an action comes from, and making assets of actions."""

from dataclasses import dataclass
from typing import Any, cast

import bpy

from ....backend.limits import SEED_LIMIT
from ....retarget.errors import MotionGPTError
from ...action.fcurves import played_action
from ...character.typing import full
from ...jobs import session
from ...jobs.context import chosen_armature, find_scene
from ...jobs.job import Job, State
from ...manual.links import HasManual
from ...review import history
from ...review.origin import read_origin
from ...translation.saying import say, together, told
from ..paths.kept import as_text, put_back
from ..paths.properties import paths_settings
from ..text import draw_text
from ..typing import OperatorResult, classes_factory
from .operators import reviewed

_TASKS = ("generate", "inbetween", "continue")


@dataclass
class _Pressed:
    """The job whose steps are followed, and the settings of travel, loops and pins that it was begun with."""

    job: Job[Any] | None = None
    paths: str = ""


_pressed = _Pressed()


def note(job: Job[Any]) -> None:
    """Put a job that is done into its scene's history, if it had a text; called after each of its steps."""
    if job.task not in _TASKS:
        return
    requests = getattr(job.request, "members", (job.request,))  # of several characters
    if job is not _pressed.job:
        scene: Any = find_scene(requests[0].target.scene_uid)
        _pressed.job, _pressed.paths = job, as_text(scene.motiongpt_paths) if scene else ""
    if job.state is State.DONE:
        model = str(job.made.meta.get("model", "")) if job.made is not None else ""
        for request in requests:
            _note(request, job.task, model, _pressed.paths)


def _note(request: Any, task: str, model: str, paths: str) -> None:
    text = getattr(request, "prompt", "")
    scene = find_scene(request.target.scene_uid)
    if scene is None or not text:
        return
    span = getattr(request, "span", None)
    seconds = getattr(request, "seconds", (span.end - span.start) / request.target.fps if span else 0.0)
    history.add(
        scene, text, task=task, seconds=seconds, seed=str(request.seed), takes=request.takes,
        hands=getattr(request, "hands", ""), model=model, armature=request.target.armature_name, paths=paths,
    )  # fmt: skip


class MOTIONGPT_OT_reuse_prompt(bpy.types.Operator):
    """Put this prompt and its settings back into the panel"""

    bl_idname = "motiongpt.reuse_prompt"
    bl_label = "Use Again"
    bl_options = {"INTERNAL", "UNDO"}

    number: bpy.props.IntProperty(name="Number", description="Of the entry, from 0 on", options={"SKIP_SAVE"})

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        entries = history.entries_of(full(context).scene)
        if not 0 <= properties.number < len(entries):
            return say(str(cls.__doc__))
        entry = entries[properties.number]
        said = '"{text}", {seconds:.3g} s, seed {seed}, {takes} takes, on {armature} with the model {model}, {when}.'
        if entry.takes < 2:
            said = '"{text}", {seconds:.3g} s, seed {seed}, on {armature} with the model {model}, {when}.'
        return together(
            say(
                said, text=entry.name, seconds=entry.seconds, seed=entry.seed, takes=entry.takes,
                armature=entry.armature, model=entry.model, when=entry.when,
            ),
            say("Click to put these settings back into the panel."),
        )  # fmt: skip

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        scene = full(context).scene
        entries = history.entries_of(scene)
        if not 0 <= self.number < len(entries):
            self.report({"ERROR"}, say("The history has no such entry."))
            return {"CANCELLED"}
        entry, settings = entries[self.number], scene.motiongpt
        settings.task, settings.prompt = entry.task, entry.name
        settings.seed = int(entry.seed or 0) & SEED_LIMIT
        if entry.task != "inbetween":  # whose length is that of its poses
            settings.seconds, settings.use_scene_range, settings.text_takes = entry.seconds, False, entry.takes
        else:
            settings.takes = entry.takes
        if entry.hands:
            settings.hands = entry.hands.upper().replace("-", "_")
        if entry.paths and (gone := put_back(paths_settings(context), entry.paths)):
            self.report({"WARNING"}, say("Set without {names}, which this file no longer has.", names=", ".join(gone)))
        session.redraw()
        return {"FINISHED"}


class MOTIONGPT_OT_clear_history(bpy.types.Operator):
    """Forget all prompts of this scene"""

    bl_idname = "motiongpt.clear_history"
    bl_label = "Clear History"
    bl_options = {"UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return len(history.entries_of(full(context).scene)) > 0

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        history.clear(full(context).scene)
        return {"FINISHED"}


class MOTIONGPT_OT_mark_asset(bpy.types.Operator):
    """Make the armature's action an asset, with its prompt as the description, tags, and a preview where Blender can
    draw one"""

    bl_idname = "motiongpt.mark_asset"
    bl_label = "Mark as Asset"
    bl_options = {"REGISTER", "UNDO"}

    tags: bpy.props.StringProperty(name="Tags", description="Separated by commas", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        armature = chosen_armature(context)
        if armature is None or played_action(armature) is None:
            cls.poll_message_set(say("No armature with an action is chosen."))
        elif reviewed(context) is not None:
            cls.poll_message_set(say("Accept a take first."))
        else:
            return True
        return False

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> OperatorResult:
        return full(context).window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature = chosen_armature(context)
        action = played_action(armature) if armature is not None else None
        if action is None:
            return {"CANCELLED"}
        try:
            mark_as_asset(action, self.tags)
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        self.report(
            {"INFO"},
            say('"{action}" is an asset of this file; it is in the Asset Browser once saved.', action=action.name),
        )
        return {"FINISHED"}


def _about(origin: dict[str, Any]) -> dict[str, Any]:
    """What an action's custom properties say of it, as fields of a sentence."""
    return {"text": origin.get("text", ""), "seed": origin.get("seed"), "model": origin.get("model") or "MotionGPT"}


def mark_as_asset(action: bpy.types.Action, tags: str) -> None:
    """Mark an action as an asset, described by its prompt. tags: separated by commas. Raises MotionGPTError for an
    action that can't be one."""
    if action.library is not None:
        raise MotionGPTError(
            say('The action "{action}" is linked from another file.', action=action.name), "Make it local first."
        )
    action.asset_mark()
    about, data = read_origin(action), action.asset_data
    if data is None:
        raise MotionGPTError(
            say('"{action}" can\'t be marked as an asset.', action=action.name), "Make a copy of it and try again."
        )
    if about.get("text"):
        data.description = say('"{text}", seed {seed}, made by {model}', **_about(about))
    for tag in ["MotionGPT", *filter(None, (tag.strip() for tag in tags.split(",")))]:
        data.tags.new(tag, skip_if_exists=True)
    if not bpy.app.background:
        action.asset_generate_preview()


class MOTIONGPT_UL_history(bpy.types.UIList):
    """The entries, the newest first; one click uses one again."""

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _name: Any, index: Any,
        _flag: Any = 0,
    ) -> None:  # fmt: skip
        row = layout.row(align=True)
        one = row.operator("motiongpt.reuse_prompt", text=item.name, translate=False, emboss=False, icon="RECOVER_LAST")
        one.number = index
        detail = row.row()
        detail.alignment = "RIGHT"
        detail.label(text=f"{item.seconds:.3g} s, {item.seed}")

    def filter_items(self, _context: Any, data: Any, _property: Any) -> Any:
        wanted = self.filter_name.lower()
        flags = [self.bitflag_filter_item if wanted in entry.name.lower() else 0 for entry in data.entries]
        return flags, list(reversed(range(len(flags))))


class MOTIONGPT_PT_history(HasManual, bpy.types.Panel):
    manual = "takes"
    bl_idname = "MOTIONGPT_PT_history"
    bl_label = "History"
    bl_parent_id = "MOTIONGPT_PT_generate"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        scene, layout = full(context).scene, cast(bpy.types.UILayout, self.layout)
        if history.entries_of(scene):
            row = layout.row()
            own = scene.motiongpt_history
            row.template_list("MOTIONGPT_UL_history", "", own, "entries", own, "active", rows=4)
            row.operator("motiongpt.clear_history", text="", icon="TRASH")
        else:
            draw_text(layout, "Prompts that you generate are listed here, and saved with the file.")
        armature = chosen_armature(context)
        action = played_action(armature) if armature is not None else None
        about = read_origin(action) if action is not None else {}
        if action is not None and about:
            said = say('"{action}": "{text}", seed {seed}', action=action.name, **_about(about))
            draw_text(layout, said)
        if action is not None:
            layout.operator("motiongpt.mark_asset", icon="ASSET_MANAGER")


_register_classes, _unregister_classes = classes_factory(
    MOTIONGPT_OT_reuse_prompt,
    MOTIONGPT_OT_clear_history,
    MOTIONGPT_OT_mark_asset,
    MOTIONGPT_UL_history,
    MOTIONGPT_PT_history,
)


def register() -> None:
    _register_classes()
    session.current().watchers.append(note)


def unregister() -> None:
    session.current().watchers.remove(note)
    _unregister_classes()
