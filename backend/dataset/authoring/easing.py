"""Curves through keys: minimum jerk between stops, flowing through keys that lie on the way."""

import numpy as np

from ....retarget.motion import rotations as rot
from ....retarget.typing import Float64s, Floats, Indices

GRAVITY = 9.81


def segments(times: Floats, at: Floats) -> tuple[Indices, Floats]:
    """For times `at` (T,): the key (T,) before each, and the share (T,) of the way to the next, 0 to 1."""
    low = np.clip(np.searchsorted(times, at, side="right") - 1, 0, max(len(times) - 2, 0))
    span = np.maximum(np.diff(times, append=times[-1] + 1.0)[low], 1e-9)
    return low, np.clip((at - times[low]) / span, 0.0, 1.0)


def minimum_jerk(t: Floats) -> Floats:
    """Ease from 0 to 1 with zero speed and acceleration at either end (Flash and Hogan 1985)."""
    t = np.clip(t, 0.0, 1.0)
    return np.asarray(t**3 * (10.0 - 15.0 * t + 6.0 * t * t))


def _velocities(times: Floats, values: Floats) -> Floats:
    """(..., K, C) velocity at each key: zero at ends, stops and turning points, else the harmonic mean of the slopes
    on both sides (Fritsch and Butland 1984), so that a curve never swings past its keys."""
    spans = np.maximum(np.diff(times), 1e-9)[:, None]
    slopes = np.diff(values, axis=-2) / spans  # (..., K - 1, C)
    out = np.zeros_like(values)
    before, after = slopes[..., :-1, :], slopes[..., 1:, :]
    product = before * after
    total = np.where(np.abs(before + after) > 1e-9, before + after, 1.0)
    out[..., 1:-1, :] = np.where(product > 0, 2.0 * product / total, 0.0)
    return out


def eased(times: Floats, values: Floats, at: Floats, flights: tuple[int, ...] = (), gravity: float = 0.0) -> Float64s:
    """(T, C) at times `at` (T,), through keys at times (K,) with values (K, C), or (T, K, C) if keys move themselves.

    Quintic Hermite curves, which between two stops are minimum jerk. flights: keys from which the first component
    falls freely until the next, with `gravity` in the values' units.
    """
    low, t = segments(times, at)
    if len(times) == 1:
        return np.array(np.broadcast_to(values, (len(at), *values.shape[-2:]))[:, 0], np.float64)
    velocity, force = _velocities(times, values), np.zeros(values.shape)
    for key in flights:
        span = times[key + 1] - times[key]
        rise = (values[..., key + 1, 0] - values[..., key, 0]) / span
        velocity[..., key, 0] = rise + 0.5 * gravity * span
        velocity[..., key + 1, 0] = rise - 0.5 * gravity * span
        force[..., key, 0] = force[..., key + 1, 0] = -gravity
    frames, full = np.arange(len(at)), (len(at), *values.shape[-2:])
    parts = [np.broadcast_to(part, full)[frames, low + step] for step in (0, 1) for part in (values, velocity, force)]
    return _quintic(parts, t[:, None], np.diff(times)[low][:, None])


def _quintic(parts: list[Floats], t: Floats, span: Floats) -> Float64s:
    """Quintic Hermite curve of value, velocity and acceleration at both ends."""
    p0, v0, a0, p1, v1, a1 = parts
    v0, v1, a0, a1 = v0 * span, v1 * span, a0 * span**2, a1 * span**2
    c3 = 10 * (p1 - p0) - 6 * v0 - 4 * v1 - 1.5 * a0 + 0.5 * a1
    c4 = -15 * (p1 - p0) + 8 * v0 + 7 * v1 + 1.5 * a0 - a1
    c5 = 6 * (p1 - p0) - 3 * v0 - 3 * v1 - 0.5 * a0 + 0.5 * a1
    return np.asarray(p0 + t * (v0 + t * (0.5 * a0 + t * (c3 + t * (c4 + t * c5)))))


def eased_turns(times: Floats, turns: Floats, at: Floats) -> Floats:
    """Quaternions (T, 4) at times `at`, through keys (K, 4), or (T, K, 4), with a stop at each."""
    low, t = segments(times, at)
    frames, full = np.arange(len(at)), (len(at), *turns.shape[-2:])
    each = np.broadcast_to(turns, full)
    return rot.slerp(each[frames, low], each[frames, np.minimum(low + 1, len(times) - 1)], minimum_jerk(t))


def sway(frames: int, fps: float, width: int, rng: np.random.Generator) -> Float64s:
    """(frames, width) of slow smooth noise of about unit size: four waves from 0.15 to 1.2 Hz for each column."""
    t = np.arange(frames)[:, None, None] / fps
    hertz = rng.uniform(0.15, 1.2, (1, 4, width))
    waves = np.sin(2 * np.pi * hertz * t + rng.uniform(0, 2 * np.pi, (1, 4, width)))
    return np.asarray((waves / np.sqrt(hertz)).sum(axis=1) / 2.4)
