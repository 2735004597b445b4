"""Which frames of a shot belong to which block."""

import itertools
from dataclasses import replace

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ..tasks import Shot
from .plan import wish_of

Span = tuple[int, int]
"""Frames from, to (not included)."""


def frames_of(seconds: float, fps: float) -> int:
    """Frames of a block."""
    return max(1, round(seconds * fps))


def spans_of(task: Shot, motion: Motion) -> list[Span]:
    """The frames of each block in a shot made before: as its `meta` says, or else by the blocks' seconds, which then
    have to add up to the motion's. Raises MotionGPTError where neither fits."""
    said = motion.meta.get("blocks")
    if isinstance(said, list) and len(said) == len(task.blocks):
        spans = [(int(one.get("start", -1)), int(one.get("stop", -1))) for one in said if isinstance(one, dict)]
    else:
        lengths = [wish_of(block).seconds for block in task.blocks]
        ends = [0, *(round(end * motion.fps) for end in itertools.accumulate(lengths))]
        ends[-1] = len(motion) if abs(ends[-1] - len(motion)) <= 1 else ends[-1]
        spans = list(itertools.pairwise(ends))
    edges = [0, *(stop for _, stop in spans)]
    fits = len(spans) == len(task.blocks) and edges[-1] == len(motion)
    if not fits or any(span != (a, b) or b <= a for span, (a, b) in zip(spans, itertools.pairwise(edges), strict=True)):
        raise MotionGPTError(
            f"The blocks do not cover the {len(motion)} frames of the motion.",
            "Give the shot as it was made, or blocks whose seconds add up to its length.",
        )
    return spans


def at_rate(motion: Motion, fps: float) -> Motion:
    """A shot at another rate, with the frames of its blocks at that rate."""
    out = motion.resample(fps)
    if out is motion or "blocks" not in motion.meta:
        return out
    share = len(out) / len(motion)
    blocks = [
        block | {"start": round(block["start"] * share), "stop": round(block["stop"] * share)}
        for block in motion.meta["blocks"]
    ]
    return replace(out, meta=motion.meta | {"blocks": blocks})
