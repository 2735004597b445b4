"""Sets of judged motions."""

import numpy as np
import pytest
from support.fake_judge import RUN, WALK, FakeJudge, walking

from motiongpt.backend.evaluation import sets
from motiongpt.backend.features import motion_to_features


def test_what_was_made_survives_its_file(tmp_path) -> None:
    made = []

    def make() -> list[np.ndarray]:
        made.append(1)
        return [np.full((2, 40 + i, 263), i, np.float32) for i in range(12)]

    path = tmp_path / "set.npz"
    first, second = sets.cached_motions(path, make), sets.cached_motions(path, make)
    assert len(made) == 1
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    sets.cached_motions(None, make)
    assert len(made) == 2


def test_motions_are_judged_by_what_they_are() -> None:
    found = sets.judge_sets(FakeJudge(), [[motion_to_features(walking(speed=s))] for s in (1.0, 3.0)])
    assert found.actions[:, 0].tolist() == [WALK, RUN]
    assert found.vectors[:, 0, 0] == pytest.approx([1.0, 3.0])
    assert found.frames[:, 0].tolist() == [80, 80]
    assert (found.penetration == 0).all()
