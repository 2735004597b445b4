"""The blocks in the sidebar: how a shot starts and ends, the list, the chosen block, and the buttons."""

from typing import Any, cast

import bpy

from ....retarget.errors import MotionGPTError
from ...character.typing import full
from ...jobs import session
from ...jobs.context import chosen_armature, scene_fps
from ...manual.links import HasManual
from ...shot.data import timing_of, unmade
from ...shot.job import ShotJob
from ...shot.markers import follow_soon
from ...translation.saying import say, told
from ..panel import draw_progress
from ..text import draw_text
from ..typing import classes_factory


class MOTIONGPT_UL_blocks(bpy.types.UIList):
    """One line per block: text, length, and whether it is as it was made."""

    def draw_item(
        self, context: bpy.types.Context, layout: Any, data: Any, item: Any, icon: Any, active_data: Any,
        active_property: Any, index: Any = 0, flt_flag: Any = 0,
    ) -> None:  # fmt: skip
        number = next((i for i, block in enumerate(data.blocks) if block == item), 0)
        row = layout.row(align=True)
        row.prop(item, "text", text="", emboss=False, icon="KEYFRAME" if unmade(data)[number] else "KEYFRAME_HLT")
        right = row.row(align=True)
        right.alignment = "RIGHT"
        right.label(text=f"{item.frames / scene_fps(full(context).scene):.1f} s")


class _ShotPanel(HasManual, bpy.types.Panel):
    manual = "shots"
    bl_label = "Shot"
    bl_category = "MotionGPT"
    bl_region_type = "UI"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return full(context).scene.motiongpt.task == "generate" and chosen_armature(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        armature = chosen_armature(context)
        if armature is not None:
            follow_soon(armature, full(context).scene)
            try:
                draw_shot(cast(bpy.types.UILayout, self.layout), context, armature.motiongpt_shot)
            except MotionGPTError as error:  # a frame rate that can't be used
                draw_text(cast(bpy.types.UILayout, self.layout), told(error), "ERROR")


class MOTIONGPT_PT_shot(_ShotPanel):
    bl_idname = "MOTIONGPT_PT_shot"
    bl_space_type = "VIEW_3D"
    bl_parent_id = "MOTIONGPT_PT_generate"


class MOTIONGPT_PT_shot_in_dope_sheet(_ShotPanel):
    bl_idname = "MOTIONGPT_PT_shot_in_dope_sheet"
    bl_space_type = "DOPESHEET_EDITOR"


def draw_shot(layout: bpy.types.UILayout, context: bpy.types.Context, shot: Any) -> None:
    """The settings of a shot, its blocks and its buttons."""
    scene = full(context).scene
    fps = scene_fps(scene)
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(shot, "start_from")
    if shot.start_from != "ORIGIN":
        column.prop(shot, "after")
        column.prop(scene.motiongpt, "destination")
    column.prop(shot, "blend")
    column.prop(scene.motiongpt, "text_takes")
    layout.prop(shot, "by_markers")
    _draw_list(layout, shot)
    if 0 <= shot.active < len(shot.blocks):
        _draw_block(layout, shot, timing_of(shot, fps).span(shot.active), fps)
    layout.prop(shot, "on_timeline")
    if job := session.current().running:
        draw_progress(layout, job)
        return
    column = layout.column(align=True)
    column.operator("motiongpt.generate_shot", icon="PLAY")
    column.operator("motiongpt.regenerate_block", icon="FILE_REFRESH")
    column.operator("motiongpt.regenerate_from", icon="FILE_REFRESH")
    if shot.blocks and (why := session.refused(ShotJob, context)):
        draw_text(layout, why, "INFO")


def _draw_list(layout: bpy.types.UILayout, shot: Any) -> None:
    row = layout.row()
    row.template_list("MOTIONGPT_UL_blocks", "", shot, "blocks", shot, "active", rows=4)
    column = row.column(align=True)
    column.enabled = not shot.by_markers
    column.operator("motiongpt.add_block", text="", icon="ADD")
    column.operator("motiongpt.remove_block", text="", icon="REMOVE")
    column.separator()
    column.operator("motiongpt.move_block", text="", icon="TRIA_UP").ahead = -1
    column.operator("motiongpt.move_block", text="", icon="TRIA_DOWN").ahead = 1
    column = layout.column()
    column.enabled = not shot.by_markers
    column.prop(shot, "start")
    row = column.row(align=True)
    row.operator("motiongpt.split_block", text="Split")
    row.operator("motiongpt.blocks_from_prompt", text="From Prompt")


def _draw_block(layout: bpy.types.UILayout, shot: Any, span: tuple[int, int], fps: float) -> None:
    """The chosen block. span: its frames."""
    block, box = shot.blocks[shot.active], layout.box().column()
    text = box.row()
    text.enabled = not shot.by_markers
    text.prop(block, "text", text="", placeholder=say("what the character does"))
    box.use_property_split = True
    box.use_property_decorate = False
    box.label(
        text=say("Frames {first} to {last}, {seconds:.2f} s", first=span[0], last=span[1], seconds=block.frames / fps)
    )
    frames = box.row()
    frames.enabled = not shot.by_markers
    frames.prop(block, "frames")
    for name in ("seed", "distance", "speed"):
        box.prop(block, name)
    row = box.row(heading="Turn")
    row.prop(block, "use_turn", text="")
    own = row.row()
    own.enabled = block.use_turn
    own.prop(block, "turn", text="")
    box.prop(block, "in_place")


register, unregister = classes_factory(MOTIONGPT_UL_blocks, MOTIONGPT_PT_shot, MOTIONGPT_PT_shot_in_dope_sheet)
