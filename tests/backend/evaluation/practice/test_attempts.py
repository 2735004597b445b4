"""What a model makes of what it is asked."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from support.motions import standing, walking

from motiongpt.backend.dataset.clips import Clip
from motiongpt.backend.evaluation.animators.language import parse
from motiongpt.backend.evaluation.animators.prompts import Prompt
from motiongpt.backend.evaluation.practice.asked import Asked
from motiongpt.backend.evaluation.practice.attempts import Attempts, attempt, save
from motiongpt.backend.features import motion_to_features
from motiongpt.retarget.errors import MotionGPTError


@dataclass
class Engine:
    """Makes a T pose and a walk of everything."""

    max_seconds: float = 10.0
    tries: int = 5
    asked: list = field(default_factory=list)

    def candidates(self, task):
        self.asked.append(task)
        return [motion_to_features(m.resample(20.0)) for m in (standing(90), walking())]

    def polished(self, motion):
        return motion


def made(*texts: tuple[str, str], seconds: float = 2.0) -> list[Asked]:
    return [Asked(Clip("t-pose-01.bvh", 0, 40), Prompt("t-pose", t, seconds, (parse(c),))) for t, c in texts]


@pytest.fixture
def folder(tmp_path):
    asked = made(("arms out", "both arm points aside"), ("left arm out", "left arm points aside"))
    save(attempt(Engine(), asked, 0, lambda done, total: None), tmp_path / "attempts")
    return tmp_path / "attempts"


def test_every_candidate_is_judged_and_kept(folder):
    attempts = Attempts.load(folder)
    assert [a.right for a in attempts.made] == [True, False, True, False]
    assert [a.right_mirrored for a in attempts.made] == [None, None, True, False]  # both arms are out
    assert [a.sound for a in attempts.made] == [True, False, True, False]  # the walk slides
    assert [a.frames for a in attempts.made] == [40] * 4
    assert [text for text, own in attempts.by_text()] == ["arms out", "left arm out"]
    walk = motion_to_features(walking().resample(20.0))[:40]
    assert np.abs(attempts.of(attempts.made[3]) - walk).max() < 2e-2


def test_no_two_prompts_share_random_numbers():
    engine = Engine()
    list(attempt(engine, made(("a", "walks"), ("b", "walks"), seconds=12.0), 3, lambda done, total: None))
    assert len({task.seed for task in engine.asked}) == 2
    assert {task.variations for task in engine.asked} == {2}  # of five candidates each
    assert {task.seconds for task in engine.asked} == {10.0}


def test_folders_without_attempts_and_damaged_ones_are_said(folder, tmp_path):
    with pytest.raises(MotionGPTError, match="holds no attempts"):
        Attempts.load(tmp_path)
    before = Attempts.load(folder).checksum
    (folder / "attempts.json").write_text((folder / "attempts.json").read_text().replace("arms out", "arms up", 1))
    assert Attempts.load(folder).checksum != before
    np.save(folder / "attempts.npy", np.zeros((159, 263), np.float16))
    with pytest.raises(MotionGPTError, match="are damaged"):
        Attempts.load(folder)
    (folder / "attempts.npy").write_bytes(b"nothing")
    with pytest.raises(MotionGPTError, match="holds no attempts"):
        Attempts.load(folder)
