"""Captions are read back as what they mean."""

import itertools
import random

import pytest

from motiongpt.backend.dataset.captions import ACTIONS, LITTLE, SAME_STYLE, STYLES, describe
from motiongpt.backend.dataset.clips import Clip
from motiongpt.backend.dataset.meaning import (
    SAME_ACTION,
    Meaning,
    is_steady,
    meaning_of_tags,
    read_caption,
    stands_still,
)


def test_captions_that_can_be_made_are_read_back() -> None:
    """What `describe` writes for an action and a style says that action and no other style."""
    rng, wrong = random.Random(1), []
    for content, style, little in itertools.product(ACTIONS, STYLES, (False, True)):
        for _ in range(2):
            text = describe(content, style, False, little, rng)
            read = read_caption(text)
            if read.action != SAME_ACTION.get(content, content):
                wrong.append((content, read.action, text))
            if read.style not in ("", SAME_STYLE.get(style, style)):
                wrong.append((style, read.style, text))
    assert not wrong


def test_every_wording_is_read_back_with_every_way_of_a_style() -> None:
    """Each wording once with no style and once with some way to say one; each such way at least once."""
    ways = [(w, SAME_STYLE.get(s, s), at) for s, of in STYLES.items() for at, way in enumerate(of) for w in way]
    wordings = [(v, SAME_ACTION.get(a, a)) for of in (ACTIONS, LITTLE) for a, verbs in of.items() for v in verbs]
    random.Random(2).shuffle(ways)
    for i in range(max(len(ways), len(wordings))):
        (way, style, at), (verb, action) = ways[i % len(ways)], wordings[i % len(wordings)]
        subject = way if at == 1 else "a person"
        end = "" if at == 1 else f" {way}"
        words = (verb.third, f"is {verb.ing}", verb.base)[i % 3] + f" {verb.tail}"
        assert read_caption(f"a person {words}") == Meaning(action), words
        assert read_caption(f"{subject} {words}{end}") == Meaning(action, style), (subject, words, end)


def test_no_words_say_two_things() -> None:
    """A wording belongs to one action and a way to one style, apart from those that mean the same."""
    of: dict[str, set[str]] = {}
    for style, ways in STYLES.items():
        for way in (w for some in ways for w in some):
            of.setdefault(way, set()).add(SAME_STYLE.get(style, style))
    for actions in (ACTIONS, LITTLE):
        for action, verbs in actions.items():
            for verb in verbs:
                of.setdefault(f"{verb.third} {verb.tail}", set()).add(SAME_ACTION.get(action, action))
    assert not {words: things for words, things in of.items() if len(things) > 1}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("An old woman is walking around a corner to the left.", Meaning("walk-turn-left", "elderly")),
        ("he turns clockwise while walking", Meaning("walk-turn-right")),
        ("a person waves", Meaning("wave-both-hands")),
        ("someone lifts the right hand and waves, full of anger", Meaning("wave-right-hand", "angry")),
        ("a person dribbles a basketball while walking forward", Meaning("other")),
        ("a dancer walks backward", Meaning("walk-back", "musical")),
        ("", Meaning("other")),
    ],
)
def test_captions_are_read(text: str, meaning: Meaning) -> None:
    assert read_caption(text) == meaning


def test_sides_and_kinds() -> None:
    assert (Meaning("wave-both-hands").side, Meaning("wave-both-hands").kind) == ("both", "wave")
    assert (Meaning("walk-turn-left").side, Meaning("walk-turn-left").kind) == ("left", "walk-turn")
    assert (Meaning("walk").side, Meaning("walk").kind) == ("", "walk")
    assert meaning_of_tags({"content": "bye", "style": "old"}, mirrored=True) == Meaning("wave-left-hand", "elderly")
    assert meaning_of_tags({}, mirrored=False) is None


@pytest.mark.parametrize(
    ("caption", "steady", "still"),
    [
        ("a person walks forward", True, False),
        ("a person walks forward, then stops", False, False),
        ("a person takes three steps", False, False),
        ("a person stands still", True, True),
        ("a person stands idle and waves", True, False),
        ("a person sits down", False, False),
        ("a person punches twice", False, False),
        ("A person dances the twist.", True, False),
    ],
)
def test_captions_say_what_may_be_cut(caption, steady, still):
    clip = Clip("a.bvh", 0, 60, [caption])
    assert is_steady(clip) is steady
    assert stands_still(clip) is still
