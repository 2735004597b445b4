"""What a shot leaves besides its keys: the blocks as they were made, and where its motion comes from."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...retarget.motion import Motion
from ..character.typing import ArmatureObject
from ..review.blocks import blocks_text, put_blocks
from ..review.origin import Origin
from .data import held, write_blocks
from .request import ShotRequest

TASK = "shot"
"""What takes of a shot say that they are; see `Origin.task`."""
_DOUBT = ("unsure", "nearest", "negation")


def note_made(armature: ArmatureObject, request: ShotRequest) -> None:
    """Make the armature's blocks those that were made."""
    shot = armature.motiongpt_shot
    if not held(shot):
        for block in shot.blocks:
            block.made = ""  # in another action
    if request.replaces:
        shot.by_markers = False
        shot.start = request.begins
        write_blocks(shot, request.blocks, request.marks)
        return
    for i in request.making:
        if i < len(shot.blocks) and shot.blocks[i].text == request.blocks[i].text:  # still there
            shot.blocks[i].seed, shot.blocks[i].made = request.blocks[i].seed, request.marks[i]


def blocks_of_take(armature: ArmatureObject, request: ShotRequest) -> str:
    """The armature's blocks as they will be with a take that was made; they stay as they are."""
    now = blocks_text(armature)
    note_made(armature, request)
    made = blocks_text(armature)
    put_blocks(armature, now)
    return made


def with_doubt(motion: Motion, unsure: Sequence[dict[str, Any]]) -> Motion:
    """A shot that says what the first of its doubtful blocks says. unsure: the blocks that the model hardly knows."""
    said = {name: unsure[0][name] for name in _DOUBT if name in unsure[0]} if unsure else {}
    return replace(motion, meta=motion.meta | said)


def origin_of(request: ShotRequest, motion: Motion) -> Origin:
    """Where the blocks that were made come from."""
    frames = (request.first, request.last)
    seconds = (request.last + 1 - request.first) / request.target.fps
    return Origin.of(motion, TASK, request.name, request.made[0].seed, seconds, frames, request.hands)
