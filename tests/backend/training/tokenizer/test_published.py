"""The papers' motion tokenizer: published features, training, and files that engines and further trainings read."""

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from motiongpt.backend.commands.cli import main
from motiongpt.backend.engines.shared.codec import MotionCodec
from motiongpt.backend.features import SLICES
from motiongpt.backend.training.tokenizer.published import (
    PublishedVqVae,
    published_clip,
    published_features,
    published_statistics,
)

SMALL = ("--set", "width=16", "--set", "code_width=8", "--set", "depth=2", "--batch", "4", "--threads", "1")


def train(dataset: Path, out: Path, *options: str) -> int:
    return main(["train", "tokenizer", str(dataset), "-o", str(out), "--recipe", "published", *SMALL, *options])


def test_published_features_are_those_of_the_published_clip(shared_dir: Path) -> None:
    """Of HumanML3D's clip, whose features give the joints that give the features again, but for the last frame."""
    theirs = np.load(shared_dir / "golden" / "humanml3d" / "012314_features.npy")
    ours = published_clip(theirs.astype(np.float32))
    assert ours.shape == (len(theirs) - 1, 263)
    assert np.abs(ours - theirs[:-1]).mean() < 3e-4


def test_what_is_trained_encodes_and_decodes(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    assert train(dataset, run, "--steps", "3", "--json") == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["joint_mm"] > 0 and said["codes_used"] > 1
    codec = MotionCodec(run)
    model = PublishedVqVae(16, 8, 2).eval()
    model.load_state_dict(torch.load(run / "model.pt", weights_only=True)["model"])
    features = np.random.default_rng(0).normal(size=(1, 24, 263)).astype(np.float32)
    codes = codec.features_to_codes(features)
    with torch.no_grad():
        made, _ = model(torch.from_numpy(features))
    assert np.abs(codec.codes_to_features(codes) - made.numpy()).max() < 1e-4


def test_another_tokenizer_is_trained_further_with_its_statistics(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert train(dataset, first, "--steps", "2", "--set", "bias=5") == 0
    assert train(dataset, second, "--steps", "1", "--start", str(first), "--set", "rate=1e-9") == 0
    before, after = MotionCodec(first), MotionCodec(second)
    assert np.allclose(before.statistics.std, after.statistics.std)
    features = np.random.default_rng(0).normal(size=(1, 24, 263)).astype(np.float32)
    codes = before.features_to_codes(features)
    assert np.abs(before.codes_to_features(codes) - after.codes_to_features(codes)).max() < 0.2
    for options, message in (
        (("--start", str(tmp_path)), "holds no published motion tokenizer"),
        (("--start", str(first), "--set", "width=32"), "has other sizes"),
        (("--refine", str(first)), "not for --recipe published"),
        (("--set", "levels=2"), "no setting levels"),
    ):
        capsys.readouterr()
        assert train(dataset, tmp_path / "none", "--steps", "1", *options) == 2
        assert message in capsys.readouterr().err
    assert main(["train", "tokenizer", str(dataset), "-o", str(tmp_path / "own"), "--start", str(first)]) == 2
    assert not (tmp_path / "none" / "model.pt").exists()


def test_the_bias_weighs_root_and_contacts(dataset: Path) -> None:
    from motiongpt.backend.dataset.clips import load_dataset

    clips = published_features(load_dataset(dataset), "train")
    assert sum(c.frames for c in clips.clips) == len(clips.features)
    plain, weighed = published_statistics(clips), published_statistics(clips, 25.0)
    for name, place in SLICES.items():
        ratio = plain.std[place] / weighed.std[place]
        wanted = 25.0 if name in ("root_turn", "root_velocity", "root_height", "contacts") else 1.0
        assert np.allclose(ratio, wanted, rtol=1e-4)
