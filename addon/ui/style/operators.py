"""The buttons of Train Style."""

import re
from pathlib import Path
from typing import Any

import bpy

from ....retarget.errors import MotionGPTError
from ...character.typing import full
from ...export.loading import actions_of
from ...jobs import session
from ...jobs.context import EXTENSION, check_armature, startup
from ...style.training import StyleRequest, StyleTraining, check_python, write_actions
from ...translation.saying import say, told
from ..typing import OperatorResult, classes_factory
from .properties import style_settings

_LOOK = 0.5  # seconds between two looks at a training
_training: StyleTraining | None = None


def current() -> StyleTraining | None:
    """The training that runs, or the last one."""
    return _training


def look() -> float | None:
    """See how the training is; at its end choose the style in the menu of models, and open the sheet. Returns seconds
    until the next call, as bpy's timers expect it."""
    if _training is None:
        return None
    runs = _training.poll()
    session.redraw()
    if runs:
        return _LOOK
    if not (_training.failed or _training.stopped):
        _choose(_training.request.target.name)
        if _training.sheet is not None and not bpy.app.background:
            bpy.ops.wm.path_open(filepath=str(_training.sheet))
    session.tell(_training.message)
    return None


def _choose(name: str) -> None:
    """Choose a style in the menu of models, unless the preferences name a folder instead."""
    entry = full(bpy.context).preferences.addons.get(EXTENSION)
    if entry is not None and not entry.preferences.model:
        entry.preferences.installed = name


class MOTIONGPT_OT_list_style_actions(bpy.types.Operator):
    """List the actions of the character, to choose those that the style is learned from"""

    bl_idname = "motiongpt.list_style_actions"
    bl_label = "List Actions"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        settings = style_settings(context)
        try:
            found = [action.name for action in actions_of(check_armature(context))]
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        before = {item.name: (item.use, item.words) for item in settings.actions}
        settings.actions.clear()
        for name in found:
            item = settings.actions.add()
            item.name = name
            item.use, item.words = before.get(name, (not before, ""))
        if not found:
            self.report({"WARNING"}, say("The character has no actions."))
        return {"FINISHED"}


class MOTIONGPT_OT_train_style(bpy.types.Operator):
    """Train a style of the model on these actions or clips, in the background: some minutes on the processor"""

    bl_idname = "motiongpt.train_style"
    bl_label = "Train Style"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        why = why_not(context)
        if why:
            cls.poll_message_set(say(why))
        return not why

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        global _training
        try:
            _training = StyleTraining(request(context))
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        if not bpy.app.timers.is_registered(look):
            bpy.app.timers.register(look, first_interval=_LOOK, persistent=True)
        return {"FINISHED"}


class MOTIONGPT_OT_stop_style(bpy.types.Operator):
    """Stop the training; Train Style goes on from there"""

    bl_idname = "motiongpt.stop_style"
    bl_label = "Stop Training"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _training is not None and _training.running

    def execute(self, _context: bpy.types.Context) -> OperatorResult:
        if _training is not None:
            _training.stop()
        return {"FINISHED"}


def why_not(context: bpy.types.Context) -> str:
    """Why no style can be trained now; "" where one can."""
    settings = style_settings(context)
    if _training is not None and _training.running:
        return "A style is being trained."
    if not settings.name.strip():
        return "Give the style a name."
    if settings.source == "FOLDER":
        return "" if settings.folder else "Choose a folder of clips."
    return "" if any(item.use for item in settings.actions) else "List the actions, and choose some."


def request(context: bpy.types.Context) -> StyleRequest:
    """What the settings ask for. Raises MotionGPTError."""
    from ....backend.model_folder import user_folder

    settings, backend = style_settings(context), startup(context)
    name, own = settings.name.strip(), user_folder()
    if re.search(r"[/\\:]|^\.", name):
        raise MotionGPTError(
            say('"{name}" can\'t be the name of a style.', name=name), "Use letters, digits and hyphens."
        )
    check_python(backend.python)
    if own is None:
        raise MotionGPTError("There is no folder for your own models.", "Set MOTIONGPT_MODELS to a folder.")
    words = tuple(text.strip() for text in settings.words.split(";") if text.strip())
    if settings.source == "FOLDER":
        clips = Path(bpy.path.abspath(settings.folder))
    else:
        chosen = [(item.name, item.words.strip()) for item in settings.actions if item.use]
        clips = write_actions(check_armature(context), chosen)
    temporary = settings.source != "FOLDER"
    return StyleRequest(clips, words, own / name, _model(context), settings.minutes, backend, temporary)


def _model(context: bpy.types.Context) -> str:
    """The model that a style is trained of: the one in use, or that of the style in use. Raises MotionGPTError."""
    from ....backend.model_folder import default_model, find_model

    entry: Any = full(context).preferences.addons.get(EXTENSION)
    wanted = entry.preferences if entry is not None else None
    named = bpy.path.abspath(wanted.model) if wanted and wanted.model else (wanted.installed if wanted else "")
    _, card = find_model(named or default_model())
    return str(card.settings["base"]) if card.kind == "motiongpt-style" else named or default_model()


_register_classes, _unregister_classes = classes_factory(
    MOTIONGPT_OT_list_style_actions, MOTIONGPT_OT_train_style, MOTIONGPT_OT_stop_style
)


def register() -> None:
    _register_classes()


def unregister() -> None:
    global _training
    if bpy.app.timers.is_registered(look):
        bpy.app.timers.unregister(look)
    if _training is not None:
        _training.stop()
    _training = None
    _unregister_classes()
