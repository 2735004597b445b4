"""Entries in Blender's own menus where poses and keys are chosen, and the pie menu with its key."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import bpy

from ..character.typing import full
from .typing import classes_factory

if TYPE_CHECKING:
    from collections.abc import Callable

    Draw = Callable[[bpy.types.Menu, bpy.types.Context], None]

TASKS = (
    ("motiongpt.generate", "PLAY"),
    ("motiongpt.inbetween", "IPO_EASE_IN_OUT"),
    ("motiongpt.continue_motion", "FORWARD"),
    ("motiongpt.describe", "TEXT"),
    ("motiongpt.redo_gap", "FILE_REFRESH"),
)
"""Operators and their icons, the most used first."""
DIRECTING = (
    ("motiongpt.draw_path", "GREASEPENCIL"),
    ("motiongpt.make_loop", "FILE_REFRESH"),
    ("motiongpt.retarget", "ARMATURE_DATA"),
    ("motiongpt.generate_shot", "SEQUENCE"),
    ("motiongpt.generate_crowd", "COMMUNITY"),
    ("motiongpt.run_batch", "FILE_TICK"),
    ("motiongpt.take_travel_out", "PINNED"),
    ("motiongpt.pin", "CON_KINEMATIC"),
)
"""Those of the sub-panels, in the order in which Blender fills a pie: west, east, south, north, then the corners."""
KEY = ("M", {"shift": True, "alt": True})
"""Opens the pie menu; Blender's own keymaps leave it free in every editor where it is set."""
_KEYMAPS = (("Pose", "EMPTY"), ("Object Mode", "EMPTY"), ("Dopesheet", "DOPESHEET_EDITOR"))
_MENUS = (
    "DOPESHEET_MT_key",
    "DOPESHEET_MT_context_menu",
    "GRAPH_MT_key",
    "GRAPH_MT_context_menu",
    "VIEW3D_MT_pose",
    "VIEW3D_MT_pose_context_menu",
    "TIME_MT_marker",
)
"""Those that a version of Blender lacks are left out."""


class MOTIONGPT_MT_tasks(bpy.types.Menu):
    """What the language model can do with the chosen armature"""

    bl_idname = "MOTIONGPT_MT_tasks"
    bl_label = "MotionGPT"

    def draw(self, _context: bpy.types.Context) -> None:
        layout = cast(bpy.types.UILayout, self.layout)
        for operator, icon in TASKS:
            layout.operator(operator, icon=icon)  # type: ignore[arg-type]
        layout.menu(MOTIONGPT_MT_directing.bl_idname)


class MOTIONGPT_MT_directing(bpy.types.Menu):
    """Shots, paths, loops, other motion, several characters, batches"""

    bl_idname = "MOTIONGPT_MT_directing"
    bl_label = "Directing"

    def draw(self, _context: bpy.types.Context) -> None:
        layout = cast(bpy.types.UILayout, self.layout)
        layout.operator_context = "INVOKE_DEFAULT"
        for operator, icon in DIRECTING:
            layout.operator(operator, icon=icon)  # type: ignore[arg-type]


class MOTIONGPT_MT_directing_pie(bpy.types.Menu):
    """The same around the mouse"""

    bl_idname = "MOTIONGPT_MT_directing_pie"
    bl_label = "Directing"

    def draw(self, _context: bpy.types.Context) -> None:
        pie = cast(bpy.types.UILayout, self.layout).menu_pie()
        pie.operator_context = "INVOKE_DEFAULT"
        for operator, icon in DIRECTING:
            pie.operator(operator, icon=icon)  # type: ignore[arg-type]


class MOTIONGPT_MT_pie(bpy.types.Menu):
    """The same around the mouse"""

    bl_idname = "MOTIONGPT_MT_pie"
    bl_label = "MotionGPT"

    def draw(self, _context: bpy.types.Context) -> None:
        pie = cast(bpy.types.UILayout, self.layout).menu_pie()
        # West, east, south, north: the order in which Blender fills a pie.
        for operator, icon in (TASKS[2], TASKS[1], TASKS[3], TASKS[0], TASKS[4]):
            pie.operator(operator, icon=icon)  # type: ignore[arg-type]
        pie.operator("motiongpt.cancel", icon="X")
        more = pie.operator("wm.call_menu_pie", text="Directing", icon="OUTLINER_OB_CAMERA")
        more.name = MOTIONGPT_MT_directing_pie.bl_idname


def _draw(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    layout = cast(bpy.types.UILayout, menu.layout)
    layout.separator()
    layout.menu(MOTIONGPT_MT_tasks.bl_idname)


_register_classes, _unregister_classes = classes_factory(
    MOTIONGPT_MT_tasks, MOTIONGPT_MT_pie, MOTIONGPT_MT_directing, MOTIONGPT_MT_directing_pie
)
_items: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def menus() -> list[str]:
    """The menus of this Blender that get an entry."""
    return [name for name in _MENUS if hasattr(bpy.types, name)]


def register() -> None:
    _register_classes()
    for name in menus():
        getattr(bpy.types, name).append(_draw)
    keys = full(bpy.context).window_manager.keyconfigs.addon
    if keys is None:  # without a window
        return
    kind, modifiers = KEY
    for name, space in _KEYMAPS:
        keymap = keys.keymaps.new(name=name, space_type=space)  # type: ignore[arg-type]
        item = keymap.keymap_items.new("wm.call_menu_pie", kind, "PRESS", **modifiers)  # type: ignore[arg-type]
        item.properties.name = MOTIONGPT_MT_pie.bl_idname  # type: ignore[union-attr]
        _items.append((keymap, item))


def unregister() -> None:
    for keymap, item in _items:
        keymap.keymap_items.remove(item)
    _items.clear()
    for name in menus():
        getattr(bpy.types, name).remove(_draw)
    _unregister_classes()
