"""The motion tokenizer's training."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.commands.cli import main
from motiongpt.backend.dataset.clips import load_dataset
from motiongpt.backend.training.tokenizer.losses import reconstruction_losses, weighted
from motiongpt.backend.training.tokenizer.measuring import encode_clip
from motiongpt.backend.training.tokenizer.net import MotionVqVae
from motiongpt.backend.training.tokenizer.train import (
    TokenizerConfig,
    load_tokenizer,
    tokenizer_config,
    tokenizer_record,
)


def test_refining_changes_what_codes_look_like_and_no_code(dataset, tmp_path, capsys):
    first, second = tmp_path / "first", tmp_path / "second"
    small = ["--set", "width=32", "--set", "code_width=16", "--set", "codes=64", "--batch", "8"]
    assert main(["train", "tokenizer", str(dataset), "-o", str(first), "--steps", "40", *small]) == 0
    refine = ["train", "tokenizer", str(dataset), "-o", str(second), "--batch", "8"]
    assert main([*refine, "--refine", str(first), "--steps", "60", "--set", "rate=0.002"]) == 0
    (old, statistics), (new, _) = load_tokenizer(first), load_tokenizer(second)
    data = load_dataset(dataset)
    rows = [np.asarray(data.of(clip)) for clip in data.split("train")]
    codes = [encode_clip(old, statistics, r) for r in rows]
    assert all(np.array_equal(c, encode_clip(new, statistics, r)) for c, r in zip(codes, rows, strict=True))

    def error(model):
        found = [model.decode(torch.from_numpy(c)[None]).detach() for c in codes]
        true = [torch.from_numpy(statistics.normalize(r[: f.shape[1]]))[None] for r, f in zip(rows, found, strict=True)]
        stats = torch.from_numpy(statistics.mean), torch.from_numpy(statistics.std)
        losses = [
            reconstruction_losses(f, t, torch.ones_like(t[..., :1]), stats) for f, t in zip(found, true, strict=True)
        ]
        return np.mean([float(weighted(some, TokenizerConfig())) for some in losses])

    assert error(new) < error(old)
    assert tokenizer_config(second).steps == 60 and tokenizer_config(second).width == 32
    record = tokenizer_record(second)  # a card records both trainings
    assert (record["tokenizer"]["steps"], record["decoder"]["steps"]) == (40, 60)
    assert tokenizer_record(first) == {"tokenizer": record["tokenizer"]}
    capsys.readouterr()
    third = tmp_path / "third"
    assert main(["train", "tokenizer", str(dataset), "-o", str(third), "--steps", "1", *small]) == 0
    capsys.readouterr()
    assert main([*refine, "--refine", str(third), "--steps", "60", "--set", "rate=0.002"]) == 2
    assert "a training on another tokenizer" in capsys.readouterr().err
    assert main([*refine, "--refine", str(tmp_path / "nothing")]) == 2
    assert "no trained tokenizer" in capsys.readouterr().err


@pytest.mark.parametrize(("quantizer", "levels"), [("residual", 1), ("parts", 4)])
def test_training_starts_from_principal_components(quantizer, levels):
    """Before any step, latents wide enough carry features exactly, with unit variance; narrow ones the largest part."""
    torch.manual_seed(0)
    mixing = torch.randn(24, 263) * torch.linspace(3.0, 0.1, 24)[:, None]
    features = torch.randn(8, 32, 24) @ mixing
    error = {}
    for width in (8, 96):
        model = MotionVqVae(width=16, code_width=width * levels, codes=8, levels=levels, quantizer=quantizer)
        model.start_from(features)
        latents = model.encoder(features.transpose(1, 2))
        assert float(latents.square().mean().detach()) == pytest.approx(1.0, rel=0.01)
        back = model.decoder(latents).transpose(1, 2)
        error[width] = float(((back - features).square().sum() / features.square().sum()).detach())
    assert error[96] < 1e-5 < error[8] < 0.9
