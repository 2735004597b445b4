"""Cubic interpolation between evenly spaced frames, through every frame and with a continuous velocity."""

import numpy as np

from ..typing import Floats
from . import rotations as rot


def cubic(values: Floats, time: Floats) -> Floats:
    """Values (T, ...) at times (K,) in frames: cubic Hermite pieces whose slope at a frame is half the difference of
    its neighbours (Catmull and Rom 1974), at either end that of the parabola through the outermost three.

    Outside the frames, the curve goes on straight.

    >>> cubic(np.array([0.0, 1.0, 4.0, 9.0]), np.array([0.0, 0.5, 1.5, 3.0])).tolist()
    [0.0, 0.25, 2.25, 9.0]
    """
    last = len(values) - 1
    if last == 0:
        return np.asarray(np.repeat(values, len(time), axis=0))
    slopes = np.gradient(values, axis=0, edge_order=2 if last > 1 else 1)
    low = np.clip(np.floor(time).astype(int), 0, last - 1)
    offset = time.reshape(-1, *[1] * (values.ndim - 1))
    inside = np.clip(offset, 0.0, last)
    t = inside - low.reshape(offset.shape)
    rise = values[low + 1] - values[low]
    a, b = slopes[low], slopes[low + 1]
    straight = np.where(offset < 0.0, slopes[0], slopes[last]) * (offset - inside)
    out: Floats = values[low] + t * (a + t * ((3.0 * rise - 2.0 * a - b) + t * (a + b - 2.0 * rise))) + straight
    return out


def cubic_rotations(rotations: Floats, time: Floats) -> Floats:
    """Quaternions (T, ..., 4) at times (K,) in frames: `cubic` on their numbers, scaled back to unit length.

    Neighbours are put in one hemisphere first, so that a curve never comes near zero length, however far apart they
    are.
    """
    return rot.normalize(cubic(rot.unflip(rotations), time))
