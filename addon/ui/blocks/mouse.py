"""The mouse on the blocks of the timeline: dragging, choosing, typing, the menu. Elsewhere its events pass through."""

from typing import Any

import bpy

from ...character.typing import full
from ...jobs.context import chosen_armature, scene_fps
from ...poses.reader import find_armature
from ...shot.data import redraw_timelines, set_timing
from ...shot.timing import Timing
from ...translation.saying import say
from ..typing import OperatorResult, classes_factory
from .drawing import shown_blocks, strip_of
from .strip import Drag, Hit, Strip, hit

_STILL = 3.0  # pixels at a scale of 1 below which the mouse has not moved


def _under_mouse(context: bpy.types.Context, event: bpy.types.Event) -> tuple[Strip, Timing, Hit] | None:
    """The strip, and what of it the mouse is over; None outside the chosen armature's blocks."""
    region, shown = context.region, shown_blocks(context)
    if region is None or region.type != "WINDOW" or shown is None or shown.active is None:
        return None
    strip = strip_of(context, region, context.space_data)
    found = hit(shown.timing, strip, event.mouse_region_x, event.mouse_region_y) if strip else None
    return (strip, shown.timing, found) if strip and found else None


class _OnStrip(bpy.types.Operator):
    """Base of the operators for the mouse on the strip."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        space = context.space_data
        return space is not None and space.type == "DOPESHEET_EDITOR" and shown_blocks(context) is not None


class MOTIONGPT_OT_drag_block(_OnStrip):
    """Choose a block; drag it to move it, its edge to stretch it. Ctrl snaps to seconds, Shift moves what follows"""

    bl_idname = "motiongpt.drag_block"
    bl_label = "Drag Block"
    bl_options = {"INTERNAL", "UNDO"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        found, armature = _under_mouse(context, event), chosen_armature(context)
        if found is None or armature is None:
            return {"PASS_THROUGH"}
        strip, timing, self._hold = found
        self._uid, self._chosen, self._moving = armature.session_uid, int(armature.motiongpt_shot.active), False
        self._pressed = float(event.mouse_region_x)
        self._drag = Drag(timing, self._hold, strip.frame(self._pressed))
        armature.motiongpt_shot.active = self._hold.block
        full(context).window_manager.modal_handler_add(self)
        redraw_timelines()
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        armature = find_armature(self._uid)
        if armature is None or len(armature.motiongpt_shot.blocks) != len(self._drag.timing.lengths):
            return self._end(context, {"CANCELLED"})
        shot = armature.motiongpt_shot
        if event.type in ("ESC", "RIGHTMOUSE") and event.value == "PRESS":
            set_timing(shot, self._drag.timing)
            shot.active = self._chosen
            return self._end(context, {"CANCELLED"})
        if event.type == "LEFTMOUSE" and event.value == "RELEASE":
            changed = self._moving or shot.active != self._chosen
            return self._end(context, {"FINISHED"} if changed else {"CANCELLED"})
        if event.type in ("MOUSEMOVE", "LEFT_SHIFT", "RIGHT_SHIFT", "LEFT_CTRL", "RIGHT_CTRL"):
            self._follow(context, event, shot)
        return {"RUNNING_MODAL"}

    def _follow(self, context: bpy.types.Context, event: bpy.types.Event, shot: Any) -> None:
        strip = strip_of(context, context.region, context.space_data) if context.region else None
        if strip is None:
            return
        x, scale = float(event.mouse_region_x), strip.height / 20.0
        if not self._moving and abs(x - self._pressed) < _STILL * scale:
            return
        if not self._moving and context.window and not shot.by_markers:  # markers are dragged themselves
            context.window.cursor_modal_set("MOVE_X" if self._hold.edge is not None else "SCROLL_X")
        if shot.by_markers:
            return
        self._moving = True
        fps = scene_fps(full(context).scene)
        timing = self._drag.to(strip.frame(x), along=event.shift, step=fps if event.ctrl else 0.0)
        set_timing(shot, timing)
        first, last = timing.span(self._hold.block)
        if context.area:
            length = last + 1 - first
            context.area.header_text_set(
                say(
                    "Block {number}: frames {first} to {last}, {length} frames, {seconds:.2f} s.   "
                    "Ctrl: whole seconds.   Shift: move what follows.   Esc: as it was",
                    number=self._hold.block + 1,
                    first=first,
                    last=last,
                    length=length,
                    seconds=length / fps,
                )
            )
        redraw_timelines()

    def _end(self, context: bpy.types.Context, result: OperatorResult) -> OperatorResult:
        if context.area:
            context.area.header_text_set(None)
        if context.window:
            context.window.cursor_modal_restore()
        redraw_timelines()
        return result


class MOTIONGPT_OT_type_block(_OnStrip):
    """Type the text of the block under the mouse"""

    bl_idname = "motiongpt.type_block"
    bl_label = "Type Block's Text"
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        found = _under_mouse(context, event)
        if found is None:
            return {"PASS_THROUGH"}
        bpy.ops.motiongpt.block_text("INVOKE_DEFAULT", block=found[2].block)  # type: ignore[attr-defined]
        return {"FINISHED"}


class MOTIONGPT_OT_block_menu(_OnStrip):
    """What can be done with the block under the mouse"""

    bl_idname = "motiongpt.block_menu"
    bl_label = "Block Menu"
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        found, armature = _under_mouse(context, event), chosen_armature(context)
        if found is None or armature is None:
            return {"PASS_THROUGH"}
        armature.motiongpt_shot.active = found[2].block
        bpy.ops.wm.call_menu(name="MOTIONGPT_MT_block")
        return {"FINISHED"}


_register_classes, _unregister_classes = classes_factory(
    MOTIONGPT_OT_drag_block, MOTIONGPT_OT_type_block, MOTIONGPT_OT_block_menu
)
_KEYS = (
    (MOTIONGPT_OT_type_block, "LEFTMOUSE", "DOUBLE_CLICK"),
    (MOTIONGPT_OT_drag_block, "LEFTMOUSE", "PRESS"),
    (MOTIONGPT_OT_block_menu, "RIGHTMOUSE", "PRESS"),
)
_KEYMAPS = {"Dopesheet": "DOPESHEET_EDITOR", "Markers": "EMPTY"}
"""Blender gives events where markers would be to the markers first, even where there are none."""
_items: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def register() -> None:
    _register_classes()
    configurations = full(bpy.context).window_manager.keyconfigs
    if configurations.addon is None:  # in the background
        return
    for name, space in _KEYMAPS.items():
        keymap = configurations.addon.keymaps.new(name=name, space_type=space)  # type: ignore[arg-type]
        for operator, key, value in _KEYS:
            _items.append((keymap, keymap.keymap_items.new(operator.bl_idname, key, value)))  # type: ignore[arg-type]


def unregister() -> None:
    for keymap, item in _items:
        keymap.keymap_items.remove(item)
    _items.clear()
    _unregister_classes()
