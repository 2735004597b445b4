"""Errors of a tokenizer's reconstruction, by clip and by group."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.dataset.clips import compute_statistics, load_dataset
from motiongpt.backend.features import SLICES
from motiongpt.backend.training.tokenizer import measuring
from motiongpt.backend.training.tokenizer.net import MotionVqVae
from motiongpt.retarget.motion.skeleton import JOINT


class Untouched(MotionVqVae):
    """Codes that lose nothing but what `change` does to the features."""

    def __init__(self, change=lambda x: x):
        super().__init__(width=8, code_width=4, codes=8, levels=2)
        self._change = change

    def encode(self, features):
        self._kept = features
        return torch.zeros(1, features.shape[1] // 4, 2, dtype=torch.long)

    def decode(self, codes):
        return self._change(self._kept.clone())


@pytest.fixture(scope="module")
def measured(dataset):
    data = load_dataset(dataset)
    return data, compute_statistics(data)


def test_a_perfect_tokenizer_has_no_error(measured):
    data, statistics = measured
    found = measuring.evaluate_tokenizer(Untouched(), statistics, data)
    for name in ("joint_error_mm", "point_error_mm", "acceleration_error_mm", "path_error_mm_per_s", "head_error_deg"):
        assert found[name] == pytest.approx(0.0, abs=0.05)
    assert found["codes_used"] == pytest.approx(2 / 16)


def test_a_bent_head_shows_in_no_joint(measured):
    data, statistics = measured
    begins = SLICES["rotations"].start + 6 * (JOINT["head"] - 1)
    head = slice(begins, begins + 6)
    bent = np.array([1.0, 0.0, 0.0, 0.0, np.cos(1.5), np.sin(1.5)])  # radians about x

    def bend(features):
        features[..., head] = torch.from_numpy((bent - statistics.mean[head]) / statistics.std[head])
        return features

    found = measuring.evaluate_tokenizer(Untouched(bend), statistics, data)
    assert found["joint_error_mm"] == pytest.approx(0.0, abs=0.05)
    assert found["point_error_mm"] > 10.0 and found["head_error_deg"] > 45.0


def test_groups_hold_every_clip_once(measured):
    data, statistics = measured
    errors = measuring.errors_of(Untouched(lambda x: x * 0.9), statistics, data)
    sets = measuring.by_group(errors, lambda clip: clip.set)
    assert sum(found["clips"] for found in sets.values()) == len(errors)
    assert all(np.isfinite(list(found.values())).all() for found in sets.values())
    lines = measuring.table(sets)
    assert len(lines) == len(sets) + 1 and all(name in line for name, line in zip(sets, lines[1:], strict=True))
