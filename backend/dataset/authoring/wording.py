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
    """One caption of each register, without doubles. base: "idle", "walk" or "sit", which captions other than those
    of one word add, unless they have a {base} of their own."""
    out: dict[str, None] = {}
    for register in REGISTERS:
        texts = gesture.captions.get(register, ())
        if texts:
            text = filled(str(rng.choice(texts)), take, base, register, rng)
            out[text] = None
    return list(out)


def filled(text: str, take: Take, base: str, register: str, rng: np.random.Generator) -> str:
    """A caption with its placeholders filled and its spaces tidied."""
    during = str(rng.choice(_WHILE[base])) if base in _WHILE else ""
    if "{base}" not in text and during and register not in ("word", "game"):
        text = re.sub(r"\.?$", " {base}" + ("." if text.endswith(".") else ""), text, count=1)
    values = {
        "side": take.side, "other": _OTHER[take.side], "count": number(take.count), "times": times(take.count),
        "speed": take.speed, "size": take.size, "base": during, "Side": take.side.capitalize(),
    }  # fmt: skip
    text = re.sub(r"\{(\w+)\}", lambda m: values[m[1]], text)
    return re.sub(r"\s+([.,])", r"\1", re.sub(r"\s+", " ", text)).strip()
