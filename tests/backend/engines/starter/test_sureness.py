"""How sure a model is, and what it knows that comes close."""

import numpy as np
import pytest

from motiongpt.backend.engines.starter.sureness import (
    Calibration,
    Judgement,
    Known,
    load_judgement,
    negation_in,
    without_denials,
)
from motiongpt.backend.known.phrases import FILE_NAME
from motiongpt.backend.model_folder import ModelCard
from motiongpt.retarget.errors import MotionGPTError


def _known() -> Known:
    return Known(("walks", "nods", "bows"), np.eye(3, 384))


def _card(**settings) -> ModelCard:
    return ModelCard(
        name="m", kind="motiongpt-onnx", features="true", fps=20.0, frames_per_token=4, max_seconds=12.8,
        licence="CC0-1.0", files={FILE_NAME: "0" * 64}, settings=settings,
    )  # fmt: skip


def test_the_nearest_phrases_come_first():
    states = np.zeros((2, 384))
    states[:, 1], states[:, 2] = 1.0, 0.4
    similarities = _known().similarities(states)
    assert _known().nearest(similarities, 2) == ("nods", "bows")
    assert similarities.max() == pytest.approx(1 / np.hypot(1.0, 0.4))


def test_known_phrases_survive_their_file(tmp_path):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(5, 384))
    known = Known(tuple("abcde"), vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    known.save(tmp_path / FILE_NAME)
    again = Known.load(tmp_path / FILE_NAME)
    assert again.phrases == known.phrases
    assert np.abs(again.vectors - known.vectors).max() < 0.002


def test_a_low_score_and_a_strange_text_make_unsure():
    calibration = Calibration(bias=-6.0, score=6.0, similarity=4.0, threshold=0.5)
    judgement, known = Judgement(_known(), calibration), np.eye(3, 384)[:1]
    strange = np.zeros((1, 384))
    strange[0, 200] = 1.0
    right, wrong = judgement.of(known, np.array([0.9, 0.1]))
    assert not right["unsure"] and wrong["unsure"]
    assert right["sureness"] > 0.9 > 0.2 > wrong["sureness"]
    assert judgement.of(strange, np.array([0.5]))[0]["unsure"]
    assert "sureness" not in Judgement(_known(), None).of(known, np.array([0.9]))[0]


def test_damaged_files_and_cards_are_named(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"no archive")
    with pytest.raises(MotionGPTError, match="damaged"):
        load_judgement(tmp_path, _card())
    _known().save(tmp_path / FILE_NAME)
    assert load_judgement(tmp_path, _card()) is not None
    for wrong in ({"bias": 1}, {"bias": "x", "score": 1, "similarity": 1, "threshold": 1}, [1]):
        with pytest.raises(MotionGPTError, match="wrong sureness"):
            load_judgement(tmp_path, _card(sureness=wrong))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a person does not walk", "not"), ("someone doesn't wave", "doesn't"), ("she doesn’t wave", "doesn't"),
        ("Never runs", "never"), ("jumps without moving the arms", "without"), ("cannot stand up", "cannot"),
        ("stand still, dont walk", "dont"), ("he isnt running", "isnt"),
        ("a person walks", ""), ("ties a knot", ""), ("nods a note", ""), ("sits down at noon", ""),
    ],
)  # fmt: skip
def test_negations_are_found(text, word):
    assert negation_in(text) == word


def test_a_negation_that_the_model_was_trained_on_is_none():
    assert negation_in("walks without moving the arms", ("stands without moving",)) == ""
    assert negation_in("does not walk", ("stands without moving",)) == "not"


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("stand still, dont walk", "stand still"),
        ("does not walk, he stands still", "he stands still"),
        ("Waves. Doesn't jump!", "Waves"),
        ("sits but never leans back", "sits"),
        ("walks without moving the arms", "walks without moving the arms"),
        ("does not move, never blinks", "does not move, never blinks"),
        ("walks, then waves", "walks, then waves"),
        ("", ""),
    ],
)
def test_clauses_that_only_deny_are_left_out(text, heard):
    assert without_denials(text) == heard


def test_a_denial_that_the_model_knows_is_kept():
    assert without_denials("nods, says no", ("shakes the head no",)) == "nods, says no"
