"""Physical figures of motions, beside those of recordings of the same kind."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion.feet.grounding import FLOATING, SUNK, Grounding
from ..measures import physics


@dataclass(frozen=True)
class Physical:
    """trembling: share of acceleration energy over 8 Hz.  hardest: largest acceleration, m/s².  speed: of all joints,
    m/s, the mean."""

    ground: Grounding
    trembling: float
    hardest: float
    speed: float

    @classmethod
    def of(cls, motion: Motion) -> "Physical":
        return cls(
            ground=Grounding.of(motion),
            trembling=physics.high_frequency(motion),
            hardest=physics.largest_acceleration(motion),
            speed=physics.mean_speed(motion),
        )


def medians(measured: Sequence[Physical]) -> dict[str, float]:
    """Over motions: the median of each figure, and of sinking and floating the share of motions that do."""

    def middle(values: Sequence[float]) -> float:
        return float(np.median(values))

    return {
        "motions": float(len(measured)),
        "slide_median": middle([100 * m.ground.sliding[0] for m in measured]),
        "slide_most": middle([100 * m.ground.sliding[1] for m in measured]),
        "sinking": float(np.mean([m.ground.sunk > SUNK for m in measured])),
        "floating": float(np.mean([m.ground.floating > FLOATING for m in measured])),
        "trembling": middle([m.trembling for m in measured]),
        "hardest": middle([m.hardest for m in measured]),
        "speed": middle([m.speed for m in measured]),
    }
