"""What Blender puts between keys by default: Bézier curves with auto-clamped handles, each channel by itself.

As `calchandleNurb` and `BKE_fcurve_handles_recalc` in Blender's `curve.cc` and `fcurve.cc` compute them, without the
automatic smoothing that solves for continuous acceleration (`F-Curve.auto_smoothing` = None).
"""

import numpy as np

from ....retarget.typing import Floats

_HANDLE = 2.5614  # Blender's: an automatic handle is as long as the gap on its side divided by this


def _lengths(times: Floats) -> tuple[Floats, Floats]:
    """How far in time the left and right handles of keys (K,) reach: a side is at most five times the other."""
    gaps = np.diff(times)
    before, after = np.append(gaps[:1], gaps), np.append(gaps, gaps[-1:])
    return np.minimum(before, 5.0 * after) / _HANDLE, np.minimum(after, 5.0 * before) / _HANDLE


def handles(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Values of the left and right handles (K, n) of keys at times (K,) with values (K, n), which reach `_lengths`
    in time. The outermost handles are level with their keys."""
    left, right = values.copy(), values.copy()
    if len(times) < 3:
        return left, right
    rise, gaps = np.diff(values, axis=0), np.diff(times)[:, None]
    slope = 0.5 * (rise[:-1] / gaps[:-1] + rise[1:] / gaps[1:])
    before, after = (length[1:-1, None] for length in _lengths(times))
    inner = values[1:-1]
    free_left, free_right = inner - slope * before, inner + slope * after
    # Clamped: never past the neighbouring key, and level at a turning point.
    clamped_left, clamped_right = _between(free_left, inner, values[:-2]), _between(free_right, inner, values[2:])
    # A clamped handle turns the other one with it, so that both stay aligned.
    cut_left, cut_right = clamped_left != free_left, clamped_right != free_right
    aligned_right = inner + (inner - clamped_left) * after / before
    aligned_left = inner - (clamped_right - inner) * before / after
    turning = rise[:-1] * rise[1:] <= 0.0
    right[1:-1] = np.where(turning, inner, np.where(cut_left & ~cut_right, aligned_right, clamped_right))
    left[1:-1] = np.where(turning, inner, np.where(cut_right & ~cut_left, aligned_left, clamped_left))
    return left, right


def _between(values: Floats, a: Floats, b: Floats) -> Floats:
    clipped: Floats = np.clip(values, np.minimum(a, b), np.maximum(a, b))
    return clipped


def auto_clamped(times: Floats, values: Floats, at: Floats) -> Floats:
    """Values (N, n) at times `at` (N,), within the keys' times (K,), of keys with values (K, n)."""
    left, right = handles(times, values)
    reach_left, reach_right = _lengths(times)
    index = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 2)
    span = times[index + 1] - times[index]
    share = (at - times[index]) / span
    t = _parameter(share, reach_right[index] / span, 1.0 - reach_left[index + 1] / span)[:, None]
    p = (values[index], right[index], left[index + 1], values[index + 1])
    out: Floats = (1 - t) ** 3 * p[0] + 3 * t * (1 - t) ** 2 * p[1] + 3 * t * t * (1 - t) * p[2] + t**3 * p[3]
    return out


def _parameter(share: Floats, first: Floats, second: Floats) -> Floats:
    """The curve's parameter (N,) at shares of the time between two keys whose handles lie at shares first, second."""
    low, high = np.zeros_like(share), np.ones_like(share)
    for _ in range(50):
        t = 0.5 * (low + high)
        x = 3 * t * (1 - t) ** 2 * first + 3 * t * t * (1 - t) * second + t**3
        low, high = np.where(x < share, t, low), np.where(x < share, high, t)
    middle: Floats = 0.5 * (low + high)
    return middle
