"""The language of checks: "left hand above head and not: walks then stands still".

A check is a phrase that a measure declares with `check`; numbers and sides stand where its pattern has {n} or {side}.
`and`, `or`, `not:` and `then` join phrases: `A then B` holds if the motion can be cut so that A holds before the cut
and B after it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from ....retarget.errors import MotionGPTError
from .body import Body

_PLACES = {"n": r"(-?\d+(?:\.\d+)?)", "side": "(left|right|either|both|only left|only right|one)", "way": "([a-z]+)",
           "place": "([a-z ]+?)", "count": r"(\d+(?: to \d+)?)"}  # fmt: skip
CUT = 0.25  # seconds between the cuts that are tried
SHORTEST = 0.5  # seconds of a part


@dataclass(frozen=True)
class Measure:
    """passive: holds for a body that does nothing, so that it alone does not show that a prompt was understood."""

    pattern: re.Pattern[str]
    holds: Callable[..., bool]
    passive: bool


MEASURES: list[Measure] = []


def check(phrase: str, passive: bool = False) -> Callable[[Callable[..., bool]], Callable[..., bool]]:
    """Declare a measure by its phrase. Its function gets the body, then what stands at the places of the phrase."""
    kinds = re.findall(r"\{(\w+)\}", phrase)
    pattern = re.sub(r"\{(\w+)\}", lambda m: _PLACES[m[1]], phrase)

    def declare(function: Callable[..., bool]) -> Callable[..., bool]:
        def holds(body: Body, *texts: str) -> bool:
            return bool(function(body, *(_value(k, t) for k, t in zip(kinds, texts, strict=True))))

        MEASURES.append(Measure(re.compile(pattern), holds, passive))
        return function

    return declare


def _value(kind: str, text: str) -> Any:
    if kind == "n":
        return float(text)
    if kind == "count":
        low, _, high = text.partition(" to ")
        return int(low), int(high or low)
    return text


@dataclass(frozen=True)
class Check:
    """text: as written.  holds: of a body.  passive: no phrase in it asks for anything to be done.
    parts: the texts around `then`."""

    text: str
    holds: Callable[[Body], bool]
    passive: bool
    parts: tuple[str, ...]


@cache
def parse(text: str) -> Check:
    """Raises MotionGPTError for a phrase that no measure declares."""
    parts = tuple(part.strip() for part in text.split(" then "))
    if len(parts) > 1:
        checks = [parse(p) for p in parts]
        return Check(text, lambda b: in_order(b, checks), all(c.passive for c in checks), parts)
    for joint, all_of in ((" or ", False), (" and ", True)):
        if joint in text:
            several = [parse(p.strip()) for p in text.split(joint)]
            combine = all if all_of else any
            holds = lambda b, cs=several, f=combine: f(c.holds(b) for c in cs)  # noqa: E731
            return Check(text, holds, (any if joint == " or " else all)(c.passive for c in several), (text,))
    if text.startswith("not: "):
        inner = parse(text.removeprefix("not: "))
        return Check(text, lambda b: not inner.holds(b), True, (text,))
    for measure in MEASURES:
        if found := measure.pattern.fullmatch(text):
            return Check(text, partial(_measured, measure, found.groups()), measure.passive, (text,))
    raise MotionGPTError(f'No check is called "{text}".', "See backend/evaluation/animators for those that there are.")


def _measured(measure: Measure, values: tuple[str, ...], body: Body) -> bool:
    return measure.holds(body, *values)


def in_order(body: Body, checks: list[Check]) -> bool:
    """Whether the motion can be cut into as many parts, of which each passes its check."""
    if len(checks) == 1:
        return checks[0].holds(body)
    step, least = body.frames(CUT), body.frames(SHORTEST)
    cuts = range(least, len(body) - least * (len(checks) - 1) + 1, step)
    return any(checks[0].holds(body.part(0, cut)) and in_order(body.part(cut, len(body)), checks[1:]) for cut in cuts)


def somewhere(body: Body, check: Check) -> bool:
    """Whether a check holds for some beginning or some end of the motion."""
    least = body.frames(SHORTEST)
    cuts = range(least, len(body) - least + 1, body.frames(CUT))
    return any(check.holds(part) for cut in cuts for part in (body.part(0, cut), body.part(cut, len(body))))
