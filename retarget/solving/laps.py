"""Loops on a rig: solved in the middle of many laps, so that both sides of the seam come out alike."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..motion import Motion
from ..motion.travel.loops import tiled
from ..rigs.rig import RigMotion
from ..typing import Floats

_AROUND = 1.5  # seconds of laps before and after the one that is kept: more than solving looks at


def solve_loop(loop: Motion, solve: Callable[[Motion], RigMotion]) -> RigMotion:
    """One cycle and its first frame again, moved on by the cycle's travel: N + 1 frames of a loop of N.

    loop: as `retarget.motion.travel.loops.looped` makes it.
    """
    count = len(loop)
    around = max(1, int(np.ceil(_AROUND * loop.fps / count)))
    solved = solve(tiled(loop, 2 * around + 1))
    lap = slice(around * count, (around + 1) * count + 1)
    ahead = solved.root_translation[lap.stop - 1] - solved.root_translation[lap.start]
    basis = solved.basis[lap].copy()
    same = np.sum(basis[-1] * basis[0], axis=-1, keepdims=True) >= 0.0
    basis[-1] = np.where(same, basis[0], -basis[0])
    carrier = solved.carrier
    if carrier is not None:
        carrier = replace(carrier, turn=carrier.turn[lap], shift=_closed(carrier.shift[lap], around, ahead))
    return replace(
        solved, basis=basis, root_translation=_closed(solved.root_translation[lap], around, ahead), carrier=carrier
    )


def _closed(places: Floats, lap: int, ahead: Floats) -> Floats:
    """Places (N + 1, 3) of a later lap where the first one has them, the last one a cycle's travel after the first."""
    out = places - lap * ahead
    out[-1] = out[0] + ahead
    return out
