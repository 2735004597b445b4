"""Key reduction: as few keys as an error tolerance allows, with fitted Bezier handles, for an animator to edit.

A curve has several channels (those of a bone's rotation or location) that share their keys. Between two keys every
channel is a cubic whose slopes at the ends are fitted by least squares. Where the error is too large, the worst frame
becomes a key and both parts are fitted again. Handles lie at a third of the way in time, where a Bezier curve is
exactly that cubic.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..typing import Floats, Indices
from . import rotations as rot

Error = Callable[[Floats, Floats], Floats]
"""(values (n, C), their approximation (n, C)) -> the error of each (n,), in the tolerance's unit."""


@dataclass(frozen=True, eq=False)
class SparseCurve:
    """K keys of a curve with C channels.

    frames: (K,) whole frames from 0.  values: (K, C).  left, right: (K, C) values of the handles, which lie a third of
    the way to the neighbouring key in time.
    """

    frames: Indices
    values: Floats
    left: Floats
    right: Floats

    def evaluate(self, frames: int) -> Floats:
        """(frames, C): the curve at whole frames from 0; the last key is held."""
        out = np.empty((frames, self.values.shape[1]))
        out[:] = self.values[-1]
        for k in range(len(self.frames) - 1):
            a, b = int(self.frames[k]), int(self.frames[k + 1])
            basis = _bernstein(b - a)
            ends = np.stack([self.values[k], self.right[k], self.left[k + 1], self.values[k + 1]])
            out[a : b + 1] = basis @ ends
        return out


def sparse_curve(values: Floats, tolerance: float, error: Error, kept: Indices | None = None) -> SparseCurve:
    """The curve through values (T, C) that is off by at most `tolerance` at every frame.

    kept: frames that always become keys (the ends of contacts), as extremes do.

    >>> wave = np.sin(np.linspace(0.0, 2.0 * np.pi, 61))[:, None]
    >>> curve = sparse_curve(wave, 0.01, position_error)
    >>> curve.frames.tolist(), bool(np.abs(curve.evaluate(61) - wave).max() < 0.01)
    ([0, 15, 45, 60], True)
    """
    last = len(values) - 1
    keys = {0, last, *_extremes(values, tolerance, error)}
    keys.update(int(k) for k in (kept if kept is not None else ()) if 0 <= k <= last)
    ordered = sorted(keys)
    pieces: list[tuple[int, Floats]] = []
    stack = list(itertools.pairwise(ordered))[::-1]
    while stack:
        a, b = stack.pop()
        ends = _fit_piece(values[a : b + 1])
        apart = error(values[a : b + 1], _bernstein(b - a) @ ends)
        worst = int(np.argmax(apart))
        if apart[worst] <= tolerance or b - a < 2:
            pieces.append((a, ends))
            continue
        middle = min(max(a + worst, a + 1), b - 1)
        stack += [(middle, b), (a, middle)]
    frames = np.array([a for a, _ in pieces] + [last], dtype=np.intp)
    left, right = values[frames].copy(), values[frames].copy()
    for k, (_, ends) in enumerate(pieces):
        right[k], left[k + 1] = ends[1], ends[2]
    return SparseCurve(frames, values[frames], left, right)


def quaternion_error(values: Floats, approximation: Floats) -> Floats:
    """Degrees (n,) between quaternions (n, 4). The approximation need not be of unit length: Blender normalises it."""
    lengths = rot.length(values) * np.maximum(rot.length(approximation), 1e-9)
    cosine = np.abs(np.sum(values * approximation, axis=-1)) / lengths
    return np.asarray(np.degrees(2.0 * np.arccos(np.clip(cosine, -1.0, 1.0))))


def euler_error(values: Floats, approximation: Floats) -> Floats:
    """Degrees (n,) that Euler angles (n, 3), in radians, are off: the sum of the three, which bounds the rotation's."""
    return np.asarray(np.degrees(np.abs(values - approximation).sum(axis=-1)))


def position_error(values: Floats, approximation: Floats) -> Floats:
    """Distances (n,) between positions (n, C), in their own unit."""
    return rot.length(values - approximation)


def _bernstein(steps: int) -> Floats:
    """(steps + 1, 4): weights of a cubic Bezier's four points at evenly spaced times."""
    t = np.linspace(0.0, 1.0, steps + 1)[:, None]
    s = 1.0 - t
    return np.concatenate([s**3, 3 * s * s * t, 3 * s * t * t, t**3], axis=1)


def _fit_piece(values: Floats) -> Floats:
    """(4, C) Bezier points of the cubic through both ends of values (n, C) with the least squares error in between."""
    steps = len(values) - 1
    if steps < 3:  # too few frames for two slopes: a straight line, or the parabola through three values
        bow = 4.0 / 3.0 * (values[1] - 0.5 * (values[0] + values[-1])) if steps == 2 else 0.0
        third = (values[-1] - values[0]) / 3.0
        return np.stack([values[0], values[0] + third + bow, values[-1] - third + bow, values[-1]])
    basis = _bernstein(steps)
    rest = values - basis[:, :1] * values[0] - basis[:, 3:] * values[-1]
    inner = basis[1:-1, 1:3]
    handles = np.linalg.solve(inner.T @ inner, inner.T @ rest[1:-1])
    return np.stack([values[0], handles[0], handles[1], values[-1]])


def _extremes(values: Floats, tolerance: float, error: Error) -> list[int]:
    """Frames at which the channel with the largest range reverses, after moving by several times the tolerance."""
    if len(values) < 3:
        return []
    spread = np.ptp(values, axis=0)
    channel = values[:, int(np.argmax(spread))]
    out: list[int] = []
    pivot = 0
    for frame in range(1, len(channel) - 1):
        turns = (channel[frame] - channel[frame - 1]) * (channel[frame + 1] - channel[frame]) <= 0
        if turns and channel[frame] != channel[frame - 1]:
            moved = float(error(values[pivot : pivot + 1], values[frame : frame + 1])[0])
            if moved > 8.0 * tolerance:
                out.append(frame)
                pivot = frame
    return out


def split_bezier(points: Floats, time: float) -> Floats:
    """Split the Bezier curve of points (4, 2), in (time, value), at `time`: two curves in (7, 2) points that share the
    middle one.

    De Casteljau's construction. Handles that overlap in time are shortened first, as in Blender.

    >>> line = np.array([(0.0, 0.0), (1.0, 1.0), (2.0, 2.0), (3.0, 3.0)])
    >>> split_bezier(line, 1.5)[3].round(6)
    array([1.5, 1.5])
    """
    p = np.array(points, dtype=np.float64)
    reach = abs(p[1, 0] - p[0, 0]) + abs(p[3, 0] - p[2, 0])
    span = p[3, 0] - p[0, 0]
    if reach > span:
        p[1] = p[0] + (p[1] - p[0]) * (span / reach)
        p[2] = p[3] + (p[2] - p[3]) * (span / reach)
    low, high = 0.0, 1.0
    for _ in range(40):  # bisection: along such a curve, time only increases
        t = 0.5 * (low + high)
        s = 1.0 - t
        at = s**3 * p[0, 0] + 3 * s * s * t * p[1, 0] + 3 * s * t * t * p[2, 0] + t**3 * p[3, 0]
        low, high = (t, high) if at < time else (low, t)
    a, b, c = (p[i] + (p[i + 1] - p[i]) * t for i in range(3))
    d, e = a + (b - a) * t, b + (c - b) * t
    return np.array([p[0], a, d, d + (e - d) * t, e, c, p[3]])
