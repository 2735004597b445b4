"""How sure a model is, fitted on motions that were checked."""

from dataclasses import replace

import numpy as np
import pytest

from motiongpt.backend.engine import Result
from motiongpt.backend.evaluation.sureness import Judged, calibrate, judge, shares
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot


def _judged(count: int = 400) -> list[Judged]:
    """Right motions score 0.8 on average and their texts are near to known ones; wrong ones 0.4, and far."""
    rng = np.random.default_rng(0)
    right = rng.random(count) < 0.6
    scores = np.where(right, 0.8, 0.4) + 0.12 * rng.normal(size=count)
    similar = np.where(right, 0.8, 0.6) + 0.1 * rng.normal(size=count)
    rows = zip(scores.tolist(), similar.tolist(), right.tolist(), strict=True)
    return [Judged(f"prompt {i}", score, near, good, i % 2 == 0) for i, (score, near, good) in enumerate(rows)]


def test_wrong_motions_are_flagged_on_prompts_that_were_not_fitted():
    judged = _judged()
    calibration = calibrate(judged)
    measured = shares(calibration, judged)
    assert measured["wrong_flagged"] > 0.9
    assert measured["right_flagged"] < 0.25
    assert measured["auc"] > 0.95
    assert calibration.score > 0 and calibration.similarity > 0


def test_the_held_out_half_has_no_part_in_the_fit():
    judged = _judged()
    turned = [replace(j, right=not j.right) if j.held_out else j for j in judged]
    assert calibrate(turned) == calibrate(judged)
    assert shares(calibrate(turned), turned)["auc"] < 0.05


def test_what_can_not_be_fitted_is_said():
    with pytest.raises(MotionGPTError, match="all right"):
        calibrate([replace(j, right=True) for j in _judged()])


def test_a_model_without_scores_is_named():
    class Silent:
        name, max_seconds = "silent", 10.0

        def generate(self, task):
            yield Result((Motion(np.tile(rot.IDENTITY, (8, 22, 1)), np.zeros((8, 3)), 20.0, np.ones((8, 4))),))

    with pytest.raises(MotionGPTError, match="does not score"):
        judge(Silent(), 1, lambda done, total: None)
