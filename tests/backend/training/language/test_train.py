"""The loss of the language model."""

import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.engines.starter.vocabulary import ABSENT, BEGIN, FIRST_WORD, NO_DETAIL, UNKNOWN_LENGTH
from motiongpt.backend.text_encoder.net import TEXT_WIDTH
from motiongpt.backend.training.language import train
from motiongpt.backend.training.language.data import IGNORED
from motiongpt.backend.training.language.net import LanguageConfig, MotionLanguageModel
from motiongpt.backend.training.language.train import language_loss

LEVELS = 3


def batch(rows: int, length: int, seed: int = 0) -> dict[str, "torch.Tensor"]:
    """Motions of different lengths, the first of which is the longest."""
    drawing = torch.Generator().manual_seed(seed)
    codes = torch.randint(512, (rows, length, LEVELS), generator=drawing)
    for row in range(rows):
        codes[row, length - row :] = IGNORED
    return {
        "states": torch.randn(rows, 4, TEXT_WIDTH, generator=drawing),
        "mask": torch.ones(rows, 4),
        "keep": torch.ones(rows),
        "task": torch.zeros(rows, dtype=torch.int64),
        "slots": torch.zeros(rows, 1, LEVELS, dtype=torch.int64),
        "kinds": torch.full((rows, 1), ABSENT),
        "tokens": torch.full((rows, length), BEGIN),
        "details": torch.full((rows, length, LEVELS - 1), NO_DETAIL),
        "remaining": torch.full((rows, length), UNKNOWN_LENGTH),
        "targets": codes[..., 0],
        "detail_targets": codes[..., 1:],
    }


def test_copies_of_rows_count_for_nothing(monkeypatch) -> None:
    torch.manual_seed(0)
    model = MotionLanguageModel(LanguageConfig(32, 2, 32, 1, 1, levels=LEVELS, words=4)).eval()
    found = {}
    for rows in (1, 256):
        monkeypatch.setattr(train, "_ROWS", rows)
        model.zero_grad()
        losses = language_loss(model, batch(5, 7), 0.5)
        losses["loss"].backward()
        found[rows] = losses, [p.grad.clone() for p in model.parameters() if p.grad is not None]
    for name, value in found[1][0].items():
        assert float(value) == pytest.approx(float(found[256][0][name]), rel=1e-6)
    for one, other in zip(found[1][1], found[256][1], strict=True):
        assert torch.allclose(one, other, atol=1e-7)


def test_words_of_other_captions_are_learned_anew_and_the_others_kept() -> None:
    torch.manual_seed(0)
    old, new = (MotionLanguageModel(LanguageConfig(32, 2, 32, 1, 1, levels=LEVELS, words=n)) for n in (3, 4))
    mine, given = old.state_dict(), new.state_dict()
    found = train._rewritten(mine, [7, 10, 12], [7, 11, 12, 13], new)
    new.load_state_dict(found)
    for name in ("token.weight", "head.weight"):
        assert torch.equal(found[name][: FIRST_WORD + 1], mine[name][: FIRST_WORD + 1])
        assert torch.equal(found[name][FIRST_WORD + 2], mine[name][FIRST_WORD + 2])  # 12
        for word in (1, 3):  # 11 and 13
            assert not torch.equal(found[name][FIRST_WORD + word], mine[name][FIRST_WORD + 1])
    assert torch.equal(given["position.weight"], mine["position.weight"])  # all else is the old model's
