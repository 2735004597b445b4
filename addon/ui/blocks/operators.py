"""What the buttons and menus for blocks do."""

from typing import Any, cast

import bpy

from ....retarget.errors import MotionGPTError
from ...character.typing import ArmatureObject, full
from ...jobs.context import check_armature, scene_fps
from ...shot.data import read_blocks, redraw_timelines, timing_of, write_blocks
from ...shot.job import ShotJob
from ...shot.request import gather_blocks, gather_text
from ...shot.values import BlockValues, next_seed, shortest_frames
from ...translation.saying import say, told
from ..operators.tasks import StartsJob
from ..typing import OperatorResult, classes_factory

_NEW_SECONDS = 3.0


def _active(armature: ArmatureObject) -> int:
    """The number of the chosen block. Raises MotionGPTError where there is none."""
    shot = armature.motiongpt_shot
    if not 0 <= shot.active < len(shot.blocks):
        raise MotionGPTError("No block is chosen.", "Choose one in the list or on the timeline.")
    return int(shot.active)


class MOTIONGPT_OT_generate_shot(StartsJob):
    """Generate all blocks, one after the other, and put them on the armature"""

    bl_idname = "motiongpt.generate_shot"
    bl_label = "Generate Shot"
    job = ShotJob


class MOTIONGPT_OT_regenerate_block(StartsJob):
    """Generate the chosen block again, with the next seed unless you have changed it; all other keys stay"""

    bl_idname = "motiongpt.regenerate_block"
    bl_label = "Regenerate Block"
    job = ShotJob

    def gather(self, context: bpy.types.Context) -> Any:
        number = _active(check_armature(context))
        return gather_blocks(context, range(number, number + 1))


class MOTIONGPT_OT_regenerate_from(StartsJob):
    """Generate the chosen block and all after it again; what is before them stays as it is"""

    bl_idname = "motiongpt.regenerate_from"
    bl_label = "Regenerate from Here"
    job = ShotJob

    def gather(self, context: bpy.types.Context) -> Any:
        armature = check_armature(context)
        return gather_blocks(context, range(_active(armature), len(armature.motiongpt_shot.blocks)))


class _ChangesBlocks(bpy.types.Operator):
    """Base of the operators that change the list of blocks."""

    bl_options = {"UNDO"}  # no REGISTER: the box of the last operation would cover the strip

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        try:
            armature = check_armature(context)
            if armature.motiongpt_shot.by_markers:
                raise MotionGPTError("The blocks follow the markers.", "Change those, or switch From Markers off.")
            cls.check_blocks(armature)
        except MotionGPTError as error:
            cls.poll_message_set(told(error))
            return False
        return True

    @classmethod
    def check_blocks(cls, armature: ArmatureObject) -> None:
        """Raises MotionGPTError where there is nothing to change."""
        _active(armature)

    def execute(self, context: bpy.types.Context) -> OperatorResult:
        try:
            armature = check_armature(context)
            self.change(context, armature, armature.motiongpt_shot)
        except MotionGPTError as error:
            self.report({"ERROR"}, told(error))
            return {"CANCELLED"}
        redraw_timelines()
        return {"FINISHED"}

    def change(self, context: bpy.types.Context, armature: ArmatureObject, shot: Any) -> None:
        """Do it. Raises MotionGPTError before anything is changed."""
        raise NotImplementedError


class MOTIONGPT_OT_add_block(_ChangesBlocks):
    """Add a block after the chosen one; what follows moves along. The first block begins on the current frame"""

    bl_idname = "motiongpt.add_block"
    bl_label = "Add Block"

    text: bpy.props.StringProperty(name="Text", description="What the new block says", options={"SKIP_SAVE"})

    @classmethod
    def check_blocks(cls, armature: ArmatureObject) -> None:
        return

    def change(self, context: bpy.types.Context, armature: ArmatureObject, shot: Any) -> None:
        scene, blocks, marks = full(context).scene, list(read_blocks(shot)), [block.made for block in shot.blocks]
        fps = scene_fps(scene)
        at = min(max(shot.active, 0), len(blocks) - 1) + 1
        frames = max(shortest_frames(fps), round(_NEW_SECONDS * fps))
        seed = next_seed(blocks[at - 1].seed, 1) if blocks else scene.motiongpt.seed
        blocks.insert(at, BlockValues(self.text, frames, seed))
        marks.insert(at, "")
        if len(blocks) == 1:
            shot.start = scene.frame_current
        write_blocks(shot, blocks, marks)
        shot.active = at


class MOTIONGPT_OT_remove_block(_ChangesBlocks):
    """Remove the chosen block; what follows takes its place. Keys stay as they are"""

    bl_idname = "motiongpt.remove_block"
    bl_label = "Remove Block"

    def change(self, context: bpy.types.Context, armature: ArmatureObject, shot: Any) -> None:
        number = _active(armature)
        shot.blocks.remove(number)
        shot.active = max(0, min(number, len(shot.blocks) - 1))


class MOTIONGPT_OT_move_block(_ChangesBlocks):
    """Exchange the chosen block with the one before or after it"""

    bl_idname = "motiongpt.move_block"
    bl_label = "Move Block"

    ahead: bpy.props.IntProperty(
        name="Places", description="How many places to move it later; earlier if negative", default=1,
        options={"SKIP_SAVE"},
    )  # fmt: skip

    def change(self, context: bpy.types.Context, armature: ArmatureObject, shot: Any) -> None:
        number = _active(armature)
        goal = max(0, min(number + self.ahead, len(shot.blocks) - 1))
        shot.blocks.move(number, goal)
        shot.active = goal


class MOTIONGPT_OT_split_block(_ChangesBlocks):
    """Split the block under the playhead in two"""

    bl_idname = "motiongpt.split_block"
    bl_label = "Split Block"

    def change(self, context: bpy.types.Context, armature: ArmatureObject, shot: Any) -> None:
        scene, blocks, marks = full(context).scene, list(read_blocks(shot)), [block.made for block in shot.blocks]
        timing = timing_of(shot, scene_fps(scene))
        number, frames = timing.split(scene.frame_current)
        whole = blocks[number]
        blocks[number : number + 1] = [whole.part(frames, 0), whole.part(whole.frames - frames, 1)]
        marks[number : number + 1] = ["", ""]
        write_blocks(shot, blocks, marks)
        shot.active = number + 1


class MOTIONGPT_OT_blocks_from_prompt(_ChangesBlocks):
    """Make blocks of the prompt's actions, in the length that is set, without generating them yet"""

    bl_idname = "motiongpt.blocks_from_prompt"
    bl_label = "Blocks from Prompt"

    @classmethod
    def check_blocks(cls, armature: ArmatureObject) -> None:
        return

    def change(self, context: bpy.types.Context, armature: ArmatureObject, shot: Any) -> None:
        request = gather_text(context, to_make=False)
        old = [block.made for block in shot.blocks]
        shot.start = request.begins
        write_blocks(shot, request.blocks, old[: request.making.start])
        shot.active = request.making.start


class MOTIONGPT_OT_block_text(_ChangesBlocks):
    """Type what the character does in this block"""

    bl_idname = "motiongpt.block_text"
    bl_label = "Block's Text"

    block: bpy.props.IntProperty(
        name="Block", description="The number of the block, from 0 on; -1 for the chosen one", default=-1,
        options={"SKIP_SAVE", "HIDDEN"},
    )  # fmt: skip
    text: bpy.props.StringProperty(
        name="Text", description="What the character does, in English", options={"SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> OperatorResult:
        shot = check_armature(context).motiongpt_shot
        if self.block < 0:
            self.block = shot.active
        if not 0 <= self.block < len(shot.blocks):
            return {"CANCELLED"}
        shot.active = self.block
        self.text = shot.blocks[self.block].text
        return full(context).window_manager.invoke_props_dialog(self, width=420)

    def draw(self, context: bpy.types.Context) -> None:
        row = cast(bpy.types.UILayout, self.layout).row()
        row.activate_init = True  # so that typing goes into the text at once
        row.prop(self, "text", text="", placeholder=say("what the character does"))

    def change(self, context: bpy.types.Context, armature: ArmatureObject, shot: Any) -> None:
        number = _active(armature) if self.block < 0 else self.block
        if not 0 <= number < len(shot.blocks):
            raise MotionGPTError("The block is gone.", "Choose another one.")
        shot.blocks[number].text = self.text.strip()


class MOTIONGPT_MT_block(bpy.types.Menu):
    bl_idname = "MOTIONGPT_MT_block"
    bl_label = "Block"

    def draw(self, context: bpy.types.Context) -> None:
        layout = cast(bpy.types.UILayout, self.layout)
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator("motiongpt.block_text", text="Text...", icon="TEXT")
        layout.operator("motiongpt.split_block", text="Split at Playhead")
        layout.operator("motiongpt.add_block", icon="ADD")
        layout.operator("motiongpt.remove_block", icon="REMOVE")
        layout.separator()
        layout.operator("motiongpt.regenerate_block", icon="FILE_REFRESH")
        layout.operator("motiongpt.regenerate_from")
        layout.operator("motiongpt.generate_shot", icon="PLAY")


register, unregister = classes_factory(
    MOTIONGPT_OT_generate_shot,
    MOTIONGPT_OT_regenerate_block,
    MOTIONGPT_OT_regenerate_from,
    MOTIONGPT_OT_add_block,
    MOTIONGPT_OT_remove_block,
    MOTIONGPT_OT_move_block,
    MOTIONGPT_OT_split_block,
    MOTIONGPT_OT_blocks_from_prompt,
    MOTIONGPT_OT_block_text,
    MOTIONGPT_MT_block,
)
