"""Sub-panels of the sidebar: Path, Loop and In Place, Pins."""

from __future__ import annotations

from typing import Any, cast

import bpy

from ...changes import in_place
from ...changes.loop import describe
from ...character.typing import full
from ...jobs.context import chosen_armature
from ...manual.links import HasManual
from ...shot.values import has_several_actions
from ...translation.saying import say
from ..text import draw_text
from ..typing import classes_factory
from .properties import paths_settings


class MOTIONGPT_PT_path(HasManual, bpy.types.Panel):
    manual = "paths"
    bl_parent_id = "MOTIONGPT_PT_generate"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_options = {"DEFAULT_CLOSED"}
    bl_idname = "MOTIONGPT_PT_path"
    bl_label = "Path and Distance"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(full(context).scene.motiongpt.task == "generate")

    def draw(self, context: bpy.types.Context) -> None:
        layout, travel = cast(bpy.types.UILayout, self.layout), paths_settings(context).travel
        draw_travel(layout, travel)
        numbers = travel.use_distance or travel.use_speed or travel.use_turn
        if numbers and has_several_actions(full(context).scene.motiongpt.prompt):
            draw_text(layout, "Each block of a shot has a distance, speed and turn of its own.", "INFO")


def draw_travel(layout: bpy.types.UILayout, travel: Any) -> None:
    """The settings of a `MotionGPTTravel`, of the scene or of a block."""
    layout.prop(travel, "route", expand=False)
    if travel.route == "CURVE":
        layout.prop(travel, "curve")
        layout.operator("motiongpt.draw_path", icon="GREASEPENCIL")
    elif travel.route == "WAYPOINTS":
        layout.prop(travel, "waypoints")
        row = layout.row(align=True)
        row.operator("motiongpt.add_waypoint", icon="EMPTY_SINGLE_ARROW")
        row.operator("motiongpt.add_waypoint", text="On This Frame").timed = True
    column = layout.column(align=True)
    for name in ("distance", "speed", "turn"):
        row = column.row(align=True)
        row.enabled = travel.route == "NONE" or name == "speed"
        row.prop(travel, f"use_{name}", text="")
        value = row.row(align=True)
        value.enabled = getattr(travel, f"use_{name}")
        value.prop(travel, name)
    row = layout.row()
    row.enabled = travel.route != "NONE" or travel.use_distance
    row.prop(travel, "own_pace")
    layout.prop(travel, "facing")
    if travel.facing != "NONE":
        layout.prop(travel, "target")


class MOTIONGPT_PT_loop(HasManual, bpy.types.Panel):
    manual = "loops"
    bl_parent_id = "MOTIONGPT_PT_generate"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_options = {"DEFAULT_CLOSED"}
    bl_idname = "MOTIONGPT_PT_loop"
    bl_label = "Loop and In Place"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = cast(bpy.types.UILayout, self.layout), paths_settings(context)
        if full(context).scene.motiongpt.task == "generate":
            layout.prop(settings, "loop")
        layout.prop(settings, "loop_range")
        layout.operator("motiongpt.make_loop", icon="FILE_REFRESH")
        armature = chosen_armature(context)
        if armature is None:
            return
        if said := describe(armature):
            draw_text(layout, said, "INFO")
        if in_place.is_in_place(armature):
            layout.operator("motiongpt.put_travel_back", icon="LOOP_BACK")
        else:
            layout.operator("motiongpt.take_travel_out", icon="PINNED")


class MOTIONGPT_UL_pins(bpy.types.UIList):
    """A line for each pin."""

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _property: Any,
        _index: Any = 0, _filtered: Any = 0,
    ) -> None:  # fmt: skip
        row = layout.row(align=True)
        row.prop(item, "use", text="")
        row.prop(item, "limb", text="", emboss=False)
        row.label(text=say("{first} to {last}", first=item.first, last=item.last))


class MOTIONGPT_PT_pins(HasManual, bpy.types.Panel):
    manual = "paths"
    bl_parent_id = "MOTIONGPT_PT_generate"
    bl_category = "MotionGPT"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_options = {"DEFAULT_CLOSED"}
    bl_idname = "MOTIONGPT_PT_pins"
    bl_label = "Pins"

    def draw(self, context: bpy.types.Context) -> None:
        layout, settings = cast(bpy.types.UILayout, self.layout), paths_settings(context)
        row = layout.row()
        row.template_list("MOTIONGPT_UL_pins", "", settings, "pins", settings, "pin", rows=2)
        buttons = row.column(align=True)
        buttons.operator("motiongpt.add_pin", text="", icon="ADD")
        buttons.operator("motiongpt.remove_pin", text="", icon="REMOVE")
        if 0 <= settings.pin < len(settings.pins):
            _draw_pin(layout, settings.pins[settings.pin])
        if len(settings.pins):
            layout.prop(settings, "pin_new")
            layout.operator("motiongpt.pin", icon="PINNED")


def _draw_pin(layout: bpy.types.UILayout, pin: Any) -> None:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(pin, "mode")
    column.prop(pin, "target")
    if pin.target is None and pin.mode == "ON":
        column.prop(pin, "place")
    for name in ("first", "last", "blend", "turned", "joint"):
        column.prop(pin, name)


register, unregister = classes_factory(MOTIONGPT_PT_path, MOTIONGPT_PT_loop, MOTIONGPT_UL_pins, MOTIONGPT_PT_pins)
