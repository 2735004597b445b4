"""Registers everything that the extension adds to Blender, and unregisters it in reverse order."""

from .jobs import session
from .poses import reader
from .review import history, state
from .ui import bone_map, ghosts, panel, preferences, properties
from .ui.operators import export, gaps, tasks
from .ui.takes import history as takes_history
from .ui.takes import keys as takes_keys
from .ui.takes import known, live
from .ui.takes import operators as takes_operators
from .ui.takes import panel as takes_panel

_TAKES = (takes_operators, takes_panel, takes_history, known, takes_keys, live)
_MODULES = (
    preferences, properties, state, history, session, reader, tasks, export, gaps, ghosts, panel, *_TAKES, bone_map,
)  # fmt: skip


def register() -> None:
    for module in _MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(_MODULES):
        module.unregister()
