"""Export FBX: the character's current action for a game engine, from the sidebar."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ....retarget.errors import MotionGPTError
from ...action.fcurves import played_action
from ...character.character import Character
from ...character.typing import ArmatureObject
from ...export.child import check_output, save
from ...export.loading import actions_of, clip_name
from ...export.presets import PRESETS, Options, missing_for_unity, unity_note
from ...jobs.context import chosen_armature
from ...translation.saying import say, told
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
    clips: bpy.props.EnumProperty(
        name="Clips",
        description="What the file holds",
        items=(
            ("current", "Current Action", "The action that the armature plays, as you see it"),
            ("all", "All Actions", "Every action that animates this armature, each as a clip of its own name"),
        ),
    )
    mesh: bpy.props.BoolProperty(
        name="Meshes",
        description="Off: the skeleton and its animation alone, for a character imported before",
        default=True,
    )
    add_root: bpy.props.BoolProperty(
        name="Add Root Bone",
        description="For a rig without one. It gets the travel of the armature object (Root Motion: Object)",
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        armature = chosen_armature(context)
        if armature is None or played_action(armature) is None:
            cls.poll_message_set(say("No armature with an action is chosen."))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature, path = chosen_armature(context), Path(self.filepath)  # type: ignore[attr-defined]
        action = played_action(armature) if armature else None
        if armature is None or action is None:
            return {"CANCELLED"}
        others = [each for each in actions_of(armature) if each != action] if self.clips == "all" else []
        clips = [(each, clip_name(each)) for each in (action, *others)]
        try:
            check_output(path)
            notes = save(path, armature, clips, Options(PRESETS[self.preset], self.mesh, self.add_root))
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        if self.preset == "unity":
            notes += _unity_notes(armature)
        said = "Wrote {path}, {count} clips" if others else "Wrote {path}"
        self.report({"INFO"}, say(said, path=path, count=len(clips)))
        for note in notes:
            self.report({"WARNING"}, note)
        return {"FINISHED"}


def _unity_notes(armature: ArmatureObject) -> list[str]:
    """What Unity's Humanoid lacks; nothing for a rig that is no biped."""
    try:
        character = Character.read(armature)
    except MotionGPTError:
        return []
    missing = missing_for_unity(character.mapping, character.rig.names)
    return [unity_note(missing)] if missing else []


register, unregister = classes_factory(MOTIONGPT_OT_export_fbx)
