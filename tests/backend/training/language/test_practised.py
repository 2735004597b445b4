"""Right attempts as further sequences."""

import numpy as np
import pytest
from support.motions import gliding

torch = pytest.importorskip("torch")

from motiongpt.backend.dataset.clips import Clip
from motiongpt.backend.evaluation.practice.attempts import Attempt, Attempts
from motiongpt.backend.features import motion_to_features
from motiongpt.backend.training.language.practised import MOST, practised


class Mirrors:
    """An encoder whose codes say whether the character turns left."""

    def clips(self, clips):
        return [np.full((len(c) // 4, 2), int(c[:, 0].sum() > 0)) for c in clips]

    def poses(self, features):
        return np.zeros((len(features), 2), np.int64)


def test_of_the_wrong_side_the_mirror_image_is_learned():
    features = motion_to_features(gliding(40, 1.0)).astype(np.float16)
    features[:, 0] = 0.1
    rows = [(True, False), (False, True), (False, False)]
    made = [Attempt(f"{i}", "turn-1.bvh", False, 39 * i, 39, *right, True) for i, right in enumerate(rows)]
    clips = [Clip("turn-1.bvh", 0, 99, ["turns left"])]
    found = practised(Attempts(np.tile(features[:39], (3, 1)), made), clips, Mirrors())
    assert [int(s.phases[0][0, 0]) for s in found] == [1, 0]


class Counting:
    """An encoder whose codes are the numbers of a clip's tokens."""

    def clips(self, clips):
        return [np.repeat(np.arange(len(c) // 4)[:, None], 2, axis=1) for c in clips]

    def poses(self, features):
        return np.zeros((len(features), 2), np.int64)


def test_right_and_faultless_attempts_are_learned_under_their_clips_captions():
    features = motion_to_features(gliding(40, 1.0)).astype(np.float16)
    rows = [
        ("walks", "walk-1.bvh", False, True, True),
        ("walks", "walk-1.bvh", False, False, True),
        ("runs", "run-1.bvh", True, True, False),
        ("runs", "run-1.bvh", False, True, True),  # the data set has it mirrored alone
        ("gone", "gone.bvh", False, True, True),
        *[("again", "walk-1.bvh", False, True, True)] * (MOST + 2),
    ]
    made = [
        Attempt(text, clip, mirrored, len(features) * i, len(features), right, None, sound)
        for i, (text, clip, mirrored, right, sound) in enumerate(rows)
    ]
    clips = [Clip("walk-1.bvh", 0, 99, ["walks along"]), Clip("run-1.bvh", 0, 99, ["runs"], mirrored=True)]
    found = practised(Attempts(np.tile(features, (len(rows), 1)), made), clips, Counting())
    assert [s.clip.name for s in found] == ["walk-1.bvh"] * (1 + MOST)
    assert {tuple(s.clip.captions) for s in found} == {("walks along",)}
    assert {s.clip.frames for s in found} == {len(features)}
    assert [len(p) for p in found[0].phases] == [len(features) // 4, (len(features) - 2) // 4]
