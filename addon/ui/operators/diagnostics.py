"""Save Diagnostics: a zip file for reports of faults, from the preferences."""

from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ExportHelper

from ....retarget.errors import MotionGPTError
from ...jobs.context import log_path
from ...jobs.session import current
from ...translation.saying import say, told
from ..typing import OperatorResult, classes_factory


class MOTIONGPT_OT_diagnostics(bpy.types.Operator, ExportHelper):  # type: ignore[misc]
    """Write versions, figures and logs into a zip file for a report of a fault. Prompts are left out"""

    bl_idname = "motiongpt.diagnostics"
    bl_label = "Save Diagnostics"
    filename_ext = ".zip"
    filter_glob: bpy.props.StringProperty(default="*.zip", options={"HIDDEN"})
    filepath: bpy.props.StringProperty(subtype="FILE_PATH", default="motiongpt-diagnostics.zip")
    prompts: bpy.props.BoolProperty(
        name="With Prompts", description="Leave texts in quotation marks, which may be prompts, in the logs"
    )

    def execute(self, _context: bpy.types.Context) -> OperatorResult:
        path = Path(bpy.path.ensure_ext(self.filepath, ".zip"))
        try:
            from ....backend.process.watching.diagnostics import write_bundle

            write_bundle(path, [log_path()], _facts(), self.prompts)
        except (MotionGPTError, ImportError) as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        self.report({"INFO"}, say("Wrote {path}", path=path))
        return {"FINISHED"}


def _facts() -> dict[str, Any]:
    service = current().service
    info = service.info
    facts: dict[str, Any] = {"blender": bpy.app.version_string, "backend": service.report()}
    if info is not None:
        import msgspec

        facts["server"] = msgspec.to_builtins(info)
    return facts


register, unregister = classes_factory(MOTIONGPT_OT_diagnostics)
