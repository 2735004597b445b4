"""Feet that roll over the floor without sliding: the point of the sole that touches it stays where it is.

A planted joint is not enough: the ball of a foot lies some centimetres over the floor and turns about a point below it.
Where a foot pushes off, a joint that is held drags the sole backwards. In a run no joint rests at all, yet the sole
does.
"""

import numpy as np

from ..motion import Motion
from ..motion import rotations as rot
from ..motion.feet import Span, keep_directions, move_feet
from ..motion.skeleton import SIDES
from ..typing import Bools, Floats
from .soles import Sole, sole_heights, sole_path

_LOW = 0.015  # metres over the floor below which a sole may touch it
_FASTEST = 0.9  # m/s: a sole that moves faster swings past
_SHORTEST = 0.06  # seconds
_FURTHEST = 0.06  # metres: a foot that would have to be moved further is dragged, not rolled
_MOST_TURNED = np.radians(5.0)  # that a thigh or shin turns for it


def roll_feet(motion: Motion, soles: tuple[Sole, Sole], floor: float) -> Motion:
    """The motion with feet moved over the floor so that the touching points of their soles stay put.

    floor: its height in metres.  Feet keep their height and orientation; between two contacts the offset fades.
    """
    moves: list[tuple[Span, Floats]] = []
    for side, sole in enumerate(soles):
        if len(motion) < 3 or not len(sole.heel) + len(sole.toes):
            continue
        slide, low = _slide(motion, sole, SIDES[side], floor)
        touches = low & (rot.length(slide) * motion.fps < _FASTEST)
        for start, stop in _runs(touches, max(1, round(_SHORTEST * motion.fps))):
            path = -np.cumsum(np.concatenate([np.zeros((1, 3)), slide[start:stop]]), axis=0)  # (stop - start + 1, 3)
            path -= 0.5 * (path.min(axis=0) + path.max(axis=0))
            if rot.length(path).max() > _FURTHEST:
                continue
            moves += [(Span(2 * side + end, start, stop + 1), path) for end in (0, 1)]
    if not moves:
        return motion
    return keep_directions(move_feet(motion, moves), motion, _MOST_TURNED).touching(motion.contacts)


def _slide(motion: Motion, sole: Sole, side: str, floor: float) -> tuple[Floats, Bools]:
    """For each step from frame to frame, how far over the floor the sole's lowest point goes (T - 1, 3), and whether it
    is low enough to touch."""
    each = sole_heights(motion, sole, side)
    heights = 0.5 * (each[1:] + each[:-1])  # (T - 1, K)
    lowest = np.argmin(heights, axis=1)
    steps = np.arange(len(lowest))
    before, after = (sole_path(motion, sole, side, frames, lowest) for frames in (steps, steps + 1))
    return (after - before) * [1.0, 0.0, 1.0], heights[steps, lowest] < floor + _LOW


def _runs(mask: Bools, least: int) -> list[tuple[int, int]]:
    """(start, stop) of the runs in mask (n,) that are at least that long."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(int), [0]])))
    return [(start, stop) for start, stop in edges.reshape(-1, 2).tolist() if stop - start >= least]
