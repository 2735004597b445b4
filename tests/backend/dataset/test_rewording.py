"""Other ways to say a caption."""

import random
import re

import pytest

from motiongpt.backend.dataset.rewording import base_form, reworded, unknown_texts


@pytest.mark.parametrize(
    ("third", "base"),
    [
        ("walks", "walk"), ("carries", "carry"), ("crouches", "crouch"), ("raises", "raise"), ("passes", "pass"),
        ("does", "do"), ("goes", "go"), ("tiptoes", "tiptoe"), ("lies", "lie"), ("pushes", "push"), ("boxes", None),
        ("is", "be"), ("arms", None), ("backwards", None), ("his", None), ("walk", None),
    ],
)  # fmt: skip
def test_verbs_get_their_base(third: str, base: str | None) -> None:
    assert base_form(third) == base


def _ways(caption: str, count: int = 60) -> list[str]:
    return reworded(caption, random.Random(1), count)


def test_a_caption_is_said_as_an_order_a_clip_and_a_sentence() -> None:
    ways = _ways("a person walks forward, then stops and waves with the right hand")
    assert ways[0] == "a person walks forward, then stops and waves with the right hand"
    assert len(set(ways)) == len(ways)
    assert any(way.startswith("walk forward, then stop and wave with the right hand") for way in ways)
    assert any("is walking forward, then stopping and waving" in way for way in ways)
    assert any(re.match(r"(?!a |an |the )\w+ walks forward", way) for way in ways)
    assert "nod_twice" in _ways("a person nods twice")


@pytest.mark.parametrize("caption", ["a person kicks with the left leg 3 times", "left hook", "sword: parry left"])
def test_sides_and_numbers_stay(caption: str) -> None:
    for way in _ways(caption):
        assert "left" in way.lower()
        assert "right" not in way.lower()
        assert ("3" in way) == ("3" in caption)


def test_spelling_follows_both_shores_and_typing_errs() -> None:
    ways = " / ".join(_ways("a person walks backwards in place", 80))
    assert "backward " in ways
    assert "on the spot" in ways
    assert len(set(re.findall(r"\bba[a-z]+", ways)) - {"backwards", "backward"}) > 0, "nobody types wrong"


def test_the_subject_of_odd_bodies_stays() -> None:
    for way in _ways("a cartoon robot gives a thumbs up"):
        assert "person" not in way


def test_what_no_model_can_follow() -> None:
    texts = unknown_texts(random.Random(0))
    assert len(texts) > 150
    assert not any(re.search(r"\b(a person|someone)\b", text) for text in texts)
