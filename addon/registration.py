"""Registers everything that the extension adds to Blender, and unregisters it in reverse order."""

from .jobs import session
from .poses import reader
from .shell import command
from .ui import bone_map, ghosts, menus, panel, preferences, presets, properties
from .ui.operators import diagnostics, export, gaps, tasks

_MODULES = (
    preferences,
    properties,
    session,
    reader,
    tasks,
    export,
    gaps,
    diagnostics,
    ghosts,
    presets,
    panel,
    bone_map,
    menus,
    command,
)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
