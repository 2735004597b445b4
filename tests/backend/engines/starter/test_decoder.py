"""The motion tokenizer of the starter: several candidates at once."""

from pathlib import Path

import numpy as np
import pytest

from motiongpt.backend.engines.starter import decoder
from motiongpt.backend.engines.starter.decoder import ResidualCodec
from motiongpt.backend.engines.starter.vocabulary import LEVELS, pack
from motiongpt.backend.model_folder import read_card


def candidates(lengths: list[int]) -> list[list[int]]:
    random = np.random.default_rng(1)
    return [[pack(token) for token in random.integers(0, 512, (n, LEVELS)).tolist()] for n in lengths]


@pytest.fixture(scope="module")
def codecs(starter_model: Path) -> tuple[ResidualCodec, ResidualCodec]:
    levels = int(read_card(starter_model).settings.get("levels", LEVELS))
    return ResidualCodec(starter_model, "cpu", levels), ResidualCodec(starter_model, "cpu", levels)


@pytest.mark.parametrize("independent", [True, False])
def test_candidates_together_are_the_same_to_the_bit(
    codecs: tuple[ResidualCodec, ResidualCodec], independent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one, together = codecs
    together._made.clear()
    if not independent:
        monkeypatch.setitem(together.__dict__, "_independent", False)
    codes = candidates([5, 5, 9, 5, 1, 9])
    codes.append(codes[0])
    for codec_codes, features in zip(codes, together.all_features(codes), strict=True):
        assert features.shape == (4 * len(codec_codes), 263)
        assert np.array_equal(features, one_by_one.features(codec_codes))


def test_what_was_decoded_is_kept_and_bounded(
    codecs: tuple[ResidualCodec, ResidualCodec], monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = codecs[0]
    monkeypatch.setattr(decoder, "MOST_ROWS", 4)
    codes = candidates([2] * 6)
    first = codec.all_features(codes)
    assert len(first) == 6 and len(codec._made) == 4
    assert codec.features(codes[-1]) is first[-1]
