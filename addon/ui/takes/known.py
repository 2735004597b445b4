"""What the model knows: grouped, searchable, one click to try."""

from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import bpy

from ....retarget.errors import MotionGPTError
from ...character.typing import full
from ...jobs import session
from ...jobs.context import EXTENSION
from ...jobs.generate import GenerateJob
from ...manual.links import HasManual
from ...translation.saying import say, told
from ..operators.tasks import StartsJob
from ..text import draw_text
from ..typing import OperatorResult, classes_factory

_MOST = 30
"""Phrases that are drawn at once."""


def known_to_model(context: bpy.types.Context) -> tuple[str, ...]:
    """The phrases of the model that the preferences choose; none where it has no list. Raises MotionGPTError."""
    # Not before the panel is drawn: see jobs.service.
    from ....backend.known.phrases import FILE_NAME
    from ....backend.model_folder import default_model, installed_models

    entry: Any = full(context).preferences.addons.get(EXTENSION)
    wanted = entry.preferences if entry is not None else None
    if wanted is not None and wanted.model:
        folder: Path | None = Path(bpy.path.abspath(wanted.model))
    else:
        installed = installed_models()
        folder = installed.get(wanted.installed if wanted is not None else "") or installed.get(default_model())
    path = folder / FILE_NAME if folder is not None else None
    if folder is None or path is None or not path.is_file():
        return ()
    return _phrases(folder, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _phrases(folder: Path, _changed: int) -> tuple[str, ...]:
    from ....backend.known.phrases import read_phrases

    return read_phrases(folder)


@lru_cache(maxsize=2)
def _groups(phrases: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    from ....backend.known.phrases import grouped

    return grouped(phrases)


@lru_cache(maxsize=8)
def _found(phrases: tuple[str, ...], search: str) -> tuple[str, ...]:
    from ....backend.known.phrases import matching

    return matching(phrases, search)


class MotionGPTKnown(bpy.types.PropertyGroup):
    """What the browser shows, at `window_manager.motiongpt_known`; it is not saved."""

    search: bpy.props.StringProperty(
        name="Search", description="Words that a phrase must have, in any order", options={"TEXTEDIT_UPDATE"}
    )
    group: bpy.props.StringProperty()


class MOTIONGPT_OT_open_known(bpy.types.Operator):
    """Show or hide these phrases"""

    bl_idname = "motiongpt.open_known"
    bl_label = "Show Phrases"
    bl_options = {"INTERNAL"}

    group: bpy.props.StringProperty(name="Group", description="The name of the group", options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        known = cast(Any, full(context).window_manager).motiongpt_known
        known.group = "" if known.group == self.group else self.group
        session.redraw()
        return {"FINISHED"}


class MOTIONGPT_OT_try_phrase(StartsJob):
    """Put this phrase into the prompt and generate it"""

    bl_idname = "motiongpt.try_phrase"
    bl_label = "Try"
    bl_options = {"INTERNAL"}
    job = GenerateJob

    text: bpy.props.StringProperty(name="Text", description="The phrase to try", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        try:
            session.check_idle()
        except MotionGPTError as error:
            cls.poll_message_set(told(error))
            return False
        return True

    def gather(self, context: bpy.types.Context) -> Any:
        settings = full(context).scene.motiongpt
        settings.task, settings.prompt = "generate", self.text
        return GenerateJob.gather(context)


class MOTIONGPT_PT_known(HasManual, bpy.types.Panel):
    manual = "takes"
    bl_idname = "MOTIONGPT_PT_known"
    bl_label = "What It Knows"
    bl_parent_id = "MOTIONGPT_PT_generate"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, known = cast(bpy.types.UILayout, self.layout), cast(Any, full(context).window_manager).motiongpt_known
        try:
            phrases = known_to_model(context)
        except (MotionGPTError, ImportError) as error:
            draw_text(layout, told(error), "ERROR")
            return
        if not phrases:
            draw_text(layout, "This model does not say what it knows.")
            return
        layout.prop(known, "search", text="", icon="VIEWZOOM")
        if known.search.strip():
            _draw_phrases(layout, _found(phrases, known.search.strip()))
            return
        for name, group in _groups(phrases).items():
            shown = known.group == name
            icon: Any = "DOWNARROW_HLT" if shown else "RIGHTARROW"
            row = layout.row(align=True)
            row.alignment = "LEFT"
            row.operator(
                "motiongpt.open_known", text=f"{say(name)} ({len(group)})", icon=icon, emboss=False
            ).group = name
            if shown:
                _draw_phrases(layout, group)


def _draw_phrases(layout: bpy.types.UILayout, phrases: tuple[str, ...]) -> None:
    column = layout.column(align=True)
    for phrase in phrases[:_MOST]:
        row = column.row(align=True)
        row.operator("motiongpt.try_phrase", text="", icon="PLAY").text = phrase
        row.operator("motiongpt.use_as_prompt", text=phrase, translate=False).text = phrase
    if not phrases:
        draw_text(layout, "It knows no such phrase.")
    if len(phrases) > _MOST:
        draw_text(layout, say("{count} more: search for words in them.", count=len(phrases) - _MOST))


_register_classes, _unregister_classes = classes_factory(
    MotionGPTKnown, MOTIONGPT_OT_open_known, MOTIONGPT_OT_try_phrase, MOTIONGPT_PT_known
)


def register() -> None:
    _register_classes()
    bpy.types.WindowManager.motiongpt_known = bpy.props.PointerProperty(  # type: ignore[attr-defined,func-returns-value]
        type=MotionGPTKnown
    )


def unregister() -> None:
    del bpy.types.WindowManager.motiongpt_known  # type: ignore[attr-defined]
    _unregister_classes()
