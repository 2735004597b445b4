"""How like each other motions are, by where their joints are over time."""

import base64
import binascii
from collections.abc import Sequence

import numpy as np

from ...retarget.motion import Motion
from ...retarget.typing import Floats

_MOMENTS = 16
_SHAPE = (_MOMENTS, 22, 3)


def look_of(motion: Motion) -> str:
    """How a motion looks, as text for `likest`: its joints at some moments, in millimetres from its first pelvis."""
    joints = motion.at(np.linspace(0, len(motion) - 1, _MOMENTS).round().astype(np.intp)).joints  # (16, 22, 3)
    millimetres = np.clip(np.round(1000.0 * (joints - joints[0, 0])), -32767, 32767)
    return base64.b64encode(millimetres.astype("<i2").tobytes()).decode()


def likest(motions: Sequence[Motion], look: str, count: int) -> list[int]:
    """The numbers of those motions that look most like that one, the likest first; the first ones for a look that
    can't be read."""
    wanted = _joints(look)
    if wanted is None:
        return list(range(len(motions)))[:count]
    apart = []
    for motion in motions:
        joints = _joints(look_of(motion))
        apart.append(float("inf") if joints is None else float(np.linalg.norm(joints - wanted, axis=-1).mean()))
    return [int(i) for i in np.argsort(apart, kind="stable")[:count]]


def _joints(look: str) -> Floats | None:
    """(16, 22, 3) metres."""
    try:
        numbers = np.frombuffer(base64.b64decode(look, validate=True), "<i2")
        return numbers.reshape(_SHAPE).astype(np.float64) / 1000.0
    except (binascii.Error, ValueError):
        return None
