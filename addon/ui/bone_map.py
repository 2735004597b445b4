"""Which bone maps to which joint: shown in the sidebar, corrected bone by bone, saved with the armature or as a preset.

The map is stored on the armature object, so that it is saved in the file and appended with the character. An empty map
means that the bones are detected each time.
"""

from pathlib import Path
from typing import Any, cast

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from ...retarget.errors import MotionGPTError
from ...retarget.motion.skeleton import JOINT_NAMES
from ...retarget.rigs.mapping import find_some, map_by_hand, map_from_json, map_rig, map_to_json
from ..character.armature import read_rig
from ..character.character import Character
from ..character.placing import has_ik_controls
from ..character.typing import ArmatureObject
from ..jobs.context import chosen_armature
from ..manual.links import HasManual
from ..translation.saying import CONTEXT, say, told
from .typing import OperatorResult, classes_factory

SHOWN = tuple(j for j in JOINT_NAMES if not j.startswith("spine") and j != "neck")
"""The joints of the map; spine and neck are the bones in between."""


class MotionGPTJoint(bpy.types.PropertyGroup):
    """One line of the map; `name` is the joint."""

    bone: bpy.props.StringProperty(name="Bone", description="The bone of this joint; empty if there is none")


class MotionGPTRig(bpy.types.PropertyGroup):
    """The settings of one armature object, at `object.motiongpt_rig`."""

    joints: bpy.props.CollectionProperty(type=MotionGPTJoint)
    keys: bpy.props.EnumProperty(
        name="Keys",
        translation_context=CONTEXT,
        description="How many keys the new motion gets",
        items=(
            ("EVERY", "Every Frame", "A key on every frame, with linear interpolation"),
            ("FEW", "Few", "As few keys as the tolerance allows, with fitted Bezier handles, to edit by hand"),
        ),
    )
    degrees: bpy.props.FloatProperty(
        name="Degrees", translation_context=CONTEXT, default=1.0, min=0.05,
        description="How far a bone's rotation may be off between keys",
        soft_max=5.0,
    )  # fmt: skip
    millimetres: bpy.props.FloatProperty(
        name="Millimetres", description="How far the root may be off between keys", default=5.0, min=0.1,
        soft_max=50.0,
    )  # fmt: skip
    root: bpy.props.EnumProperty(
        name="Root Motion",
        description="What carries the character's travel",
        items=(
            ("AUTO", "Automatic", "The root bone where there is one on the floor, else the hips"),
            ("HIPS", "Hips", "The hips, or a control rig's torso"),
            ("BONE", "Root Bone", "The bone on the floor above the hips in the hierarchy, as game engines expect it"),
            ("OBJECT", "Object", "The armature object itself"),
        ),
    )
    in_place: bpy.props.BoolProperty(
        name="In Place", description="Leave the travel out: the character moves on the spot, as games often want it"
    )
    controls: bpy.props.EnumProperty(
        name="Limbs",
        description="Which controls of a control rig's limbs are keyed; its switches are set to match",
        items=(
            ("FK", "FK", "Every joint's rotation"),
            ("IK", "IK", "Hands and feet are placed, pole targets aim elbows and knees"),
        ),
    )


def _show(settings: Any, bones: dict[str, str]) -> None:
    settings.joints.clear()
    for joint in SHOWN:
        line = settings.joints.add()
        line.name, line.bone = joint, bones.get(joint, "")


class _NeedsArmature(bpy.types.Operator):
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if chosen_armature(context) is None:
            cls.poll_message_set(say("No armature is chosen."))
            return False
        return True

    def work(self, armature: ArmatureObject) -> str:
        """Do it; returns what to report, "" for nothing more. Raises MotionGPTError or OSError."""
        raise NotImplementedError

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        armature = chosen_armature(context)
        if armature is None:
            return {"CANCELLED"}
        try:
            if done := self.work(armature):
                self.report({"INFO"}, done)
        except (MotionGPTError, OSError) as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MOTIONGPT_OT_find_bones(_NeedsArmature):
    """Detect the armature's bones and list them, so that wrong ones can be corrected and missing ones filled in"""

    bl_idname = "motiongpt.find_bones"
    bl_label = "Find Bones"

    def work(self, armature: ArmatureObject) -> str:
        rig = read_rig(armature)
        try:
            mapping = map_rig(rig)
        except MotionGPTError as error:
            _show(armature.motiongpt_rig, find_some(rig))
            self.report(
                {"WARNING"},
                say("{message} Fill in the empty lines by hand, then press Check.", message=say(error.message)),
            )
            return ""
        _show(armature.motiongpt_rig, mapping.bones)
        return say("Found {count} bones by {means}.", count=len(mapping.driven), means=say(mapping.found_by))


class MOTIONGPT_OT_check_bones(_NeedsArmature):
    """Check that the corrected map fits together"""

    bl_idname = "motiongpt.check_bones"
    bl_label = "Check"

    def work(self, armature: ArmatureObject) -> str:
        mapping = Character.read(armature).mapping
        return say(
            "The map fits: spine {spine}; neck {neck}.",
            spine=", ".join(mapping.spine),
            neck=", ".join(mapping.neck) or say("none"),
        )


class MOTIONGPT_OT_clear_bones(_NeedsArmature):
    """Clear the map: bones are detected each time"""

    bl_idname = "motiongpt.clear_bones"
    bl_label = "Clear"

    def work(self, armature: ArmatureObject) -> str:
        armature.motiongpt_rig.joints.clear()
        return say("The bones will be detected each time.")


class MOTIONGPT_OT_save_bones(_NeedsArmature, ExportHelper):  # type: ignore[misc]
    """Save the map as a preset file, for other characters with the same bones"""

    bl_idname = "motiongpt.save_bones"
    bl_label = "Save Preset"
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def work(self, armature: ArmatureObject) -> str:
        bones = {line.name: line.bone for line in armature.motiongpt_rig.joints if line.bone}
        bones = bones or map_rig(read_rig(armature)).bones
        path = Path(self.filepath)  # type: ignore[attr-defined]
        path.write_text(map_to_json(bones), encoding="utf-8")
        return say("Saved {path}", path=path)


class MOTIONGPT_OT_load_bones(_NeedsArmature, ImportHelper):  # type: ignore[misc]
    """Load a map from a preset file"""

    bl_idname = "motiongpt.load_bones"
    bl_label = "Load Preset"
    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def work(self, armature: ArmatureObject) -> str:
        path = Path(self.filepath)  # type: ignore[attr-defined]
        bones = map_from_json(path.read_text(encoding="utf-8-sig", errors="replace"))
        map_by_hand(read_rig(armature), bones)
        _show(armature.motiongpt_rig, bones)
        return say("Loaded {path}", path=path)


class MOTIONGPT_PT_rig(HasManual, bpy.types.Panel):
    manual = "characters"
    bl_idname = "MOTIONGPT_PT_rig"
    bl_label = "Armature"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return chosen_armature(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        armature, layout = chosen_armature(context), cast(bpy.types.UILayout, self.layout)
        if armature is None:
            return
        settings = armature.motiongpt_rig
        layout.use_property_split = True
        layout.prop(settings, "keys")
        if settings.keys == "FEW":
            layout.prop(settings, "degrees")
            layout.prop(settings, "millimetres")
        row = layout.row()
        row.enabled = not settings.in_place
        row.prop(settings, "root")
        layout.prop(settings, "in_place")
        if has_ik_controls(armature):
            layout.row().prop(settings, "controls", expand=True)
        row = layout.row(align=True)
        row.operator("motiongpt.find_bones")
        if settings.joints:
            row.operator("motiongpt.check_bones")
            row.operator("motiongpt.clear_bones", text="", icon="X")
        row = layout.row(align=True)
        row.operator("motiongpt.load_bones")
        row.operator("motiongpt.save_bones")
        column = layout.column(align=True)
        for line in settings.joints:
            label = say(line.name.replace("_", " ").title())
            column.prop_search(line, "bone", armature.data, "bones", text=label)
        layout.operator("motiongpt.export_fbx", icon="EXPORT")


_register_classes, _unregister_classes = classes_factory(
    MotionGPTJoint, MotionGPTRig, MOTIONGPT_OT_find_bones, MOTIONGPT_OT_check_bones, MOTIONGPT_OT_clear_bones,
    MOTIONGPT_OT_save_bones, MOTIONGPT_OT_load_bones, MOTIONGPT_PT_rig,
)  # fmt: skip


def register() -> None:
    _register_classes()
    bpy.types.Object.motiongpt_rig = bpy.props.PointerProperty(  # type: ignore[attr-defined,func-returns-value]
        type=MotionGPTRig
    )


def unregister() -> None:
    del bpy.types.Object.motiongpt_rig  # type: ignore[attr-defined]
    _unregister_classes()
