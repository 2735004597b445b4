"""Registers everything that the extension adds to Blender, and unregisters it in reverse order."""

from .crowd import data as crowd_data
from .jobs import session
from .manual import links
from .poses import reader
from .review import history, state
from .shell import command
from .shot import data as shot
from .translation import catalogue
from .ui import bone_map, ghosts, menus, panel, preferences, presets, properties
from .ui.blocks import drawing, mouse
from .ui.blocks import operators as blocks
from .ui.blocks import panel as shot_panel
from .ui.bring import batch
from .ui.bring import operators as bring
from .ui.bring import panel as bring_panel
from .ui.bring import properties as bring_properties
from .ui.crowd import operators as crowd
from .ui.crowd import panel as crowd_panel
from .ui.operators import diagnostics, export, gaps, tasks
from .ui.paths import drawing as path_drawing
from .ui.paths import operators as paths
from .ui.paths import panel as path_panel
from .ui.paths import properties as path_properties
from .ui.style import operators as style
from .ui.style import panel as style_panel
from .ui.style import properties as style_properties
from .ui.takes import history as takes_history
from .ui.takes import keys as takes_keys
from .ui.takes import known, live
from .ui.takes import operators as takes
from .ui.takes import panel as takes_panel

_DATA = (preferences, properties, path_properties, bring_properties, style_properties, crowd_data, shot, state, history)
_OPERATORS = (tasks, export, gaps, diagnostics, blocks, takes, paths, bring, crowd, style)
_DRAWN = (drawing, mouse, ghosts, live, path_drawing)
_PANELS = (
    presets,
    panel,
    takes_panel,
    shot_panel,
    path_panel,
    crowd_panel,
    bring_panel,
    batch,
    style_panel,
    takes_history,
    known,
    bone_map,
)
_MODULES = (catalogue, links, *_DATA, session, reader, *_OPERATORS, *_DRAWN, *_PANELS, takes_keys, menus, command)


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
