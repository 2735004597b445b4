"""Smoothing over frames: easing, moving averages, and envelopes of peaks."""

import numpy as np

from ..typing import Floats


def smoothstep(t: Floats) -> Floats:
    """Ease from 0 to 1 with zero slope at either end: 3 t^2 - 2 t^3, t (...) clipped to 0..1."""
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def moving_mean(values: Floats, width: int) -> Floats:
    """Moving average of values (T, ...) over `width` frames, rounded up to an odd number; end values are repeated."""
    half = width // 2
    if half == 0 or len(values) < 2:
        return values
    padded = np.concatenate([np.repeat(values[:1], half + 1, 0), values, np.repeat(values[-1:], half, 0)])
    sums = np.cumsum(padded, axis=0)
    return np.asarray((sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1))


def smooth_peaks(values: Floats, half: int) -> Floats:
    """A smooth envelope (T,), nowhere below the values: the maximum within `half` frames on either side, averaged over
    the same window.

    >>> smooth_peaks(np.array([0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0]), 1)
    array([0., 1., 2., 3., 2., 1., 0.])
    """
    highest = np.lib.stride_tricks.sliding_window_view(np.pad(values, half, mode="edge"), 2 * half + 1).max(axis=1)
    return moving_mean(highest, 2 * half + 1)


def median(values: Floats) -> Floats:
    """The median (...) of values (T, ...) over frames, to the bit that of `np.median`, which takes five times as long
    for a few frames."""
    ordered = np.sort(values, axis=0)
    return np.asarray(0.5 * (ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]))
