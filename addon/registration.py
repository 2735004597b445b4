"""Registers everything that the extension adds to Blender, and unregisters it in reverse order."""

from .jobs import session
from .poses import reader
from .shell import command
from .shot import data as shot
from .ui import bone_map, ghosts, menus, panel, preferences, presets, properties
from .ui.blocks import drawing, mouse
from .ui.blocks import operators as blocks
from .ui.blocks import panel as shot_panel
from .ui.operators import diagnostics, export, gaps, tasks

_MODULES = (
    preferences, properties, shot, session, reader,
    tasks, export, gaps, diagnostics, blocks,
    drawing, mouse, ghosts,
    presets, panel, shot_panel, bone_map, menus, command,
)  # fmt: skip


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
