"""Cards name every set that a model was trained on, and claim no more than the clips allow."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from motiongpt.backend.dataset.sets import SetRecord
from motiongpt.backend.training.language.card import read_card_draft
from motiongpt.retarget.errors import MotionGPTError


def record(name: str, licence: str, group: str) -> SetRecord:
    return SetRecord(licence, group, name=name, clips=3, minutes=1.0)


FREE = [record("a", "CC0, A", "free"), record("b", "MIT, B", "free"), record("c", "CC0, A", "free")]


@pytest.fixture
def card(tmp_path: Path):
    def write(**entries: object) -> Path:
        (tmp_path / "card.json").write_text(json.dumps({"name": "mine", **entries}))
        return tmp_path / "card.json"

    return write


@pytest.mark.parametrize(
    ("further", "licence", "group"),
    [
        ([], "CC-BY-4.0", "free"),
        ([record("d", "CC BY-SA, D", "share-alike")], "CC-BY-SA-4.0", "share-alike"),
        ([record("d", "CC BY-NC, D", "non-commercial")], "CC-BY-NC-4.0", "non-commercial"),
    ],
)
def test_the_sets_give_licence_and_sources(card, further: list[SetRecord], licence: str, group: str) -> None:
    draft = read_card_draft(card(sources=["and this"]), [*FREE, *further])
    assert (draft["licence"], draft["group"]) == (licence, group)
    expected = {"CC0, A", "MIT, B", "and this", *(s.licence for s in further)}
    assert set(draft["sources"]) - {s for s in draft["sources"] if "encoder" in s} == expected
    assert len(draft["sources"]) == len(set(draft["sources"]))


def test_a_stricter_licence_stays_and_a_laxer_one_is_refused(card) -> None:
    strict = read_card_draft(card(licence="CC BY-NC 4.0"), FREE)
    assert (strict["licence"], strict["group"]) == ("CC BY-NC 4.0", "non-commercial")
    with pytest.raises(MotionGPTError, match=r"MIT, but .* share-alike clips \(d\)"):
        read_card_draft(card(licence="MIT"), [*FREE, record("d", "CC BY-SA, D", "share-alike")])


def test_without_sets_a_card_needs_both(card) -> None:
    with pytest.raises(MotionGPTError, match="lacks licence, sources"):
        read_card_draft(card())
    assert read_card_draft(card(licence="ours", sources=["us"]))["licence"] == "ours"
