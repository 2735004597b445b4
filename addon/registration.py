"""Registers everything that the extension adds to Blender, and unregisters it in reverse order."""

from .jobs import session
from .poses import reader
from .ui import bone_map, ghosts, panel, preferences, properties
from .ui.operators import export, gaps, tasks
from .ui.paths import drawing
from .ui.paths import operators as path_operators
from .ui.paths import panel as path_panel
from .ui.paths import properties as path_properties

_MODULES = (
    preferences, properties, path_properties, session, reader, tasks, export, gaps, path_operators, drawing, ghosts,
    panel, path_panel, bone_map,
)  # fmt: skip


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
