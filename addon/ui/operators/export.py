"""Export FBX: the character's current action for a game engine, from the sidebar."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ....retarget.errors import MotionGPTError
from ...action.fcurves import played_action
from ...export.child import check_output, save
from ...export.fbx_presets import PRESETS, write_fbx
from ...jobs.context import chosen_armature
from ..typing import OperatorResult, classes_factory


class MOTIONGPT_OT_export_fbx(bpy.types.Operator, ExportHelper):  # type: ignore[misc]
    """Write the character and its action as FBX for a game engine: plain bones, meshes, one baked animation"""

    bl_idname = "motiongpt.export_fbx"
    bl_label = "Export FBX"
    filename_ext = ".fbx"
    filter_glob: bpy.props.StringProperty(default="*.fbx", options={"HIDDEN"})
    preset: bpy.props.EnumProperty(
        name="Preset",
        description="The axes, units and names that this engine expects",
        items=tuple((name, preset.label, "") for name, preset in PRESETS.items()),
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        armature = chosen_armature(context)
        if armature is None or played_action(armature) is None:
            cls.poll_message_set("No armature with an action is chosen.")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature, path = chosen_armature(context), Path(self.filepath)  # type: ignore[attr-defined]
        action = played_action(armature) if armature else None
        if armature is None or action is None:
            return {"CANCELLED"}
        try:
            check_output(path)
            save(path, action.name, lambda file, name: write_fbx(armature, file, name, PRESETS[self.preset]))
        except MotionGPTError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Wrote {path}")
        return {"FINISHED"}


register, unregister = classes_factory(MOTIONGPT_OT_export_fbx)
