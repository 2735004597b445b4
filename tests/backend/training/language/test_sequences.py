"""Sequences of motion tokens that the language model learns from."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.dataset.clips import Clip, load_dataset
from motiongpt.backend.dataset.meaning import is_steady
from motiongpt.backend.training.language.sequences import MIN_TOKENS, TokenSequence, crop, speeds_of


def test_crops_keep_the_core(dataset):
    clip = load_dataset(dataset).clips[0]
    tokens = np.repeat(np.arange(40)[:, None], 2, axis=1)
    sequence = TokenSequence(clip, (tokens,), (tokens + 100,), (22, 29), False)
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        cut, poses = crop(sequence, generator)
        assert len(cut) >= MIN_TOKENS
        assert cut[0, 0] <= 22 and cut[-1, 0] >= 28
        assert np.array_equal(poses, cut + 100)


def test_named_clips_keep_their_own_speeds():
    clip = Clip("dataset-1_bow_old_001.bvh", 0, 60, ["a person bows"], {"content": "bow", "style": "old"})
    assert not is_steady(clip)
    assert speeds_of(clip) == (1.0, 0.85, 0.7)


def test_a_core_longer_than_the_longest_motion_is_cut(dataset):
    clip = load_dataset(dataset).clips[0]
    tokens = np.repeat(np.arange(90)[:, None], 2, axis=1)
    sequence = TokenSequence(clip, (tokens,), (tokens,), (5, 85), False)
    generator = torch.Generator().manual_seed(0)
    assert {len(crop(sequence, generator)[0]) for _ in range(50)} == {64}
