"""Smoothing over frames: easing, moving averages, and envelopes of peaks."""

import numpy as np

from ..typing import Floats, Ints
from . import rotations as rot

_SUDDEN = np.radians(4.0)
_AROUND = 3  # frames on either side of a jump over which it is spread
_STEADY = np.array([-1.0, 4.0, 10.0, 4.0, -1.0]) / 16.0


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


def steadied(values: Floats) -> Floats:
    """Values (T, ...) without their trembling from frame to frame, by the half-band filter (-1, 4, 10, 4, -1) / 16: it
    takes away all of what changes its sign with every frame, a quarter of what swings in four frames, a twentieth of
    what does in seven, and nothing of straight lines, at the ends either.

    >>> steadied(np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
    array([0., 1., 2., 3., 4.])
    >>> steadied(np.array([5.0, 6.0, 5.0, 6.0, 5.0, 6.0]))[2:4]
    array([5.5, 5.5])
    """
    half = len(_STEADY) // 2
    if len(values) <= half:
        return values
    before, after = 2.0 * values[:1] - values[half:0:-1], 2.0 * values[-1:] - values[-2 : -2 - half : -1]
    wider = np.concatenate([before, values, after])
    return np.asarray(sum(share * wider[i : i + len(values)] for i, share in enumerate(_STEADY.tolist())))


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


def spread_jumps(rotations: Floats, frames: Ints) -> Floats:
    """Rotations (T, J, 4) with the jumps from some `frames` to the next spread over a few frames on either side.

    A jump is what a joint turns beyond the mean of the turns before and after it, and beyond four degrees. The first
    and the last two frames have no such neighbours.
    """
    turns = rot.to_rotation_vector(rot.multiply(rot.conjugate(rotations[:-1]), rotations[1:]))  # (T - 1, J, 3)
    frames = frames[(frames >= 1) & (frames < len(turns) - 1)]
    jumps = turns[frames] - 0.5 * (turns[frames - 1] + turns[frames + 1])
    jumps *= np.maximum(0.0, 1.0 - _SUDDEN / np.maximum(rot.length(jumps), _SUDDEN))[..., None]
    moved = np.zeros((len(rotations) + 2 * _AROUND, *jumps.shape[1:]))  # with room for what falls outside
    for away in range(_AROUND):
        share = 0.5 - (away + 0.5) / (2 * _AROUND + 1)
        moved[frames + _AROUND - away] += share * jumps
        moved[frames + _AROUND + 1 + away] -= share * jumps
    return rot.normalize(rot.multiply(rotations, rot.from_rotation_vector(moved[_AROUND:-_AROUND])))
