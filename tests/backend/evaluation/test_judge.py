"""The judge that comes with the project."""

import json

import numpy as np
import pytest
from support.motions import gliding

from motiongpt.backend.dataset.meaning import ACTION_NAMES
from motiongpt.backend.evaluation.judge import BUNDLED, Judge
from motiongpt.retarget.errors import MotionGPTError


def test_the_judge_is_small_and_knows_its_classes() -> None:
    judge = Judge()
    assert sum(path.stat().st_size for path in BUNDLED.iterdir()) < 1.6e6
    assert judge.record["action_right"] > 0.95
    assert judge.record["held_out_clips"] > 200
    assert "CC-BY-NC" in judge.record["licence"]


def test_the_judge_tells_directions_apart() -> None:
    """Even on a puppet: gliding ahead is not taken for gliding back."""
    judge = Judge()
    ahead, back = judge.motion(gliding(speed=1.0)), judge.motion(gliding(speed=-0.7))
    walk, walk_back = ACTION_NAMES.index("walk"), ACTION_NAMES.index("walk-back")
    assert ahead.actions[walk] > ahead.actions[walk_back]
    assert back.actions[walk_back] > back.actions[walk]
    assert ahead.actions.sum() == pytest.approx(1.0, abs=1e-5)
    assert np.linalg.norm(ahead.vector) == pytest.approx(1.0, abs=1e-4)


def test_a_judge_that_is_missing_or_knows_other_actions_is_refused(tmp_path) -> None:
    with pytest.raises(MotionGPTError, match="no judge"):
        Judge(tmp_path)
    for path in BUNDLED.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    record = json.loads((tmp_path / "judge.json").read_text())
    (tmp_path / "judge.json").write_text(json.dumps({**record, "actions": ["fly"]}))
    with pytest.raises(MotionGPTError, match="other classes"):
        Judge(tmp_path)


torch = pytest.importorskip("torch")
