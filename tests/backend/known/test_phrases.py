"""Phrases that a model knows: read, grouped and searched."""

from pathlib import Path

import numpy as np
import pytest

from motiongpt.backend.engines.starter.sureness import Known
from motiongpt.backend.known.phrases import grouped, matching, read_phrases
from motiongpt.retarget.errors import MotionGPTError

PHRASES = ("walks forward", "is walking in a circle", "waves with the left hand", "kicks high", "an old man sits down")


def write(folder: Path, phrases: tuple[str, ...] = PHRASES) -> None:
    vectors = np.random.default_rng(0).normal(size=(len(phrases), 384))
    Known(phrases, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).save(folder / "known.npz")


def test_what_sureness_writes_is_read(tmp_path: Path) -> None:
    write(tmp_path, (*PHRASES, "walks forward"))
    assert read_phrases(tmp_path) == tuple(sorted(PHRASES))


def test_a_model_without_a_list_knows_nothing_by_name(tmp_path: Path) -> None:
    assert read_phrases(tmp_path) == ()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"nonsense"])
def test_a_damaged_list_is_one_clear_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "known.npz").write_bytes(content)
    with pytest.raises(MotionGPTError, match="is damaged") as raised:
        read_phrases(tmp_path)
    assert raised.value.kind == "no_model"


def test_groups_hold_every_phrase_once() -> None:
    found = grouped(PHRASES)
    assert sorted(phrase for group in found.values() for phrase in group) == sorted(PHRASES)
    assert found["walk"] == ("walks forward", "is walking in a circle")
    assert list(found) == ["kick", "sit", "walk", "wave"]


@pytest.mark.parametrize(
    ("search", "wanted"),
    [
        ("", 5), ("walk", 2), ("walking", 2), ("WAVES", 1), ("left hand", 1), ("hand left", 1), ("moonwalk", 0),
        ("circle walk", 1),
    ],
)  # fmt: skip
def test_searching_takes_words_in_any_order_and_form(search: str, wanted: int) -> None:
    assert len(matching(PHRASES, search)) == wanted
