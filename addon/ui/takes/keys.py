"""Keys: Esc in the viewport cancels, Alt and the arrows flip through takes.

The operators' own polls keep the keys out of the way: where nothing runs, or no takes wait, Blender hands the key on to
whatever else uses it.
"""

from typing import Any

import bpy

_PLACES: tuple[tuple[str, Any], ...] = (
    ("3D View", "VIEW_3D"),
    ("Dopesheet", "DOPESHEET_EDITOR"),
    ("Graph Editor", "GRAPH_EDITOR"),
)
"""Keymap and space where takes are flipped; the Timeline is a Dope Sheet to Blender."""
_KEYS: tuple[tuple[str, Any, dict[str, int]], ...] = (
    ("motiongpt.show_take", "RIGHT_ARROW", {"step": 1}),
    ("motiongpt.show_take", "LEFT_ARROW", {"step": -1}),
    ("motiongpt.compare_take", "DOWN_ARROW", {}),
    ("motiongpt.accept_take", "RET", {}),
)
"""Operator, key with Alt, the operator's properties."""
_made: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def register() -> None:
    manager: Any = bpy.context.window_manager
    configuration = manager.keyconfigs.addon if manager is not None else None
    if configuration is None:  # without a window there are no keys
        return
    viewport = configuration.keymaps.new("3D View", space_type="VIEW_3D")
    _made.append((viewport, viewport.keymap_items.new("motiongpt.cancel", "ESC", "PRESS")))
    for place, space in _PLACES:
        keymap = configuration.keymaps.new(place, space_type=space)
        for operator, key, properties in _KEYS:
            item = keymap.keymap_items.new(operator, key, "PRESS", alt=True)
            for name, value in properties.items():
                setattr(item.properties, name, value)
            _made.append((keymap, item))


def unregister() -> None:
    for keymap, item in _made:
        keymap.keymap_items.remove(item)
    _made.clear()
