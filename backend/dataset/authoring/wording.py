"""Captions of a take: the gesture's own sentences in several registers, filled in."""

import re

import numpy as np

from .gesture import REGISTERS, Gesture
from .takes import Take

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TIMES = ("never", "once", "twice")
_WHILE = {
    "walk": ("while walking", "while walking along"),
    "sit": ("while sitting", "while seated", "while sitting on a chair"),
}
_OTHER = {"left": "right", "right": "left", "": ""}


def number(count: int) -> str:
    """In words, up to ten."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def times(count: int) -> str:
    """ "once", "twice", "three times"."""
    return _TIMES[count] if count < len(_TIMES) else f"{number(count)} times"


def captions_of(gesture: Gesture, take: Take, base: str, rng: np.random.Generator) -> list[str]:
    """One caption of each register, without doubles. base: "idle", "walk" or "sit".

    Of a gesture with several bases, captions add that it walks or sits, unless they have a {base} of their own. One
    word can't say it, and is left out there, so that "nod" alone stays the nod of somebody who stands.
    """
    during = base if len(gesture.bases) > 1 else ""
    out: dict[str, None] = {}
    for register in REGISTERS:
        texts = gesture.captions.get(register, ())
        if texts and not (register == "word" and during in _WHILE):
            text = filled(str(rng.choice(texts)), take, during, register, rng)
            out[text] = None
    return list(out)


def filled(text: str, take: Take, base: str, register: str, rng: np.random.Generator) -> str:
    """A caption with its placeholders filled and its spaces tidied."""
    during = str(rng.choice(_WHILE[base])) if base in _WHILE else ""
    if during and register == "game":
        text += f"_{base.capitalize()}" if text[0].isupper() else f"_{base}"
    elif "{base}" not in text and during and register != "word":
        text = re.sub(r"\.?$", " {base}" + ("." if text.endswith(".") else ""), text, count=1)
    values = {
        "side": take.side, "other": _OTHER[take.side], "count": number(take.count), "times": times(take.count),
        "speed": take.speed, "size": take.size, "base": during, "Side": take.side.capitalize(),
        "S": take.side[:1].upper(),
    }  # fmt: skip
    text = re.sub(r"\{(\w+)\}", lambda m: values[m[1]], text)
    text = re.sub(r"\s+([.,])", r"\1", re.sub(r"\s+", " ", text)).strip()
    return re.sub(r",+(?=\.?$)", "", text)  # left by a speed that has no word
