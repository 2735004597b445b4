"""Frames at which a recording jumps: a calibration pose at the start, a lost marker, a limb that flips."""

import itertools

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion.skeleton import JOINT
from ....retarget.typing import Bools, Float64s

_FAST = 18.0  # metres a second; slower steps are never questioned
_ABRUPT = 700.0  # metres a second squared; a sword hand reaches 630 where an animator keyed a strike
_ALONE = 4.5  # times as fast as the steps before and after
_ENDS = tuple(JOINT[f"{side}_{part}"] for side in ("left", "right") for part in ("elbow", "wrist", "ankle", "foot"))
"""Joints that may really be that fast."""


def without_jumps(motion: Motion) -> Motion:
    """The longest stretch of a motion in which no joint jumps."""
    cuts = [0, *(np.flatnonzero(jumps(motion)) + 1).tolist(), len(motion)]
    start, stop = max(itertools.pairwise(cuts), key=lambda piece: piece[1] - piece[0])
    return motion.slice(start, stop) if stop - start < len(motion) else motion


def jumps(motion: Motion) -> Bools:
    """(T - 1,) whether the step to the next frame is a jump.

    Punches, strikes and flips are fast too, so speed alone doesn't tell: a limb that is really moved gathers speed and
    loses it over some frames, while a jump is a step that stands alone.
    """
    speeds = np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1) * motion.fps  # (T - 1, 22)
    fastest = speeds.max(axis=1)
    around = _neighbours(fastest)
    alone = (fastest > _ALONE * around) | ((fastest - around) * motion.fps > _ABRUPT)
    inner = np.delete(speeds, _ENDS, axis=1).max(axis=1) > _FAST
    flung = np.median(speeds, axis=1) > _FAST / 2  # the whole body moves, as in a flip
    found: Bools = (fastest > _FAST) & (alone | (inner & ~flung))
    return found


def _neighbours(values: Float64s) -> Float64s:
    """The larger of the values before and after each one."""
    padded = np.concatenate([[0.0], values, [0.0]])
    larger: Float64s = np.maximum(padded[:-2], padded[2:])
    return larger
