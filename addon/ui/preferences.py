"""The extension's settings under Edit, Preferences, Add-ons."""

import bpy

from ..jobs.context import EXTENSION, log_path, server_lines
from ..jobs.session import current
from ..translation.saying import say
from . import models
from .typing import classes_factory


class MotionGPTPreferences(bpy.types.AddonPreferences):
    bl_idname = EXTENSION

    installed: bpy.props.EnumProperty(
        name="Model", description="Which model to use, and what its licence allows", items=models.items
    )
    model: bpy.props.StringProperty(
        name="Model Folder",
        description="Folder of a model to use instead of an installed one; it contains a model.json",
        subtype="DIR_PATH",
    )

    device: bpy.props.EnumProperty(
        name="Device",
        description="What the model runs on",
        items=(
            ("auto", "Automatic", "A CUDA graphics card for large models where one can be used, else the processor"),
            ("cpu", "Processor", "The processor"),
            ("cuda", "CUDA", "A CUDA graphics card; set Python to an interpreter that can use it"),
        ),
        default="auto",
    )
    python: bpy.props.StringProperty(
        name="Python",
        description="Another Python to run the model in, with the project's packages installed, such as PyTorch for a "
        "graphics card; empty: Blender's own",
        subtype="FILE_PATH",
    )
    server: bpy.props.StringProperty(
        name="Server",
        description="Key file of a server that runs the model, from whoever runs it; compare the fingerprint with "
        "theirs. Empty: the model runs on this machine",
        subtype="FILE_PATH",
    )
    preload: bpy.props.BoolProperty(
        name="Load the Model Early",
        description="Load the model as soon as the MotionGPT tab shows, so that the first press does not wait for it",
        default=True,
    )

    def draw(self, context: bpy.types.Context) -> None:
        for name in ("installed", "model", "device", "python", "server", "preload"):
            self.layout.prop(self, name)
        for line in server_lines(context):
            self.layout.label(text=line)
        box = self.layout.box()
        for line in current().service.report():
            box.label(text=line)
        box.label(text=say("Log: {path}", path=log_path()))
        box.operator("motiongpt.diagnostics", icon="FILE_ARCHIVE")


register, unregister = classes_factory(MotionGPTPreferences)
