"""Fit how sure a model is (`engines.starter.sureness`) on motions that are checked on their joints.

Half of the animators' prompts, by a checksum of their text, fit a logistic function and choose the threshold; the other
half show how well it holds on prompts that it has not seen. Texts that no model of motion can follow count as wrong.
"""

import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Bools, Float64s
from ..dataset.rewording import unknown_texts
from ..engine import Engine, last_result
from ..engines.starter.sureness import Calibration
from ..tasks import Generate
from .animators.prompts import PARTLY, RIGHT, Prompt, prompts, verdict
from .animators.run import RIGHT_FLAGGED_AIM, WRONG_FLAGGED_AIM

_UNKNOWN_SEED = 12345  # other noise than in training
_UNKNOWN = 40
_RIDGE = 0.05


@dataclass(frozen=True)
class Judged:
    """A motion whose score and similarity are known. held_out: not for fitting."""

    text: str
    score: float
    similarity: float
    right: bool
    held_out: bool


def judge(engine: Engine, seeds: int, say: Callable[[int, int], None]) -> list[Judged]:
    """The motions of all animators' prompts, and of texts that can't be followed, with their verdicts; those that are
    partly right are left out. Raises MotionGPTError if the engine gives no scores."""
    asked: list[tuple[Prompt | None, str, float]] = [(p, p.text, p.seconds) for p in prompts()]
    unknown = random.Random(_UNKNOWN_SEED)
    asked += [(None, text, 4.0) for text in unknown.sample(unknown_texts(unknown), _UNKNOWN)]
    found = []
    for place, (prompt, text, seconds) in enumerate(asked):
        for seed in range(seeds):
            task = Generate(text, min(seconds, engine.max_seconds), seed=seed)
            motion = last_result(engine.generate(task)).motions[0]
            if "score" not in motion.meta:
                raise MotionGPTError(
                    f"The model {engine.name} does not score its motions.", "Add a picker: motiongpt train matching."
                )
            said = None if prompt is None else verdict(prompt, motion)
            if said != PARTLY:
                score, similarity = float(motion.meta["score"]), float(motion.meta["similarity"])
                held_out = zlib.crc32(text.encode()) % 2 == 0
                found.append(Judged(text, score, similarity, said == RIGHT, held_out))
        say(place + 1, len(asked))
    return found


def calibrate(judged: Sequence[Judged]) -> Calibration:
    """The logistic regression of right on score and similarity, classes weighted equally, by Newton's method with a
    small ridge; the threshold is that of `_threshold`. Raises MotionGPTError if there are no right or no wrong ones."""
    fitted = [j for j in judged if not j.held_out]
    right = np.array([j.right for j in fitted])
    if right.all() or not right.any():
        raise MotionGPTError("The prompts are all right, or all wrong.", "Sureness can't be fitted on that.")
    raw = np.array([(j.score, j.similarity) for j in fitted])
    mean, spread = raw.mean(axis=0), raw.std(axis=0).clip(min=1e-6)
    x = np.column_stack([np.ones(len(raw)), (raw - mean) / spread])
    share = np.where(right, 0.5 / right.mean(), 0.5 / (1.0 - right.mean()))
    weights = np.zeros(3)
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-(x @ weights)))
        gradient = x.T @ (share * (p - right)) + _RIDGE * weights
        curvature = (x * (share * p * (1.0 - p))[:, None]).T @ x + _RIDGE * np.eye(3)
        weights = weights - np.linalg.solve(curvature, gradient)
    score, similarity = weights[1:] / spread
    bias = weights[0] - float(mean @ (weights[1:] / spread))
    sure = Calibration(float(bias), float(score), float(similarity), 0.0)
    return Calibration(sure.bias, sure.score, sure.similarity, _threshold(_sureness(sure, fitted), right))


def _sureness(calibration: Calibration, judged: Sequence[Judged]) -> Float64s:
    return np.array([calibration.sureness(np.array([j.score]), j.similarity)[0] for j in judged])


def _threshold(sure: Float64s, right: Bools) -> float:
    """The value, between two, that leaves most room to both aims, in standard errors: they are to hold for motions that
    it was not chosen on."""

    def errors(room: Float64s, aim: float, count: int) -> Float64s:
        return np.asarray(room / np.sqrt(aim * (1.0 - aim) / count))

    values = np.unique(sure)
    between = 0.5 * (values[1:] + values[:-1])
    flagged = sure < between[:, None]
    wrong_room = errors(
        flagged[:, ~right].mean(axis=1) - WRONG_FLAGGED_AIM, WRONG_FLAGGED_AIM, np.count_nonzero(~right)
    )
    right_room = errors(RIGHT_FLAGGED_AIM - flagged[:, right].mean(axis=1), RIGHT_FLAGGED_AIM, np.count_nonzero(right))
    return round(float(between[np.minimum(wrong_room, right_room).argmax()]), 4)


def shares(calibration: Calibration, judged: Sequence[Judged]) -> dict[str, float]:
    """On the held-out prompts: the share flagged of the wrong and of the right motions, and the area under the curve
    (AUC), the probability that a right one is surer than a wrong one."""
    held = [j for j in judged if j.held_out]
    sure, right = _sureness(calibration, held), np.array([j.right for j in held])
    unsure = sure < calibration.threshold
    pairs = sure[right][:, None] - sure[~right][None]
    return {
        "wrong_flagged": float(unsure[~right].mean()) if (~right).any() else float("nan"),
        "right_flagged": float(unsure[right].mean()) if right.any() else float("nan"),
        "auc": float((pairs > 0).mean() + 0.5 * (pairs == 0).mean()) if pairs.size else float("nan"),
        "motions": float(len(held)),
    }
