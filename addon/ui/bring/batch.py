"""The sub-panel Batch: a table or a folder, done in the background."""

from pathlib import Path
from typing import cast

import bpy

from ....retarget.errors import MotionGPTError
from ...bring.batch import Batch, BatchRequest, table_of
from ...jobs import session
from ...jobs.context import startup
from ...manual.links import HasManual
from ...translation.saying import CONTEXT, say, told
from ..text import draw_text
from ..typing import OperatorResult, classes_factory
from .properties import bring_settings

_LOOK = 0.5  # seconds between two looks at a batch
_batch: Batch | None = None


def current() -> Batch | None:
    """The batch that runs, or the last one."""
    return _batch


def look() -> float | None:
    """See how the batch is, and open its report at its end. Returns seconds until the next call, as bpy's timers expect
    it."""
    if _batch is None:
        return None
    runs = _batch.poll()
    session.redraw()
    if runs:
        return _LOOK
    session.tell(_batch.message)
    if not (_batch.failed or _batch.stopped or bpy.app.background):
        bpy.ops.wm.path_open(filepath=str(_batch.report))
    return None


class MOTIONGPT_OT_run_batch(bpy.types.Operator):
    """Do a table of jobs, or put each motion file of a folder onto this file's character, in the background"""

    bl_idname = "motiongpt.run_batch"
    bl_label = "Run Batch"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        settings = bring_settings(context)
        if _batch is not None and _batch.running:
            cls.poll_message_set(say("A batch is running."))
            return False
        if not (settings.table and settings.folder):
            cls.poll_message_set(
                say("Choose a table of jobs or a folder of motion files, and a folder for the results.")
            )
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        global _batch
        settings = bring_settings(context)
        source, place = (Path(bpy.path.abspath(path)) for path in (settings.table, settings.folder))
        try:
            table = table_of(source, place, bpy.data.filepath)
            _batch = Batch(BatchRequest(table, place, startup(context)))
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        if not bpy.app.timers.is_registered(look):
            bpy.app.timers.register(look, first_interval=_LOOK, persistent=True)
        return {"FINISHED"}


class MOTIONGPT_OT_stop_batch(bpy.types.Operator):
    """Stop the batch; files that are done stay, and Run Batch goes on from there"""

    bl_idname = "motiongpt.stop_batch"
    bl_label = "Stop Batch"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _batch is not None and _batch.running

    def execute(self, _context: bpy.types.Context) -> OperatorResult:
        if _batch is not None:
            _batch.stop()
        return {"FINISHED"}


class MOTIONGPT_PT_batch(HasManual, bpy.types.Panel):
    manual = "bringing-motion"
    bl_idname = "MOTIONGPT_PT_batch"
    bl_label = "Batch"
    bl_translation_context = CONTEXT
    bl_parent_id = "MOTIONGPT_PT_generate"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = cast(bpy.types.UILayout, self.layout), bring_settings(context)
        layout.prop(settings, "table")
        layout.prop(settings, "folder")
        if _batch is not None and _batch.running:
            row = layout.row(align=True)
            text = say("Starting")
            if _batch.total:
                text = say("{done} of {total}: {file}", done=_batch.done, total=_batch.total, file=_batch.file)
            row.progress(factor=_batch.done / max(_batch.total, 1), text=text)
            row.operator("motiongpt.stop_batch", text="", icon="X")
            return
        layout.operator("motiongpt.run_batch", icon="LINENUMBERS_ON")
        if _batch is not None:
            draw_text(layout, _batch.message, "ERROR" if _batch.failed else "CHECKMARK")
            if not _batch.failed:
                layout.operator("wm.path_open", text="Open Report").filepath = str(_batch.report)


_register_classes, _unregister_classes = classes_factory(
    MOTIONGPT_OT_run_batch, MOTIONGPT_OT_stop_batch, MOTIONGPT_PT_batch
)


def register() -> None:
    _register_classes()


def unregister() -> None:
    global _batch
    if bpy.app.timers.is_registered(look):
        bpy.app.timers.unregister(look)
    if _batch is not None:
        _batch.stop()
    _batch = None
    _unregister_classes()
