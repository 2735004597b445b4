"""Whole data sets through a tokenizer: the fast way must give the codes of one clip or window at a time."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.dataset.clips import Clip, Dataset
from motiongpt.backend.features import DIMENSIONS, POSE_WINDOW, Statistics, held_pose
from motiongpt.backend.training.language.sequences import PHASES, at_speed, speeds_of, tokenize
from motiongpt.backend.training.tokenizer.encoding import Encoding
from motiongpt.backend.training.tokenizer.net import MotionVqVae

STATISTICS = Statistics(np.full(DIMENSIONS, 0.1, np.float32), np.full(DIMENSIONS, 2.0, np.float32))


def untrained(width: int, depth: int, levels: int, quantizer: str = "residual") -> MotionVqVae:
    """Its codebooks are spread over its latents of held poses."""
    torch.manual_seed(0)
    model = MotionVqVae(width, code_width=8, depth=depth, codes=64, levels=levels, quantizer=quantizer).eval()
    with torch.no_grad():
        latents = model.encoder(torch.randn(64, DIMENSIONS, 1).expand(-1, -1, POSE_WINDOW))[..., 2]
        if quantizer == "parts":
            parts = zip(model.quantizer.parts, latents.chunk(len(model.quantizer.parts), dim=1), strict=True)
        else:
            parts = [(model.quantizer, latents)]
        for part, own in parts:
            for scale, level in zip((1.0, 0.3), part.levels, strict=False):
                level.codebook.copy_(own * scale)
    return model


@pytest.fixture(scope="module", params=("residual", "parts"))
def model(request: pytest.FixtureRequest) -> MotionVqVae:
    return untrained(12, 3, 2 if request.param == "residual" else 6, request.param)


def noise(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(frames, DIMENSIONS)).astype(np.float32)


def plainly(model: MotionVqVae, features: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model.encode(torch.from_numpy(STATISTICS.normalize(features))[None])[0].numpy()


def pose_plainly(model: MotionVqVae, row: np.ndarray) -> np.ndarray:
    return plainly(model, np.repeat(held_pose(row)[None], POSE_WINDOW, axis=0))[POSE_WINDOW // 4 // 2]


def test_clips_in_batches_get_the_codes_of_clips_alone(model):
    clips = [noise(frames, seed) for seed, frames in enumerate((40, 43, 3, 4, 90, 41, 0, 40))]
    coded = Encoding(model, STATISTICS).clips(clips)
    for clip, codes in zip(clips, coded, strict=True):
        usable = len(clip) // 4 * 4
        assert codes.shape == (usable // 4, model.levels)
        assert not usable or np.array_equal(codes, plainly(model, clip[:usable]))
    assert len(np.unique(np.concatenate(coded)[:, 0])) > 8  # or equality would say little


@pytest.mark.parametrize(("depth", "levels", "quantizer"), [(1, 1, "residual"), (3, 2, "residual"), (2, 5, "parts")])
def test_held_poses_get_the_codes_of_their_windows(depth, levels, quantizer):
    model = untrained(12, depth, levels, quantizer)
    rows = noise(300)  # more than a batch
    codes = Encoding(model, STATISTICS).poses(rows)
    assert np.array_equal(codes, np.stack([pose_plainly(model, row) for row in rows]))
    assert len(np.unique(codes[:, 0])) > 8
    assert Encoding(model, STATISTICS).poses(rows[:0]).shape == (0, codes.shape[1])


def test_sequences_keep_the_clips_order_and_speeds(model):
    """Long and short, slow and fast are encoded together, yet each clip's sequences stand where the clip does."""
    lengths = (90, 16, 60, 30, 61)
    starts = np.cumsum((0, *lengths))
    contents = ("walk", "walk", "bow", "raise-up-both-hands", "")
    clips = [
        Clip(f"{i}", int(starts[i]), frames, captions=["it moves"], tags={"content": c} if c else {}, assigned="train")
        for i, (frames, c) in enumerate(zip(lengths, contents, strict=True))
    ]
    data = Dataset(noise(int(starts[-1])), clips)
    wanted = [(clip, at_speed(data.of(clip), s)) for clip in clips for s in speeds_of(clip) if clip.frames > 20]
    sequences = tokenize(model, STATISTICS, data)
    assert [s.clip.name for s in sequences] == [clip.name for clip, _ in wanted] == ["0", *"222", *"333", *"444"]
    for sequence, (_, features) in zip(sequences, wanted, strict=True):
        for start, phase, poses in zip(PHASES, sequence.phases, sequence.poses, strict=True):
            assert np.array_equal(phase, plainly(model, features[start:][: len(phase) * 4]))
            assert len(phase) == (len(features) - start) // 4
            assert np.array_equal(poses, [pose_plainly(model, row) for row in features[start + 2 :: 4][: len(phase)]])
