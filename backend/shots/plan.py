"""What is to be made of each block: its text for the model, its frames, and the numbers that it has to meet."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Floats
from ..limits import MAX_SEED
from ..tasks import Block, Generate, Shot
from .numbers import read_numbers, usual_speed, without_way
from .splitting import split_actions
from .verbs import usual_seconds

SHORTEST = 0.5
"""Seconds of a block, at least."""
TEXT_SECONDS = 4.0
"""Length of one action, where none is given."""
_SOME = 1.5  # seconds of an action of which neither time nor length is given, at least
_ROUND = 6.0  # the same of a circle: some 2 metres across for a walk
_FIRST_STEPS = 0.4  # seconds by which a walk over a given distance takes longer than at its usual speed
_NEXT_BLOCK = 7919  # between the seeds of blocks, so that the same words twice are not the same motion twice
_STOPS = re.compile(
    r"\b(?:stops?|halts?|pauses?)(?:\s+(?:briefly|moving|walking|running|there))?\s+and\s+", re.IGNORECASE
)
_SIDEWAYS = re.compile(r"\b(?:sideways|side[\s-]?step|strafe)", re.IGNORECASE)
_CURVED = re.compile(
    r"\b(?:turn|curv|arc|bend|circle|circl|round|around|zig|eight|spiral|wander|weav|swerv|stagger|corner|danc"
    r"|back and forth)",
    re.IGNORECASE,
)  # ways that are not straight
_LEISURELY = 1.5  # times what a way usually takes, up to which it is gone more slowly
_STILL = "a person stands still"
PACE_TOLERANCE = 0.35
"""Share by which the speed may differ from what a word such as "slowly" says."""


@dataclass(frozen=True)
class Wish:
    """A block, or part of one, to be made.

    text: for the model, without the distance and speed that are said in numbers: where captions say these, bodies begin
    and end standing, and their steps would have to be stretched. Sidesteps keep them, as they slide less with them.
    distance: metres along the path.  exactly: whether it is given in numbers.  turn: radians to the left.  circle: +1.0
    round to the left, -1.0 to the right.  path: points (K, 2 or 3).  straight: whether the way goes straight on, as
    nothing else is asked for.  side: +1.0 where it goes to the left, -1.0 to the right.
    """

    block: Block
    text: str
    seconds: float
    distance: float | None = None
    exactly: bool = True
    turn: float | None = None
    circle: float | None = None
    path: Floats | None = None
    straight: bool = False
    side: float | None = None

    @property
    def choosy(self) -> bool:
        """Whether there is something to choose among candidates by."""
        return any(v is not None for v in (self.distance, self.turn, self.circle, self.path))


def shot_of(text: str, seconds: float | None = None, seed: int = 0, variations: int = 1) -> Shot:
    """A shot of all actions of a text. seconds: of the whole; None gives each action what it usually takes."""
    blocks = [Block(action) for action in split_actions(text)]
    if seconds is not None:
        usual = [wish_of(block).seconds for block in blocks]
        blocks = [Block(block.prompt, share) for block, share in zip(blocks, shares(usual, seconds), strict=True)]
    return Shot(tuple(blocks), seed=seed, variations=variations)


def task_of(prompt: str, seconds: float | None, seed: int = 0, variations: int = 1) -> Generate | Shot:
    """What a prompt asks for: a shot where it names several actions or numbers to be met, else one motion.

    seconds: of the whole; None gives each action of a shot what it usually takes, and one motion TEXT_SECONDS. Raises
    MotionGPTError as `shares` does.
    """
    shot = shot_of(prompt, seconds, seed, variations)
    if len(shot.blocks) > 1 or wish_of(shot.blocks[0]).choosy:
        return shot
    return Generate(prompt, seconds or TEXT_SECONDS, seed=seed, variations=variations)


def shares(usual: Sequence[float], seconds: float) -> list[float]:
    """The seconds of a shot divided among its blocks in proportion to what each usually takes; none gets less than
    SHORTEST. Raises MotionGPTError if there is not enough for that."""
    if seconds < SHORTEST * len(usual):
        raise MotionGPTError(
            f"{seconds:g} seconds are too short for {len(usual)} actions.",
            f"Give at least {SHORTEST * len(usual):g} seconds, or fewer actions.",
        )
    spare = seconds - SHORTEST * len(usual)
    more = [max(u - SHORTEST, 0.1) for u in usual]
    return [SHORTEST + spare * m / sum(more) for m in more]


def wish_of(block: Block) -> Wish:
    """A block's fields, completed by what its text says in numbers and by what its action usually takes."""
    said = read_numbers(block.prompt)
    usual = usual_speed(block.prompt)
    distance, turn = block.distance or said.distance, said.turn if block.turn is None else block.turn
    speed = block.speed or said.speed
    path = None if block.path is None else np.asarray(block.path, np.float64)
    least = _SOME if said.circle is None else _ROUND
    seconds = block.seconds or _seconds(block.prompt, distance or _length(path), speed or usual, least)
    exactly = distance is not None or block.speed is not None or not said.in_words
    if distance is None and speed is not None and usual > 0.0:
        distance = speed * seconds
    said_way = said.distance is not None or said.speed is not None
    heard = without_way(block.prompt) if said_way and not _SIDEWAYS.search(block.prompt) else block.prompt
    wish = Wish(block, _asked(heard), seconds, distance, exactly)
    straight = turn is None and said.circle is None and not _CURVED.search(block.prompt)
    side = said.side if turn is None and path is None and distance is not None else None
    return replace(
        wish, turn=None if turn is None else math.radians(turn), circle=said.circle, path=path, straight=straight,
        side=side,
    )  # fmt: skip


def _seconds(prompt: str, distance: float | None, speed: float, least: float) -> float:
    if distance and speed > 0.0:
        return max(SHORTEST, distance / speed + _FIRST_STEPS)
    return max(least, usual_seconds(prompt))


def _length(path: Floats | None) -> float | None:
    return None if path is None else float(np.linalg.norm(np.diff(path[:, :2], axis=0), axis=1).sum())


def _asked(prompt: str) -> str:
    """A block begins standing: "stops and waves" is a wave."""
    return _STOPS.sub("", prompt)


def parts_of(wish: Wish) -> tuple[Wish, ...]:
    """A block as it is made: a short way with much time is gone at the usual speed, and the rest of the time is stood
    still; nobody walks 2 metres in 10 seconds."""
    speed = wish.block.speed or usual_speed(wish.block.prompt)
    if wish.distance is None or not wish.exactly or wish.block.speed or wish.path is not None or speed <= 0.0:
        return (wish,)
    needed = max(1.0, wish.distance / speed + _FIRST_STEPS)
    if wish.seconds < _LEISURELY * needed or wish.seconds - needed < 1.0:
        return (wish,)
    return replace(wish, seconds=needed), Wish(Block("stands still", in_place=True), _STILL, wish.seconds - needed)


def seed_of(task: Shot, index: int, variation: int) -> int:
    """The seed of a block in a take."""
    own = task.blocks[index].seed
    return ((task.seed + _NEXT_BLOCK * index if own is None else own) + variation) % (MAX_SEED + 1)
