"""Captions that are made of a clip's action and style are English."""

import random
import re

import pytest

from motiongpt.backend.dataset.captions import ACTIONS, LITTLE, STYLES, _inflect, describe


@pytest.mark.parametrize(
    ("base", "third", "ing"),
    [
        ("walk", "walks", "walking"),
        ("run", "runs", "running"),
        ("dash", "dashes", "dashing"),
        ("wave", "waves", "waving"),
        ("bow", "bows", "bowing"),
        ("cry out", "cries out", "crying out"),
        ("walk ahead, then turn", "walks ahead, then turns", "walking ahead, then turning"),
        ("lift both hands and wave", "lifts both hands and waves", "lifting both hands and waving"),
        ("keep on running", "keeps on running", "running"),
        ("begin", "begins", "beginning"),
    ],
)
def test_verbs_are_inflected(base: str, third: str, ing: str) -> None:
    verb = _inflect(base, "")
    assert (verb.third, verb.ing, verb.base) == (third, ing, base)


def test_what_belongs_to_a_subject_follows_it() -> None:
    rng = random.Random(0)
    texts = {describe("raise-up-left-hand", "normal", False, False, rng) for _ in range(4000)}
    for start in ("she .* her left hand", "he .* his left hand", "someone .* their left hand", "raise your left hand"):
        assert any(re.match(start, text) for text in texts), start
    assert not any(re.search(r"^(she|he) .*their|^a person .* (his|her|your) ", text) for text in texts)


torch = pytest.importorskip("torch")


def test_every_action_and_style_has_words():
    import random

    rng = random.Random(0)
    for content in (*ACTIONS, *LITTLE):
        for style in STYLES:
            for little in (False, True):
                sentence = describe(content, style, False, little, rng)
                assert sentence.strip() and "  " not in sentence
