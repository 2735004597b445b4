"""What `test_bring.py` runs inside Blender: the sub-panel Retarget in its states."""

import importlib

import bpy
from support.in_blender.keyed import person
from support.in_blender.panel import drawn
from support.in_blender.user import MODULE, make_armature, settings


def panels() -> object:
    """From a file, one with takes, an AMASS file, an armature; without a character; files that may be dropped."""
    panel = importlib.import_module(f"{MODULE}.addon.ui.bring.panel")
    bring = bpy.context.scene.motiongpt_bring
    seen: dict[str, object] = {"nobody": drawn(panel.MOTIONGPT_PT_retarget)}
    person()
    seen["file"] = drawn(panel.MOTIONGPT_PT_retarget)
    for name in ("Walk", "Run"):
        bring.takes.add().name = name
    seen["takes"] = drawn(panel.MOTIONGPT_PT_retarget_keys)
    bring.take = 1
    bring.file = "clip.npz"
    seen["another file"] = [len(bring.takes), bring.take, drawn(panel.MOTIONGPT_PT_retarget)]
    bring.source = "ARMATURE"
    seen["armature"] = drawn(panel.MOTIONGPT_PT_retarget)
    return seen


def drop() -> object:
    """Where a file may be dropped: in the viewport, with a character that can be animated."""
    handler = importlib.import_module(f"{MODULE}.addon.ui.bring.operators").MOTIONGPT_FH_motion

    class Area:
        type = "VIEW_3D"

    class Context:
        area = Area
        scene, view_layer = bpy.context.scene, bpy.context.view_layer
        preferences = bpy.context.preferences

    seen: dict[str, object] = {"nobody": handler.poll_drop(Context)}
    armature = make_armature("Stick", {"A": (None, (0.0, 0.0, 0.0)), "B": ("A", (0.0, 0.0, 1.0))})
    settings().armature = armature
    seen["somebody"] = handler.poll_drop(Context)
    Area.type = "IMAGE_EDITOR"
    seen["elsewhere"] = handler.poll_drop(Context)
    registered = bpy.types.FileHandler.bl_rna_get_subclass_py("MOTIONGPT_FH_motion")
    seen["registered"] = registered is not None
    return seen
