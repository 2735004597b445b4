"""Keys: Esc in the viewport cancels, Alt and the arrows flip through takes.

The operators' own polls keep the keys out of the way: where nothing runs, or no takes wait, Blender hands the key on to
whatever else uses it.
"""

from typing import Any

import bpy

_KEYS: tuple[tuple[str, Any, str, Any, bool, dict[str, int]], ...] = (
    ("3D View", "VIEW_3D", "motiongpt.cancel", "ESC", False, {}),
    ("Frames", "EMPTY", "motiongpt.show_take", "RIGHT_ARROW", True, {"step": 1}),
    ("Frames", "EMPTY", "motiongpt.show_take", "LEFT_ARROW", True, {"step": -1}),
    ("Frames", "EMPTY", "motiongpt.compare_take", "DOWN_ARROW", True, {}),
    ("Frames", "EMPTY", "motiongpt.accept_take", "RET", True, {}),
)
"""Keymap, its space, operator, key, whether with Alt, the operator's properties. "Frames" is the keymap of everything
that shows frames: the viewport, Timeline, Dope Sheet and Graph Editor."""
_made: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def register() -> None:
    manager: Any = bpy.context.window_manager
    configuration = manager.keyconfigs.addon if manager is not None else None
    if configuration is None:  # without a window there are no keys
        return
    for keymap, space, operator, key, alt, properties in _KEYS:
        found = configuration.keymaps.new(keymap, space_type=space)
        item = found.keymap_items.new(operator, key, "PRESS", alt=alt)
        for name, value in properties.items():
            setattr(item.properties, name, value)
        _made.append((found, item))


def unregister() -> None:
    for keymap, item in _made:
        keymap.keymap_items.remove(item)
    _made.clear()
