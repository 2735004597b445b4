"""Repetitions of an action: found as peaks of a signal on the joints, cut out, and repeated any number of times."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .....retarget.motion import Motion
from .....retarget.motion.skeleton import JOINT
from .....retarget.motion.smoothing import moving_mean
from .....retarget.motion.travel.seams import alike
from .....retarget.typing import Floats

_WRISTS = [JOINT["left_wrist"], JOINT["right_wrist"]]
_ANKLES = [JOINT["left_ankle"], JOINT["right_ankle"]]
_TOES = [JOINT["left_foot"], JOINT["right_foot"]]


def _claps(joints: Floats) -> Floats:
    return np.asarray(-np.linalg.norm(joints[:, _WRISTS[0]] - joints[:, _WRISTS[1]], axis=-1))


def _punches(joints: Floats) -> Floats:
    chest = joints[:, JOINT["spine3"], None]
    return np.asarray(np.linalg.norm((joints[:, _WRISTS] - chest)[..., [0, 2]], axis=-1).max(axis=1))


def _nods(joints: Floats) -> Floats:
    return joints[:, JOINT["neck"], 1] - joints[:, JOINT["head"], 1]


SIGNALS: dict[str, tuple[Callable[[Floats], Floats], float]] = {
    "jump": (lambda j: j[:, _TOES, 1].min(axis=1), 0.06),
    "clap": (_claps, 0.06),
    "punch": (_punches, 0.18),
    "kick": (lambda j: j[:, _ANKLES, 1].max(axis=1), 0.35),
    "bend": (lambda j: -j[:, JOINT["head"], 1], 0.1),
    "nod": (_nods, 0.008),
    "jack": (lambda j: j[:, _WRISTS, 1].min(axis=1) - j[:, JOINT["neck"], 1], 0.4),
}
"""Signal (T,) of joints (T, 22, 3), which peaks once each time, and how far it rises: metres."""


def find_peaks(values: Floats, rise: float) -> list[int]:
    """Frames of the peaks that stand at least `rise` above the valleys on both sides (prominence).

    >>> find_peaks(np.array([0.0, 1.0, 0.9, 1.0, 0.0, 0.8, 0.1]), 0.5)
    [1, 5]
    """
    peaks: list[int] = []
    top, bottom = 0, 0  # the highest since the last valley, the lowest since the last peak
    rising = True
    for frame, value in enumerate(values):
        if rising:
            top = frame if value > values[top] else top
            if values[top] - value >= rise:
                if values[top] - values[bottom] >= rise:
                    peaks.append(top)
                rising, bottom = False, frame
        else:
            bottom = frame if value < values[bottom] else bottom
            if value - values[bottom] >= rise:
                rising, top = True, frame
    return peaks


def count_of(motion: Motion, signal: str) -> list[int]:
    """The frames of an action's repetitions."""
    measure, rise = SIGNALS[signal]
    return find_peaks(moving_mean(measure(motion.joints), 3), rise)


@dataclass(frozen=True)
class Repetition:
    """unit: frames (start, stop) of one repetition that can follow itself.  ends: where the first begins and the last
    is over."""

    unit: tuple[int, int]
    ends: tuple[int, int]


def repetition_of(motion: Motion, signal: str) -> Repetition:
    """How the clip can be repeated: around one of its peaks, between frames that are alike. A clip that shows the
    action once is repeated whole."""
    peaks = count_of(motion, signal)
    if len(peaks) < 2:
        return Repetition((0, len(motion)), (0, len(motion)))
    joints = motion.joints - motion.joints[:, :1] * [1.0, 0.0, 1.0]
    signs = np.concatenate([joints, 0.1 * np.gradient(joints, 1 / motion.fps, axis=0)], -1).reshape(len(motion), -1)
    values = SIGNALS[signal][0](motion.joints)
    edges = [0, *peaks, len(motion) - 1]
    valleys = [a + int(np.argmin(values[a : b + 1])) for a, b in itertools.pairwise(edges)]
    best, found = np.inf, (0, len(motion))
    for first, second in itertools.pairwise(valleys):
        reach = max(1, (second - first) // 5)
        before = np.arange(max(0, first - reach), first + reach + 1)
        after = np.arange(second - reach, min(len(motion) - 1, second + reach) + 1)
        cost = alike(signs[before], signs[after])
        row, column = np.unravel_index(int(np.argmin(cost)), cost.shape)
        if cost[row, column] < best:
            best, found = float(cost[row, column]), (int(before[row]), int(after[column]))
    return Repetition(found, (valleys[0], valleys[-1]))
