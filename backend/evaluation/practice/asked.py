"""Captions of clips, and what the joints of a motion must show that does what they say (`asked.toml`)."""

import itertools
import random
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ....retarget.errors import MotionGPTError
from ...dataset.clips import Clip, Dataset
from ...features import FPS, features_to_motion
from ..animators.body import Body
from ..animators.language import parse
from ..animators.prompts import RIGHT, Prompt, prompts

FILE = Path(__file__).parent / "asked.toml"
_OF_A_CLIP = 3  # captions of one clip that are tried
_SHORTEST, _LONGEST = 2.0, 9.0  # seconds that are asked for
_ANY_COUNT = "1 to 12"
_COUNTS = ("", "once one 1", "twice two 2", "three 3 thrice", "four 4", "five 5", "six 6", "seven 7", "eight 8")
_COUNT_OF = {way: str(n) for n, ways in enumerate(_COUNTS) for word in ways.split() for way in (word, f"{word}x")}
_ROUGHLY = re.compile(r"^(jacks|steps) ")  # hard to count: one more or less will do
_PARTS = re.compile(r"[,;_]|\.(?= )|\b(?:then|and|after that|before|next|while)\b", re.IGNORECASE)
_TURNED = re.compile(r"(?!after that)(?!^)\bafter\b", re.IGNORECASE)  # says the second act first


@dataclass(frozen=True)
class Asked:
    """A caption of a clip as a prompt, whose group is the clip's kind."""

    clip: Clip
    prompt: Prompt


def asked(
    dataset: Dataset, most: int = 12, seed: int = 0, say: Callable[[int, int], None] = lambda done, total: None
) -> list[Asked]:
    """Captions of training clips, `most` of each kind of clip and six times as many of kinds with several acts. The
    clips pass their checks themselves; the animators' prompts are not among them.

    Raises MotionGPTError if the data set has no such clip.
    """
    rng = random.Random(seed)
    clips = [c for c in dataset.split("train") if c.captions]
    rng.shuffle(clips)
    measured_with = {_plain(p.text) for p in prompts()}
    taken: Counter[str] = Counter()
    found = []
    for number, clip in enumerate(clips):
        kind, body = kind_of(clip), None
        room = most * (6 if _table()[1].fullmatch(kind) else 1) - taken[kind]
        for caption in rng.sample(clip.captions, min(_OF_A_CLIP, len(clip.captions), max(0, room))):
            checks = checks_of(kind, caption)
            if not checks or _plain(caption) in measured_with:
                continue
            body = body or Body.of(features_to_motion(np.asarray(dataset.of(clip), np.float64)))
            seconds = float(np.clip(round(2 * len(body) / FPS) / 2, _SHORTEST, _LONGEST))
            prompt = Prompt(kind, caption, seconds, tuple(map(parse, checks)))
            if prompt.judge(body) == RIGHT:
                taken[kind] += 1
                found.append(Asked(clip, prompt))
        say(number + 1, len(clips))
    if not found:
        raise MotionGPTError("No clip of the data set shows what can be checked.", "Use one with authored clips.")
    return found


def kind_of(clip: Clip) -> str:
    """A clip's name without its set and number.

    >>> kind_of(Clip("derived-free/walk-back_03.bvh", 0, 60))
    'walk-back'
    """
    return re.sub(r"[-_]\d+(\.bvh)?$", "", clip.name.split("/")[-1].removesuffix(".bvh"))


def checks_of(kind: str, caption: str) -> list[str]:
    """Checks for a caption of that kind of clip, in the language of the animators' prompts; empty if it is ambiguous.

    >>> checks_of("hop", "hop three times on the left leg")
    ['hops on the left leg 3 times']
    """
    kinds, several, _ = _table()
    if several.fullmatch(kind):
        parts = _acts_in(caption)
        return parts if "while" in (kind, *caption.split()) else [" then ".join(parts)] if parts else []
    templates = next((checks for pattern, checks in kinds if pattern.fullmatch(kind)), [])
    filled = [_filled(template, caption) for template in templates]
    return [] if None in filled else [check for check in filled if check]


@cache
def _table() -> tuple[list[tuple[re.Pattern[str], list[str]]], re.Pattern[str], list[tuple[re.Pattern[str], str]]]:
    """Kinds with their checks; kinds that show several acts; patterns of acts' words with their checks."""
    table: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    acts = [(re.compile(act["words"], re.IGNORECASE), str(act["check"])) for act in table["acts"]["list"]]
    kinds = [(re.compile(pattern), list(checks)) for pattern, checks in table["checks"].items()]
    return kinds, re.compile(table["acts"]["clips"]), acts


def _acts_in(caption: str) -> list[str]:
    """Checks of a caption's acts in their order; the same one is not twice in a row."""
    parts = [] if _TURNED.search(caption) else _PARTS.split(caption)
    templates = [next((check for words, check in _table()[2] if words.search(part)), "") for part in parts]
    if sum(map(bool, templates)) == 1:
        parts = [caption] * len(parts)  # Jump_4x
    found = [check for check in map(_filled, templates, parts) if check]
    return [check for check, _ in itertools.groupby(found)]


def _filled(template: str, text: str) -> str | None:
    """A check with the side and the count that a text names; "" if it asks for nothing without them, None if the text
    names both sides."""
    words = re.findall(r"[a-z]+|\d+x?", text.lower())
    sides = {side for side in ("left", "right") if side in words or side[0] in words}
    if len(sides) == 2:
        return None
    side = next(iter(sides), "either")
    count = next((_COUNT_OF[word] for word in words if word in _COUNT_OF), _ANY_COUNT)
    if count != _ANY_COUNT and _ROUGHLY.search(template):
        count = f"{max(1, int(count) - 1)} to {int(count) + 1}"
    if side == "either":
        if "{other}" in template and "stays below" in template:
            return ""
        template = re.sub(r"\bonly (\{side\})", r"\1", template)
        template = re.sub(r"(ducks|looks|goes) \{side\}", r"\1 left or \1 right", template)
        template = re.sub(r".*points \{side\}.*", "either arm points aside", template)
    other = {"left": "right", "right": "left"}.get(side, "one")
    return template.format(side=side, other=other, count=count)


def _plain(text: str) -> str:
    return text.lower().strip(" .")


def kinds_among(found: Sequence[Asked]) -> int:
    """How many kinds of clips."""
    return len({one.prompt.group for one in found})
