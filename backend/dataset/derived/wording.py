"""Captions of derived clips, in several registers: sentences, notes, names of game actions, a few words.

An action is said in the base form with its verbs starred ("*bend down and *pick up a box"); `said` inflects it.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from ..captions import ing_form, third_person

NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
SUBJECTS = (
    "a person", "a person", "someone", "a man", "a woman", "the person", "the character", "a character", "a figure",
    "somebody", "the man", "the woman",
)  # fmt: skip
_BARE = ("person", "man", "woman", "character", "guy", "figure")
_SPELLINGS = (
    ("metre", "meter"), ("backwards", "backward"), ("forwards", "forward"), ("turn around", "turn round"),
    ("on the spot", "in place"), ("football", "soccer ball"), ("anticlockwise", "counterclockwise"),
    ("degrees", "deg"),
)  # fmt: skip

_SHORT = (("forward", "fwd"), ("back", "bwd"), ("left", "l"), ("right", "r"))


@dataclass(frozen=True)
class Act:
    """One action in words.  says: base forms with starred verbs.  name: two or three words for a game action."""

    says: tuple[str, ...]
    name: str


def said(phrase: str, form: str) -> str:
    """A starred phrase as "third" person, "ing" form, or "base".

    >>> said("*bend down and *pick up a box", "third"), said("*run", "ing")
    ('bends down and picks up a box', 'running')
    """
    inflect: dict[str, Callable[[str], str]] = {"third": third_person, "ing": ing_form, "base": str}
    return re.sub(r"\*(\w+)", lambda found: inflect[form](found[1]), phrase)


def times(count: int, rng: random.Random) -> str:
    """How often something happens, in words or digits."""
    words = {1: ("once", "one time", "a single time"), 2: ("twice", "two times", "2 times", "2x")}
    return rng.choice(
        words.get(count, (f"{NUMBERS[count]} times", f"{NUMBERS[count]} times", f"{count} times", f"{count}x"))
    )


def number(count: int, rng: random.Random) -> str:
    """A number in words, or sometimes in digits."""
    return NUMBERS[count] if rng.random() < 0.7 else str(count)


def captions(acts: list[Act], rng: random.Random, count: int) -> list[str]:
    """That many different captions for actions that follow each other, at least one of them a whole sentence."""
    registers = [_sentence, *rng.sample([_sentence, _note, _bare, _few, _name, _note, _sentence], k=6)]
    found: list[str] = []
    for register in registers * 2:
        caption = _varied(register(acts, rng), rng)
        if caption not in found:
            found.append(caption)
        if len(found) == count:
            break
    return found


def _sentence(acts: list[Act], rng: random.Random) -> str:
    subject = rng.choice(SUBJECTS)
    phrases = [rng.choice(act.says) for act in acts]
    if len(acts) > 1 and rng.random() < 0.3:
        return _turned_round(subject, phrases, rng)
    if rng.random() < 0.15:
        return f"{subject} is {_linked([said(p, 'ing') for p in phrases], rng, '')}."
    parts = [said(p, "third") for p in phrases]
    if len(parts) > 1 and rng.random() < 0.15:
        return f"{subject} {parts[0]}. " + ". ".join(f"{_then(rng)} they {said(p, 'base')}" for p in phrases[1:]) + "."
    return f"{subject} {_linked(parts, rng, 'they ')}{rng.choice(('.', '', '.'))}"


def _then(rng: random.Random) -> str:
    return rng.choice(("Then", "After that", "Next,", "Afterwards"))


def _turned_round(subject: str, phrases: list[str], rng: random.Random) -> str:
    """ "After walking forward, ..." and "... before sitting down"."""
    *first, last = phrases
    before = _linked([said(p, "ing") for p in first], rng, "")
    if rng.random() < 0.4:
        return f"after {before}, {subject} {said(last, 'third')}."
    start = _linked([said(p, "third") for p in first], rng, "")
    if rng.random() < 0.6:
        return f"{subject} {start} before {said(last, 'ing')}."
    return f"first {subject} {start}, then {said(last, 'third')}."


def _linked(parts: list[str], rng: random.Random, pronoun: str) -> str:
    if len(parts) == 1:
        return parts[0]
    *first, last = parts
    link = rng.choice((", then ", " and then ", " then ", ", and then ", " and ", ", after that "))
    if len(first) > 1 and link == " and ":
        return ", ".join(first) + " and " + last
    middle = rng.choice((", ", ", then ")) if link != ", then " else ", "
    return middle.join(first) + link + last


def _note(acts: list[Act], rng: random.Random) -> str:
    """A director's: "Walk forward, stop, then wave"."""
    note = _linked([said(rng.choice(act.says), "base") for act in acts], rng, "")
    return note[0].upper() + note[1:] if rng.random() < 0.5 else note


def _bare(acts: list[Act], rng: random.Random) -> str:
    """No article: "man walks forward then waves"."""
    form = rng.choice(("third", "ing"))
    return f"{rng.choice(_BARE)} {_linked([said(rng.choice(act.says), form) for act in acts], rng, '')}"


def _few(acts: list[Act], rng: random.Random) -> str:
    words = [rng.choice(act.says) if rng.random() < 0.5 else act.says[0] for act in acts]
    return _linked([said(w, "ing") for w in words], rng, "")


def _name(acts: list[Act], rng: random.Random) -> str:
    """As clips are called in games: "walk_stop_wave", "walk to wave", "Run_Bwd", "walk, stop, wave"."""
    names = [act.name for act in acts]
    if rng.random() < 0.5:
        names = [_abbreviated(name) for name in names]
    style = rng.randrange(4)
    if style == 0:
        return "_".join(n.replace(" ", "_") for n in names)
    if style == 1:
        return " to ".join(names)
    return ", ".join(names) if style == 2 else "_".join(n.title().replace(" ", "_") for n in names)


def _abbreviated(name: str) -> str:
    """As games shorten directions: "run back" -> "run bwd", "strafe left" -> "strafe l"."""
    for word, short in _SHORT:
        name = re.sub(rf"\b{word}\b", short, name)
    return name


def _varied(caption: str, rng: random.Random) -> str:
    """British or American spelling, here and there a capital."""
    for british, american in _SPELLINGS:
        if rng.random() < 0.5:
            caption = caption.replace(british, american)
    return caption[0].upper() + caption[1:] if rng.random() < 0.15 else caption
