"""Tokenizer files, whole and damaged."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from motiongpt.backend.checkpoints.tokenizer_json import encode, read_tokenizer_json
from motiongpt.retarget.errors import MotionGPTError


def _saved(path: Path) -> Path:
    words = Tokenizer(models.WordLevel({"a": 0, "person": 1, "walks": 2}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.enable_truncation(2)
    words.enable_padding(length=9)
    words.save(str(path))
    return path


def test_a_text_is_neither_cut_nor_padded(tmp_path: Path) -> None:
    tokenizer = read_tokenizer_json(_saved(tmp_path / "tokenizer.json"))
    assert encode(tokenizer, "a person walks").ids == [0, 1, 2]


def test_a_word_without_pieces_is_refused_in_words(tmp_path: Path) -> None:
    tokenizer = read_tokenizer_json(_saved(tmp_path / "tokenizer.json"))
    with pytest.raises(MotionGPTError, match=r"can't read this text .*UNK"):
        encode(tokenizer, "a person moonwalks")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(MotionGPTError, match=r"tokenizer\.json can't be read"):
        read_tokenizer_json(tmp_path / "tokenizer.json")
