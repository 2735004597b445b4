"""What a user does in the sub-panel Train Style, inside Blender."""

import importlib
import os

import bpy
from support.in_blender.user import MODULE


def style():
    return bpy.context.scene.motiongpt_style


def module(name: str):
    return importlib.import_module(f"{MODULE}.addon.{name}")


def press(operator: str = "train_style") -> str:
    """Press a button; what Blender says where it refuses. TRAINER: the Python of the preferences."""
    bpy.context.preferences.addons[MODULE].preferences.python = os.environ.get("TRAINER", "")
    try:
        getattr(bpy.ops.motiongpt, operator)()
    except RuntimeError as error:
        return str(error).strip()
    return ""
