"""What a model is tested on: the test clips and their captions, and prompts in words that were kept out of training.

The lists are in this folder, so that every model gets the same ones. `test_clips.txt`: the project's own test split.
`test_captions.csv`: three captions for each test clip and its mirrored copy, naming every style but the normal one.
`unseen_prompts.csv`: prompts in words that no caption has (kind "word"), and pairs of action and style that no training
clip shows (kind "pair"), which `unseen_pairs.csv` lists.
"""

import csv
import random
from dataclasses import dataclass
from pathlib import Path

from ..dataset.captions import describe
from ..dataset.clips import Clip, Dataset
from ..dataset.meaning import Meaning, meaning_of

_HERE = Path(__file__).parent
MIN_FRAMES = 20


@dataclass(frozen=True)
class Case:
    """A test clip, its meaning, and its captions: the first is the prompt, all are references."""

    clip: Clip
    meaning: Meaning
    captions: tuple[str, ...]

    @property
    def prompt(self) -> str:
        return self.captions[0]


@dataclass(frozen=True)
class UnseenPrompt:
    """words: those that no caption has.  actions, styles: any of them is right; without styles, none is asked for."""

    prompt: str
    words: tuple[str, ...]
    actions: tuple[str, ...]
    styles: tuple[str, ...]
    kind: str


def unseen_prompts() -> tuple[UnseenPrompt, ...]:
    """All of `unseen_prompts.csv`."""
    with open(_HERE / "unseen_prompts.csv", newline="", encoding="utf-8") as file:
        return tuple(
            UnseenPrompt(
                row["prompt"],
                tuple(row["words"].split()),
                tuple(row["action"].split()),
                tuple(row["style"].split()),
                row["kind"],
            )
            for row in csv.DictReader(file)
        )


def _test_captions() -> dict[tuple[str, bool], tuple[str, ...]]:
    found: dict[tuple[str, bool], list[str]] = {}
    with open(_HERE / "test_captions.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault((row["clip"], row["mirrored"] == "1"), []).append(row["caption"])
    return {key: tuple(texts) for key, texts in found.items()}


def cases_of(dataset: Dataset, limit: int | None = None) -> list[Case]:
    """The test clips that have captions or tags, with captions from `test_captions.csv`, else their own or new ones.

    limit: at most so many, spread evenly.  Clips too short to be judged are left out.
    """
    listed, rng = _test_captions(), random.Random(0)
    cases = []
    for clip in dataset.split("test"):
        if clip.frames < MIN_FRAMES or not (clip.captions or clip.tags):
            continue
        captions = listed.get((clip.name, clip.mirrored)) or tuple(clip.captions)
        if not captions:
            tags = clip.tags
            captions = tuple(describe(tags["content"], tags["style"], clip.mirrored, False, rng) for _ in range(3))
        cases.append(Case(clip, meaning_of(clip), captions))
    if limit is not None and limit < len(cases):
        cases = [cases[i * len(cases) // limit] for i in range(limit)]
    return cases
