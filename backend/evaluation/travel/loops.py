"""Loops of ordinary prompts: how far apart the two sides of the seam are, before and after."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.travel.loops import looped
from ...engine import Engine, last_result
from ...tasks import Generate

PROMPTS = (
    "walks forward", "walks slowly", "walks quickly", "marches", "walks backwards", "runs forward", "jogs",
    "a person stands still", "stands and looks around", "waves the right hand", "claps", "jumping jacks",
)  # fmt: skip
"""Walks, runs, idles and gestures."""
_SECONDS, _RATE = 6.0, 30.0


@dataclass(frozen=True)
class Seam:
    """From the last frame of a motion to its first, as they play after each other. degrees: by which joints turn, on
    average.  speed: that over the mean of the frames before and after it, 1.0 where velocity goes on."""

    degrees: float
    speed: float


@dataclass(frozen=True)
class Loop:
    """frames: of the cycle.  before: of the whole motion.  after: of the loop."""

    prompt: str
    frames: int
    before: Seam
    after: Seam


def make_loops(engine: Engine, seed: int, say: Callable[[int, int], None]) -> list[Loop]:
    """Every prompt with a seed, looped."""
    out = []
    for prompt in PROMPTS:
        motion = last_result(engine.generate(Generate(prompt, _SECONDS, seed=seed))).motions[0].resample(_RATE)
        loop = looped(motion)
        out.append(Loop(prompt, len(loop), seam_of(motion), seam_of(loop)))
        say(len(out), len(PROMPTS))
    return out


def seam_of(motion: Motion) -> Seam:
    """The seam of a motion that is played over and over. The pelvis' own turn counts, its place does not."""
    turns = np.concatenate([motion.rotations[-2:], motion.rotations[:2]])
    steps = np.degrees(rot.angle_between(turns[1:], turns[:-1])).mean(axis=1)  # (3,): before, across, after
    return Seam(float(steps[1]), float(steps[1] / max(0.5 * (steps[0] + steps[2]), 1e-6)))
