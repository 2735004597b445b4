"""The extension's settings under Edit, Preferences, Add-ons."""

from pathlib import Path

import bpy

from ...retarget.errors import MotionGPTError
from ..jobs.service import Startup

LOG_NAME = "backend.log"
EXTENSION = __package__.removesuffix(".addon.ui")
"""What Blender calls this extension."""


class MotionGPTPreferences(bpy.types.AddonPreferences):
    bl_idname = EXTENSION

    model: bpy.props.StringProperty(
        name="Model Folder",
        description="Folder of a model to use instead of the bundled one; it holds a model.json",
        subtype="DIR_PATH",
    )

    device: bpy.props.EnumProperty(
        name="Device",
        description="What the model runs on",
        items=(
            ("auto", "Automatic", "A CUDA graphics card for large models where one can be used, else the processor"),
            ("cpu", "Processor", "The processor"),
            ("cuda", "CUDA", "A CUDA graphics card; Python then has to name an interpreter that can use it"),
        ),
        default="auto",
    )
    python: bpy.props.StringProperty(
        name="Python",
        description="Another Python to run the model in, with the project's packages installed, such as PyTorch for a "
        "graphics card; empty: Blender's own",
        subtype="FILE_PATH",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        for name in ("model", "device", "python"):
            self.layout.prop(self, name)
        self.layout.label(text=f"Log: {log_path()}")


def startup(context: bpy.types.Context) -> Startup:
    """How the preferences want the backend. Raises MotionGPTError for a model folder or a Python that is none."""
    entry = context.preferences.addons.get(EXTENSION)  # None where a script enabled the extension for one run
    if entry is None:
        return Startup(log_path())
    wanted = entry.preferences
    arguments: tuple[str, ...] = ()
    if wanted.model:
        folder = Path(bpy.path.abspath(wanted.model))
        if not (folder / "model.json").is_file():
            raise MotionGPTError(
                f"{folder} holds no model.json.", "Choose a model's folder in the preferences, or leave it empty."
            )
        arguments += ("--model", str(folder))
    if wanted.device != "auto":
        arguments += ("--device", wanted.device)
    python = bpy.path.abspath(wanted.python) if wanted.python else ""
    if python and not Path(python).is_file():
        raise MotionGPTError(f"There is no Python {python}.", "Choose another in the preferences, or leave it empty.")
    return Startup(log_path(), arguments, python)


def log_path() -> Path:
    """Where the backend writes what it has to say; kept when the extension is updated."""
    return Path(bpy.utils.extension_path_user(EXTENSION)) / LOG_NAME


def register() -> None:
    bpy.utils.register_class(MotionGPTPreferences)


def unregister() -> None:
    bpy.utils.unregister_class(MotionGPTPreferences)
