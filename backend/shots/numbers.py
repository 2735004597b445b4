"""Numbers in a text: distance, speed and turn of an action, and whether it goes round in a circle."""

import math
import re
from dataclasses import dataclass

_WORDS = {
    "half a": 0.5, "a half": 0.5, "a couple of": 2.0, "a": 1.0, "an": 1.0, "one": 1.0, "two": 2.0, "three": 3.0,
    "four": 4.0, "five": 5.0, "six": 6.0, "seven": 7.0, "eight": 8.0, "nine": 9.0, "ten": 10.0,
    "twenty": 20.0, "one and a half": 1.5, "two and a half": 2.5,
}  # fmt: skip
_AMOUNT = rf"(?P<amount>\d+(?:[.,]\d+)?|{'|'.join(sorted(_WORDS, key=len, reverse=True))})"
_METRES = {
    r"m|metres?|meters?": 1.0, r"cm|centimetres?|centimeters?": 0.01, r"km|kilometres?|kilometers?": 1000.0,
    r"ft|feet|foot": 0.3048, r"yards?|yd": 0.9144, r"inch(?:es)?": 0.0254,
}  # fmt: skip
_UNIT = rf"(?P<unit>{'|'.join(_METRES)})"
_SPEED = re.compile(
    rf"\b{_AMOUNT}\s*(?:{_UNIT}\s*(?:/|per|an?)\s*(?P<time>s|sec|seconds?|h|hours?|min|minutes?)|(?P<kph>km/?h|kph|mph))\b"
    r"|\b(?P<mps>\d+(?:[.,]\d+)?)\s*mps\b",
    re.IGNORECASE,
)
_DISTANCE = re.compile(
    rf"\b{_AMOUNT}[\s-]*{_UNIT}\b(?!\s*(?:/|per\b|an?\s+(?:second|hour)|high|tall|up|apart|circle))", re.I
)
_LED_BY = r"(?:[\s,]*\b(?:for|at|over|about|around|exactly|a\s+(?:speed|pace|distance|length)\s+of))*\s*"
_DEGREES = re.compile(r"(?P<sign>-)?\b(?P<amount>\d+(?:[.,]\d+)?)\s*(?:°|-?\s*degrees?\b|deg\b)", re.IGNORECASE)
_TURNS = re.compile(r"\b(?:turn(?:s|ing|ed)?|rotat(?:e|es|ing)|spin(?:s|ning)?|pivots?)\b", re.IGNORECASE)
_SHARES = {
    r"quarter(?:[\s-]of[\s-]a)?[\s-]turn": 90.0, r"half[\s-](?:a[\s-])?turn": 180.0, r"(?:a )?full[\s-]turn": 360.0,
    r"u[\s-]turn": 180.0,
}  # fmt: skip
_RIGHT = re.compile(r"\bright\b|(?<!counter)(?<!counter-)(?<!anti)(?<!anti-)\bclockwise\b", re.IGNORECASE)
_CIRCLE = re.compile(
    r"\b(?:in|around|along|round)\s+(?:an?\s+|the\s+)?(?:\w+\s+){0,2}?circles?\b|\bcircles around\b", re.I
)
_WAY = re.compile(
    r"\b(?:walk|stroll|go|goes|run|running|jog|sprint|dash|rush|crawl|sneak|creep|tiptoe|limp|shuffl|stagger|march|"
    r"strafe|side[\s-]?step|step|pace|stride|skip|move)\w*"
    r"(?:\s+(?:sideways|straight|slowly|quickly|briskly|carefully|off|away|over|for|about|of))*"
    r"\s+(?:to(?:wards)?\s+(?:the|his|her|their|its)\s+)?(?P<side>left|right)\b(?!\s+(?:[a-z]*\s)?"
    r"(?:arm|hand|leg|foot|knee|shoulder|elbow|heel|toes?|side\s+of))",
    re.IGNORECASE,
)  # "walks slowly to the left", without the distance
_ON_THE_SPOT = re.compile(r"\b(?:on the spot|in place|without moving)\b", re.IGNORECASE)

GAITS = {
    r"\bsprint": 5.0, r"\bjog": 2.2, r"\b(?:run|running|runs|dash|rush)\b": 3.0, r"\bcrawl": 0.4,
    r"\b(?:sneak|creep|tiptoe|limp|shuffl|stagger)": 0.7, r"\bmarch": 1.3,
    r"\b(?:backwards?|sideways|side[\s-]?steps?|strafe)": 0.8, r"\b(?:walk|stroll|step|pace|go|goes|stride)": 1.2,
    r"\bskip": 1.8,
}  # fmt: skip
"""Metres a second that gaits usually have, by recorded clips."""
_PACES = {
    r"\b(?:very slowly|really slowly|extremely slowly)\b": 0.45, r"\b(?:slowly|slow|leisurely)\b": 0.65,
    r"\b(?:quickly|fast|briskly|hurriedly|rapidly)\b": 1.4,
}  # fmt: skip
"""Words that change a gait's speed by a factor."""


@dataclass(frozen=True)
class Numbers:
    """What a text says in numbers; None where it says nothing. distance: metres along the path.  speed: metres a
    second.  turn: degrees, to the left.  circle: +1.0 round to the left, -1.0 to the right.  in_words: whether the
    speed is only said in words, such as "slowly".  side: +1.0 where the way goes to the left, -1.0 to the right."""

    distance: float | None = None
    speed: float | None = None
    turn: float | None = None
    circle: float | None = None
    in_words: bool = False
    side: float | None = None


def read_numbers(text: str) -> Numbers:
    """The numbers of a text of one action.

    >>> read_numbers("walks 2 metres")
    Numbers(distance=2.0, speed=None, turn=None, circle=None, in_words=False, side=None)
    >>> read_numbers("walks to the left for 3 m").side, read_numbers("steps 1 m forward with the left leg").side
    (1.0, None)
    >>> read_numbers("turns 90 degrees right").turn, read_numbers("walks slowly in a circle").speed
    (-90.0, 0.78)
    """
    text = text.replace("_", " ")
    speed = _speed(text)
    rest = _SPEED.sub(" ", text)
    travels = usual_speed(text) > 0.0
    side = -1.0 if _RIGHT.search(rest) else 1.0
    found = _DISTANCE.search(rest) if not _ON_THE_SPOT.search(text) else None
    distance = None
    if found and travels:
        factor = next(f for unit, f in _METRES.items() if re.fullmatch(unit, found["unit"], re.IGNORECASE))
        distance = _amount(found["amount"]) * factor
    circle, turn = side if travels and _CIRCLE.search(rest) else None, _turn(rest, side)
    way = _WAY.search(_DISTANCE.sub(" ", rest)) if travels and circle is None and turn is None else None
    towards = None if way is None else (1.0 if way["side"].lower() == "left" else -1.0)
    return Numbers(distance, speed, turn, circle, speed is not None and not _SPEED.search(text), towards)


def without_way(text: str) -> str:
    """A text without the distance and the speed that it says in numbers.

    >>> without_way("walks forward for 3 m"), without_way("he jogs at 9 km/h to the left"), without_way("walks 2 times")
    ('walks forward', 'he jogs to the left', 'walks 2 times')
    """
    text = text.replace("_", " ")
    for numbers in (_SPEED, _DISTANCE):
        text = re.sub(_LED_BY + numbers.pattern, "", text, flags=re.IGNORECASE)
    return text.strip()


def usual_speed(text: str) -> float:
    """Metres a second at which what a text says usually travels; 0.0 if it does not say that it does.

    >>> usual_speed("a man runs"), usual_speed("walks forward"), usual_speed("waves")
    (3.0, 1.2, 0.0)
    """
    if _ON_THE_SPOT.search(text):
        return 0.0
    return next((speed for words, speed in GAITS.items() if re.search(words, text, re.IGNORECASE)), 0.0)


def _speed(text: str) -> float | None:
    """Metres a second: in numbers, or in words beside a gait ("walks slowly")."""
    if found := _SPEED.search(text):
        if found["mps"]:
            return _amount(found["mps"])
        amount = _amount(found["amount"])
        if found["kph"]:
            return amount * (0.44704 if found["kph"].lower() == "mph" else 1.0 / 3.6)
        metres = next(f for unit, f in _METRES.items() if re.fullmatch(unit, found["unit"], re.IGNORECASE))
        return amount * metres / {"s": 1.0, "h": 3600.0, "m": 60.0}[found["time"][0].lower()]
    usual = usual_speed(text)
    pace = next((factor for words, factor in _PACES.items() if re.search(words, text, re.IGNORECASE)), None)
    return round(usual * pace, 3) if usual and pace else None


def _turn(text: str, side: float) -> float | None:
    """Degrees to the left; only of a turn, not of an arm raised by 90 degrees."""
    for words, degrees in _SHARES.items():
        if re.search(rf"\b{words}\b", text, re.IGNORECASE):
            return side * degrees
    found = _DEGREES.search(text)
    if not found or not _TURNS.search(text):
        return None
    degrees = _amount(found["amount"])
    return side * degrees if math.isfinite(degrees) else None


def _amount(text: str) -> float:
    return _WORDS[text.lower()] if text.lower() in _WORDS else float(text.replace(",", "."))
