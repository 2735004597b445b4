"""What a block of a shot says, as plain values, and how it is asked for. No bpy."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...backend.limits import SEED_LIMIT
from ...retarget.errors import MotionGPTError
from ..translation.saying import say
from .timing import shared_out

if TYPE_CHECKING:
    from ...backend.tasks import Block

SHORTEST = 0.5
"""Seconds of a block, at least, as `backend.shots.plan` has it."""
_NEXT_SEED = 7919  # between blocks of one text
_SHARED = ("distance", "turn")  # fields that say how much of something a whole block does


@dataclass(frozen=True)
class BlockValues:
    """One block. frames: its length, the scene's.  fields: those of `backend.tasks.Block` that it sets besides text,
    seconds and seed, by name, as JSON holds them."""

    text: str
    frames: int
    seed: int = 0
    fields: dict[str, Any] = field(default_factory=dict)

    def made_at(self, start: int) -> str:
        """What is compared to see whether a block is still as it was made, from this frame on."""
        said = json.dumps([self.text, self.frames, self.seed, self.fields, start], sort_keys=True)
        return f"{zlib.crc32(said.encode()):08x}"

    def asked(self, seconds: float) -> Block:
        """The block as it is asked for. Raises MotionGPTError for a value outside the limits of one request."""
        import msgspec

        from ...backend.tasks import Block

        said = {"prompt": self.text.strip(), "seconds": seconds, "seed": self.seed, **self.fields}
        try:
            block = msgspec.convert(said, Block)
        except msgspec.ValidationError as error:
            said_so = say('The block "{text}" can\'t be made: {error}.', text=self.text, error=error)
            raise MotionGPTError(said_so, "Correct its numbers.") from None
        block.check()
        return block

    def part(self, frames: int, number: int) -> BlockValues:
        """A part of the block, with its share of the distance and of the turn; each part has another seed."""
        share = {name: self.fields[name] * frames / self.frames for name in _SHARED if self.fields.get(name)}
        return BlockValues(self.text, frames, next_seed(self.seed, number), self.fields | share)


def next_seed(seed: int, number: int) -> int:
    """The seed of the block that is so many after the one with this seed."""
    return (seed + _NEXT_SEED * number) % (SEED_LIMIT + 1)


def shortest_frames(fps: float) -> int:
    """Frames that a block has at least, when it is dragged or split."""
    return max(2, math.ceil(SHORTEST * fps))


def current_marks(start: int, blocks: Iterable[BlockValues]) -> list[str]:
    """`made_at` of blocks that lie end to end from a frame on."""
    out = []
    for block in blocks:
        out.append(block.made_at(start))
        start += block.frames
    return out


def blocks_of_text(text: str, frames: int, fps: float, seed: int) -> tuple[BlockValues, ...]:
    """The actions of a text, in their order, each with its share of some frames. Raises MotionGPTError where there are
    not enough frames for all of them."""
    from ...backend.shots.plan import shot_of

    asked = shot_of(text, frames / fps).blocks
    lengths = shared_out([block.seconds or 0.0 for block in asked], frames)
    return tuple(
        BlockValues(block.prompt, length, next_seed(seed, i))
        for i, (block, length) in enumerate(zip(asked, lengths, strict=True))
    )


def has_several_actions(text: str) -> bool:
    """Whether a text names several actions that follow each other."""
    from ...backend.shots.splitting import split_actions

    return len(split_actions(text)) > 1
