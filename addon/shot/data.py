"""A character's blocks, saved with its armature object at `object.motiongpt_shot`, and read as plain values."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import bpy

from ...backend.limits import SEED_LIMIT
from ..action.fcurves import played_action
from ..character.typing import full
from ..review.blocks import IN_ACTION
from ..translation.saying import CONTEXT
from .timing import Timing
from .values import BlockValues, current_marks, shortest_frames

_OWN = ("distance", "speed", "turn", "in_place")
"""Fields of `backend.tasks.Block` that have settings of their own."""


def redraw_timelines() -> None:
    """Draw the Dope Sheets and Timelines again, and the sidebars."""
    for window in full(bpy.context).window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("DOPESHEET_EDITOR", "VIEW_3D"):
                for region in area.regions:
                    if region.type == ("WINDOW" if area.type == "DOPESHEET_EDITOR" else "UI"):
                        region.tag_redraw()


def _changed(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    redraw_timelines()


class MotionGPTBlock(bpy.types.PropertyGroup):
    """One action of a shot."""

    text: bpy.props.StringProperty(
        name="Text", description='What the character does, in English: "walks forward"', update=_changed
    )
    frames: bpy.props.IntProperty(
        name="Frames", description="How long the block is", default=60, min=1, soft_min=10, update=_changed
    )
    seed: bpy.props.IntProperty(
        name="Seed", description="The same text, length and seed give the same motion", min=0, max=SEED_LIMIT,
        update=_changed,
    )  # fmt: skip
    distance: bpy.props.FloatProperty(
        name="Distance", description="Metres along the path; 0 leaves it to the text", min=0.0, max=10_000.0,
        soft_max=20.0, step=10, update=_changed,
    )  # fmt: skip
    speed: bpy.props.FloatProperty(
        name="Speed", description="Metres a second; 0 leaves it to the text", min=0.0, max=100.0, soft_max=8.0,
        step=10, update=_changed,
    )  # fmt: skip
    use_turn: bpy.props.BoolProperty(
        name="Turn", description="Turn by this angle, whatever the text says", update=_changed
    )
    turn: bpy.props.FloatProperty(
        name="Turn", description="From the first facing to the last; to the left is positive", subtype="ANGLE",
        min=math.radians(-3600.0), max=math.radians(3600.0), step=1500, update=_changed,
    )  # fmt: skip
    in_place: bpy.props.BoolProperty(name="In Place", description="Without travel, on the spot", update=_changed)
    more: bpy.props.StringProperty(
        name="More", description="Other fields of the block, as JSON: a path, a place to face", options={"HIDDEN"}
    )
    made: bpy.props.StringProperty(options={"HIDDEN"})  # `made_at` of what the action holds

    def read(self) -> BlockValues:
        """The block as plain values."""
        fields: dict[str, Any] = json.loads(self.more) if self.more else {}
        fields |= {name: round(getattr(self, name), 4) for name in ("distance", "speed") if getattr(self, name) > 0.0}
        if self.use_turn:
            fields["turn"] = round(math.degrees(self.turn), 3)
        if self.in_place:
            fields["in_place"] = True
        return BlockValues(self.text, self.frames, self.seed, fields)

    def write(self, values: BlockValues) -> None:
        """Make the block say this."""
        fields = values.fields
        self.text, self.frames, self.seed = values.text, values.frames, values.seed
        self.distance, self.speed = fields.get("distance") or 0.0, fields.get("speed") or 0.0
        self.use_turn, self.turn = fields.get("turn") is not None, math.radians(fields.get("turn") or 0.0)
        self.in_place = bool(fields.get("in_place"))
        more = {name: value for name, value in fields.items() if name not in _OWN}
        self.more = json.dumps(more) if more else ""


class MotionGPTShot(bpy.types.PropertyGroup):
    """The blocks of one armature object, end to end, and how they are made."""

    blocks: bpy.props.CollectionProperty(type=MotionGPTBlock)
    active: bpy.props.IntProperty(name="Block", description="The chosen block of the list", update=_changed)
    start: bpy.props.IntProperty(name="First Frame", description="Where the first block begins", update=_changed)
    start_from: bpy.props.EnumProperty(
        name="Start",
        translation_context=CONTEXT,
        description="Where and how the character is on the first frame",
        items=(
            (
                "AUTO",
                "Automatic",
                "A shot goes on from the motion before it, where the character has keys there; without them, and for a "
                "single action, it starts from the origin",
            ),
            ("ORIGIN", "From the Origin", "At the origin, in an action of its own"),
            ("STANDS", "Where It Stands", "With the pose on the first frame, at that place, facing that way"),
            ("MOTION", "From the Motion Before", "With the pose, place, heading and speed of the frames before"),
        ),
    )
    after: bpy.props.EnumProperty(
        name="Afterwards",
        description="What happens to keys that the action holds after the new frames",
        items=(
            ("LEAD", "Lead Into It", "They stay, and the new frames lead to the pose and place that follow"),
            ("CUT", "Cut", "They are deleted"),
        ),
    )
    blend: bpy.props.FloatProperty(
        name="Blend",
        description="Seconds in which one motion passes over into the next, at most a third of the block; 0 takes as "
        "long as the poses need, from 0.3 to 0.9",
        min=0.0, max=5.0, soft_max=1.5, step=10,
    )  # fmt: skip
    by_markers: bpy.props.BoolProperty(
        name="From Markers",
        description="Make a block of every timeline marker that is named with a text; it lasts up to the next marker",
        update=_changed,
    )
    on_timeline: bpy.props.BoolProperty(
        name="Show in Timelines", description="Draw the blocks in the Timeline and the Dope Sheet", default=True,
        update=_changed,
    )  # fmt: skip


def read_blocks(shot: Any) -> tuple[BlockValues, ...]:
    """All blocks as plain values."""
    return tuple(block.read() for block in shot.blocks)


def write_blocks(shot: Any, blocks: Sequence[BlockValues], made: Sequence[str] = ()) -> None:
    """Replace the blocks. made: what each says of how it was made; "" for what is new."""
    while len(shot.blocks) > len(blocks):
        shot.blocks.remove(len(shot.blocks) - 1)
    while len(shot.blocks) < len(blocks):
        shot.blocks.add()
    for i, (block, values) in enumerate(zip(shot.blocks, blocks, strict=True)):
        block.write(values)
        block.made = made[i] if i < len(made) else ""
    shot.active = max(0, min(shot.active, len(blocks) - 1))


def timing_of(shot: Any, fps: float) -> Timing:
    """Where the blocks lie."""
    return Timing(shot.start, tuple(block.frames for block in shot.blocks), shortest_frames(fps))


def set_timing(shot: Any, timing: Timing) -> None:
    """Put the blocks there."""
    if shot.start != timing.start:
        shot.start = timing.start
    for block, frames in zip(shot.blocks, timing.lengths, strict=True):
        if block.frames != frames:
            block.frames = frames


def held(shot: Any) -> bool:
    """Whether the action that the armature plays is one that its blocks were made in."""
    action = played_action(shot.id_data)
    return action is not None and action.get(IN_ACTION) is not None


def unmade(shot: Any) -> list[bool]:
    """Of each block, whether it is not, or no longer, what was made, or is not in the action that is played."""
    there = held(shot)
    return [
        not there or block.made != mark
        for block, mark in zip(shot.blocks, current_marks(shot.start, read_blocks(shot)), strict=True)
    ]


_factory: Callable[[Sequence[type]], Any] = bpy.utils.register_classes_factory
_register, _unregister = _factory((MotionGPTBlock, MotionGPTShot))


def register() -> None:
    _register()
    bpy.types.Object.motiongpt_shot = bpy.props.PointerProperty(  # type: ignore[attr-defined,func-returns-value]
        type=MotionGPTShot
    )


def unregister() -> None:
    del bpy.types.Object.motiongpt_shot  # type: ignore[attr-defined]
    _unregister()
