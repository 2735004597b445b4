"""Physical figures of motions, beside those of recordings of the same kind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....retarget.motion import Motion
from ..measures import physics

SUNK, FLOATING, SLIDING = 0.05, 0.08, 0.6
"""Metres under and over the floor, and m/s that a standing toe slides at nine of ten frames, at which a motion is
called physically wrong. Recordings slide by up to 0.4."""


@dataclass(frozen=True)
class Physical:
    """sunk, floating: metres, the worst frame.  sliding: of the standing toe, m/s, (median, nine of ten).
    trembling: share of acceleration energy over 8 Hz.  hardest: largest acceleration, m/s².  speed: of all joints, m/s,
    the mean."""

    sunk: float
    floating: float
    sliding: tuple[float, float]
    trembling: float
    hardest: float
    speed: float

    @classmethod
    def of(cls, motion: Motion) -> "Physical":
        slide = physics.stance_speed(motion)
        middle, most = np.quantile(slide, (0.5, 0.9)) if len(slide) else (0.0, 0.0)
        return cls(
            sunk=float(physics.penetration(motion).max()),
            floating=float(physics.floating(motion).max()),
            sliding=(float(middle), float(most)),
            trembling=physics.high_frequency(motion),
            hardest=physics.largest_acceleration(motion),
            speed=physics.mean_speed(motion),
        )

    @property
    def faults(self) -> tuple[str, ...]:
        """What is physically wrong, in words."""
        found = {"sinks": self.sunk > SUNK, "floats": self.floating > FLOATING, "slides": self.sliding[1] > SLIDING}
        return tuple(name for name, wrong in found.items() if wrong)


def medians(measured: Sequence[Physical]) -> dict[str, float]:
    """Over motions: the median of each figure, and of sinking and floating the share of motions that do."""

    def middle(values: Sequence[float]) -> float:
        return float(np.median(values))

    return {
        "motions": float(len(measured)),
        "slide_median": middle([100 * m.sliding[0] for m in measured]),
        "slide_most": middle([100 * m.sliding[1] for m in measured]),
        "sinking": float(np.mean([m.sunk > SUNK for m in measured])),
        "floating": float(np.mean([m.floating > FLOATING for m in measured])),
        "trembling": middle([m.trembling for m in measured]),
        "hardest": middle([m.hardest for m in measured]),
        "speed": middle([m.speed for m in measured]),
    }
