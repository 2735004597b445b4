"""How a body stands on its floor: what sinks into it, floats over it, and slides along it.

Metres and seconds; the floor is at height 0.
"""

from dataclasses import dataclass

import numpy as np

from ...typing import Floats
from .. import Motion
from ..skeleton import CONTACT_JOINTS

SUNK, FLOATING, SLIDING = 0.05, 0.08, 0.6
"""Metres under and over the floor, and m/s that a standing toe slides at nine of ten frames, at which a motion is
called physically wrong. Recordings slide by up to 0.4."""
LONGEST_FLIGHT = 0.75
"""Seconds: a body that is in the air for longer would have fallen 0.7 m from the top of its jump."""
STANCE_HEIGHT = 0.025
HOVER_HEIGHT = 0.05
"""A joint of a foot that stands is lower than this, in recordings of bodies of all sizes."""


@dataclass(frozen=True)
class Grounding:
    """sunk, floating: metres, the worst frame.  sliding: of the standing toe, m/s, (median, nine of ten)."""

    sunk: float
    floating: float
    sliding: tuple[float, float]

    @classmethod
    def of(cls, motion: Motion) -> "Grounding":
        slide = stance_speed(motion)
        middle, most = np.quantile(slide, (0.5, 0.9)) if len(slide) else (0.0, 0.0)
        return cls(
            sunk=float(penetration(motion).max()),
            floating=float(floating(motion).max()),
            sliding=(float(middle), float(most)),
        )

    @property
    def faults(self) -> tuple[str, ...]:
        """What is physically wrong, in words."""
        found = {"sinks": self.sunk > SUNK, "floats": self.floating > FLOATING, "slides": self.sliding[1] > SLIDING}
        return tuple(name for name, wrong in found.items() if wrong)


def penetration(motion: Motion) -> Floats:
    """(T,) metres that the lowest joint is below the floor; 0 where all are above it."""
    depth: Floats = np.maximum(0.0, -motion.joints[..., 1].min(axis=1))
    return depth


def floating(motion: Motion) -> Floats:
    """(T,) metres that the lowest joint is above the floor; 0 in flights that a jump explains, and on the floor."""
    height = np.maximum(0.0, motion.joints[..., 1].min(axis=1))
    high = height > HOVER_HEIGHT
    edges = np.flatnonzero(np.diff(np.concatenate([[0], high.astype(int), [0]])))
    out = np.zeros_like(height)
    for start, stop in edges.reshape(-1, 2):
        if stop - start > LONGEST_FLIGHT * motion.fps or stop - start == len(motion):
            out[start:stop] = height[start:stop]
    return np.asarray(out)


def stance_speed(motion: Motion) -> Floats:
    """(K,) m/s over the floor of the lower toe in the frames in which it stands: within 2.5 cm of its lowest height."""
    toes = motion.joints[:, [CONTACT_JOINTS[1], CONTACT_JOINTS[3]]]  # (T, 2, 3)
    if len(toes) < 2:
        return np.zeros(0)
    speed = np.linalg.norm(np.gradient(toes[..., [0, 2]], 1.0 / motion.fps, axis=0), axis=-1)  # (T, 2)
    height = toes[..., 1] - toes[..., 1].min(axis=0)
    lower = height.argmin(axis=1)[:, None]
    standing = np.take_along_axis(height, lower, 1)[:, 0] < STANCE_HEIGHT
    return np.asarray(np.take_along_axis(speed, lower, 1)[standing, 0])
