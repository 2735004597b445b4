"""Timeline markers as prompts: a marker that is named with a text begins a block, which lasts up to the next one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import bpy

from ..character.typing import ArmatureObject, Scene
from .data import read_blocks, redraw_timelines, write_blocks
from .values import BlockValues, next_seed

_UNNAMED = re.compile(r"(F_\d+|Marker)?(\.\d+)?")  # what Blender calls new markers
Marks = Sequence[tuple[int, str]]
"""Frames and names of markers."""


def marks_of(scene: Scene) -> Marks:
    """The scene's markers, besides those that switch cameras."""
    return [(marker.frame, marker.name) for marker in scene.timeline_markers if marker.camera is None]


def blocks_of_marks(
    marks: Marks, end: int, old: Sequence[BlockValues], seed: int
) -> tuple[int, tuple[BlockValues, ...], tuple[int | None, ...]]:
    """The first frame, the blocks, and the number of the old block that each goes on from.

    A marker that has only the name that Blender gave it ends the last block; else the scene does. Of several on a frame
    the last counts. end: the scene's last frame.  old: blocks whose seeds and settings are kept where they have the
    same text, in their order.  seed: of the first block that is new.
    """
    texts = {frame: name.strip() for frame, name in sorted(marks) if not _UNNAMED.fullmatch(name.strip())}
    if not texts:
        return 0, (), ()
    frames = sorted(texts)
    stops = [frame for frame, _ in marks if frame > frames[-1]]
    edges = [*frames, min(stops) if stops else max(end + 1, frames[-1] + 1)]
    left, blocks, sources = list(range(len(old))), list[BlockValues](), list[int | None]()
    for i, frame in enumerate(frames):
        found = next((number for number in left if old[number].text == texts[frame]), None)
        length = edges[i + 1] - frame
        if found is None:
            blocks.append(BlockValues(texts[frame], length, next_seed(seed, i)))
        else:
            left.remove(found)
            blocks.append(replace(old[found], frames=length))
        sources.append(found)
    return frames[0], tuple(blocks), tuple(sources)


def follow_markers(armature: ArmatureObject, scene: Scene) -> None:
    """Make the blocks what the markers say, if they are to follow them and there are any with a text."""
    shot = armature.motiongpt_shot
    if not shot.by_markers:
        return
    old, made = read_blocks(shot), [block.made for block in shot.blocks]
    start, blocks, sources = blocks_of_marks(marks_of(scene), scene.frame_end, old, scene.motiongpt.seed)
    if blocks and (start, blocks) != (shot.start, old):
        shot.start = start
        write_blocks(shot, blocks, ["" if source is None else made[source] for source in sources])


def follow_soon(armature: ArmatureObject, scene: Scene) -> None:
    """The same, as soon as Blender is done drawing, where nothing may be changed."""
    if armature.motiongpt_shot.by_markers and not bpy.app.timers.is_registered(_follow_all):
        old = read_blocks(armature.motiongpt_shot)
        start, blocks, _ = blocks_of_marks(marks_of(scene), scene.frame_end, old, scene.motiongpt.seed)
        if blocks and (start, blocks) != (armature.motiongpt_shot.start, old):
            bpy.app.timers.register(_follow_all, first_interval=0.0)


def _follow_all() -> None:
    for scene in bpy.data.scenes:
        for thing in scene.objects:
            if thing.type == "ARMATURE":
                follow_markers(thing, scene)  # type: ignore[arg-type]
    redraw_timelines()
