"""The floor under a clip, measured over time: what hovers or sinks is put on it, true flight is kept.

A recording's height may drift, and a character of other proportions hovers where its pelvis is scaled and its legs are
not: a chair sit ends half a metre up, a fall ends lying on air. What is above the floor without falling is resting on
something; if that is not far above, it is put on the floor. In flight the body's vertical speed changes by gravity.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ....retarget.typing import Bools, Float64s

FLOATING = 0.06
"""Metres; a clip whose lowest joint is higher half of the time floats."""
_GRAVITY = 9.81
_LONGEST_FLIGHT = 0.9  # seconds; a leap of 1 m
_ABSENT = 0.6  # metres; what rests higher stands on something that isn't there
_NOTICED, _OFF = 0.12, 0.06  # metres: what is off the floor reaches the first; it began at the second
_THICKNESS = 0.04  # metres; the joints of a lying body are inside of it
_LYING = 0.4  # metres; height of the pelvis
_SMOOTH = 0.12  # seconds
_LENIENT = 1.25  # times the height that gravity allows in a flight
_STEP, _EDGE = 0.5, 0.2  # seconds; nothing rests that briefly between two contacts, and where a clip begins or ends


def lowest(motion: Motion) -> Float64s:
    """(T,) height of the lowest joint."""
    heights: Float64s = motion.joints[..., 1].min(axis=1)
    return heights


def floating(motion: Motion) -> float:
    """Metres that the lowest joint is over the floor half of the time."""
    return float(np.median(lowest(motion)))


def on_floor(motion: Motion) -> tuple[Motion, float]:
    """The motion resting on the floor wherever it does not fly, and how far it had to be moved, in metres (0: not).

    Raises MotionGPTError if it rests on something that isn't there: a ladder, a wall.
    """
    low = lowest(motion)
    drift = _resting_height(low, motion.fps)
    if float(drift.max()) > _ABSENT:
        raise MotionGPTError(
            f"it stands or hangs on something that isn't there, {drift.max():.1f} m over the floor",
            "Leave it out, or cut it where it leaves the floor.",
        )
    pelvis = motion.joints[:, 0, 1]
    rest = np.where(pelvis - drift < _LYING, _THICKNESS, 0.0)
    down = np.where(drift > FLOATING, np.maximum(drift - rest, 0.0), 0.0)
    down = _smoothed(down, motion.fps)
    down += _smoothed(_excess(low - down - rest, motion.joints[..., 1].mean(axis=1) - down, motion.fps), motion.fps / 2)
    sunk = np.maximum(down - low - 0.01, 0.0)
    if sunk.max() > 0.03:
        reach = max(1, round(_SMOOTH * motion.fps))
        down = down - _smoothed(_dilated(sunk, reach), motion.fps)
    moved = float(np.abs(down).max())
    if moved < 0.03:
        return motion, 0.0
    shift = np.zeros((len(motion), 3))
    shift[:, 1] = -down
    return motion.shifted(shift).with_contacts(), moved


def _resting_height(low: Float64s, fps: float) -> Float64s:
    """(T,) height over which the lowest joint (T,) stays for longer than a flight lasts: its morphological opening."""
    reach = max(1, round(0.5 * _LONGEST_FLIGHT * fps))
    return np.maximum(_dilated(-_dilated(-low, reach), reach), 0.0)


def _excess(low: Float64s, centre: Float64s, fps: float) -> Float64s:
    """(T,) metres by which a body is too high in stretches off the floor: all of it where it does not fall, and in
    flight what is more than the flight's length allows: characters that hop where people run.

    low: (T,) height of the lowest joint.  centre: (T,) height of the body's centre.
    """
    out = np.zeros_like(low)
    for start, stop in _stretches(low > _OFF):
        height = float(low[start:stop].max())
        if height < _NOTICED:
            continue
        seconds = (stop - start) / fps
        high = start + np.flatnonzero(low[start:stop] > 0.4 * height)
        cut_short = start == 0 or stop == len(low)  # a clip may begin or end in the air
        if seconds > (_EDGE if cut_short else _STEP) and not _falls(centre[high], high / fps):
            out[start:stop] = low[start:stop] - 0.5 * _OFF
            continue
        out[start:stop] = _beyond_gravity(centre[start:stop], seconds, (start == 0, stop == len(low)))
    return out


def _beyond_gravity(centre: Float64s, seconds: float, cut: tuple[bool, bool]) -> Float64s:
    """(T,) metres by which a body's centre rises higher in a flight than one of so many seconds can bring it.

    cut: whether the clip begins, or ends, in that flight.
    """
    first = float(centre[-1] if cut[0] else centre[0])
    last = float(centre[0] if cut[1] else centre[-1])
    rise = centre - np.linspace(first, last, len(centre))
    whole = min(seconds * (2.0 if any(cut) else 1.0), _LONGEST_FLIGHT)
    allowed = _LENIENT * _GRAVITY * whole**2 / 8.0 + 0.5 * _OFF
    excess: Float64s = np.maximum(rise, 0.0) * max(0.0, 1.0 - allowed / max(float(rise.max()), 1e-6))
    return excess


def _falls(heights: Float64s, seconds: Float64s) -> bool:
    """Whether heights at these times bend down as gravity, or near it, would have them."""
    if len(heights) < 4:
        return True
    bend = float(np.polyfit(seconds - seconds[0], heights, 2)[0])
    return 2.0 * bend < -0.4 * _GRAVITY


def _stretches(true: Bools) -> list[tuple[int, int]]:
    """First and last + 1 of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _dilated(values: Float64s, reach: int) -> Float64s:
    """(T,) the largest value within `reach` frames."""
    padded = np.pad(values, reach, mode="edge")
    largest: Float64s = sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    return largest


def _smoothed(values: Float64s, fps: float) -> Float64s:
    """(T,) values under a Hann window of twice _SMOOTH."""
    reach = max(1, round(_SMOOTH * fps))
    window = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(values, reach, mode="edge")
    out: Float64s = np.convolve(padded, window / window.sum(), mode="valid")
    return out
