"""Sentences in the language of the interface, made of templates."""

from collections.abc import Iterator

import pytest

from motiongpt.addon.translation.saying import look_up_in, say, together, told
from motiongpt.retarget.errors import MotionGPTError

GERMAN = {"{count} takes of {name}": "{name}: {count} Takes", "Gone.": "Weg.", "Try again.": "Noch einmal."}


@pytest.fixture
def german() -> Iterator[None]:
    look_up_in(lambda text: GERMAN.get(text, text))
    yield
    look_up_in(None)


def test_english_is_said_without_a_catalogue() -> None:
    assert say("{count} takes of {name}", count=3, name="Ann") == "3 takes of Ann"
    assert say("A {brace} stays without values") == "A {brace} stays without values"
    assert told(MotionGPTError("Gone.", "Try again.")) == str(MotionGPTError("Gone.", "Try again."))


def test_fields_may_change_places(german: None) -> None:
    assert say("{count} takes of {name}", count=3, name="Ann") == "Ann: 3 Takes"
    assert say("{share:.0%} of {what}", share=0.5, what="it") == "50% of it"  # not in the catalogue


def test_errors_are_told_with_their_cure(german: None) -> None:
    assert told(MotionGPTError("Gone.", "Try again.")) == "Weg. Noch einmal."
    assert told(MotionGPTError("Gone.")) == "Weg."
    assert told(OSError("no space left")) == "no space left"


def test_no_space_follows_a_wide_full_stop() -> None:
    assert together("", "甲。", "", "乙。") == "甲。乙。"
    assert together("One.", "Two.") == "One. Two." and together() == ""
