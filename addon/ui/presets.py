"""Presets of the panel's settings, kept by Blender with its own presets."""

from typing import cast

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from .typing import classes_factory

FOLDER = "motiongpt"
"""Of the presets, under Blender's own."""
SETTINGS = ("task", "prompt", "length", "seconds", "frames", "use_scene_range", "hands", "seed", "poses", "range",
            "takes", "destination", "after")  # fmt: skip


class MOTIONGPT_PT_presets(PresetPanel, bpy.types.Panel):
    bl_label = "MotionGPT Presets"
    preset_subdir = FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "motiongpt.add_preset"


class MOTIONGPT_OT_add_preset(AddPresetBase, bpy.types.Operator):  # type: ignore[misc]
    """Keep the panel's settings under a name, or forget those of a name"""

    bl_idname = "motiongpt.add_preset"
    bl_label = "Add Preset"
    bl_options = {"REGISTER", "INTERNAL"}
    preset_menu = "MOTIONGPT_PT_presets"
    preset_subdir = FOLDER
    preset_defines = ()  # a name for the settings is lost between Blender's `exec` and `eval` in Python 3.13
    preset_values = tuple(f"bpy.context.scene.motiongpt.{name}" for name in SETTINGS)


def draw_presets(panel: bpy.types.Panel) -> None:
    """The button in a panel's header."""
    MOTIONGPT_PT_presets.draw_panel_header(cast(bpy.types.UILayout, panel.layout))


register, unregister = classes_factory(MOTIONGPT_PT_presets, MOTIONGPT_OT_add_preset)
