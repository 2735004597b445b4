"""The extension's settings under Edit, Preferences, Add-ons."""

from pathlib import Path

import bpy

from .retarget.errors import MotionGPTError
from .service import Startup

LOG_NAME = "backend.log"


class MotionGPTPreferences(bpy.types.AddonPreferences):
    bl_idname = __package__

    model: bpy.props.StringProperty(
        name="Model Folder",
        description="Folder of a model to use instead of the bundled one; it holds a model.json",
        subtype="DIR_PATH",
    )

    def draw(self, _context: bpy.types.Context) -> None:
        self.layout.prop(self, "model")
        self.layout.label(text=f"Log: {log_path()}")


def startup(context: bpy.types.Context) -> Startup:
    """How the preferences want the backend. Raises MotionGPTError for a model folder that is none."""
    entry = context.preferences.addons.get(__package__)  # None where a script enabled the extension for one run
    model = entry.preferences.model if entry else ""
    if not model:
        return Startup(log_path())
    folder = Path(bpy.path.abspath(model))
    if not (folder / "model.json").is_file():
        raise MotionGPTError(
            f"{folder} holds no model.json.", "Choose a model's folder in the preferences, or leave it empty."
        )
    return Startup(log_path(), ("--model", str(folder)))


def log_path() -> Path:
    """Where the backend writes what it has to say; kept when the extension is updated."""
    return Path(bpy.utils.extension_path_user(__package__)) / LOG_NAME


def register() -> None:
    bpy.utils.register_class(MotionGPTPreferences)


def unregister() -> None:
    bpy.utils.unregister_class(MotionGPTPreferences)
