"""Registers everything that the extension adds to Blender, and unregisters it in reverse order."""

from .jobs import session
from .poses import reader
from .ui import bone_map, ghosts, panel, preferences, properties
from .ui.operators import diagnostics, export, gaps, tasks

_MODULES = (preferences, properties, session, reader, tasks, export, gaps, diagnostics, ghosts, panel, bone_map)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
