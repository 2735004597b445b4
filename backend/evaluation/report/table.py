"""Rows of the table: one judged set each, by the field's measures, with 95 % intervals over its runs."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from ....retarget.typing import Floats, Ints
from ...dataset.clips import Dataset
from ...dataset.meaning import ACTION_NAMES, STYLE_NAMES, meaning_of
from ...dataset.words.vocabulary import OTHER
from ..cases import Case
from ..measures import embeddings
from ..sets import DEEP, LONG_FREEZE, JudgedSet

Cell = tuple[float, float]
"""Mean over runs and half of the 95 % interval."""

FREQUENT = 20
"""Actions with more training clips than this (mirrored copies not counted) are judged one by one."""

MIN_OF_SET = 4
OTHER_SETS = "smaller sets"

COLUMNS: dict[str, tuple[str, str]] = {
    "r1": ("R-Precision top 1", "higher"),
    "r2": ("top 2", "higher"),
    "r3": ("top 3", "higher"),
    "mm_dist": ("MM-Dist", "lower"),
    "fid": ("FID", "lower"),
    "diversity": ("Diversity", "real"),
    "multimodality": ("MultiModality", ""),
    "action": ("action right", "higher"),
    "style": ("style right", "higher"),
    "sliding": ("foot sliding, cm/s", "lower"),
    "deep": ("motions > 3 cm below the floor", "lower"),
    "jitter": ("jitter, 100 m/s³", "real"),
    "frozen": ("motions still > 1 s", "lower"),
    "length": ("length off, frames", "lower"),
}
"""Key -> (heading, which is better: higher, lower, as real motion, or neither)."""


def frequent_actions(dataset: Dataset) -> set[str]:
    """Actions with more than FREQUENT training clips."""
    counts = Counter(meaning_of(c).action for c in dataset.split("train") if not c.mirrored)
    return {action for action, count in counts.items() if count > FREQUENT and action != OTHER}


def meanings_of(cases: Sequence[Case]) -> list[tuple[str, str]]:
    """What a pool may hold once: action and style of each case; clips without tags count by their name."""
    return [(c.meaning.action, c.meaning.style) if c.clip.tags else (c.clip.name, str(c.clip.mirrored)) for c in cases]


def row_of(
    judged: JudgedSet,
    real: JudgedSet,
    text: Floats,
    cases: Sequence[Case],
    asked: Sequence[int],
    runs: int,
    pool: int = embeddings.POOL,
) -> dict[str, Cell]:
    """Every measure of a set. text (N, D): the captions' vectors.  asked: frames.  runs: random draws; run r takes
    variation r, and real motion, of which there is one, only draws other pools and pairs."""
    found: dict[str, list[float]] = {key: [] for key in COLUMNS}
    for run in range(runs):
        which = run % judged.runs
        vectors = judged.vectors[:, which]
        rank, random = _ranked(judged, text, cases, run, pool)
        for k in (1, 2, 3):
            found[f"r{k}"].append(float(np.mean(rank < k)))
        found["mm_dist"].append(embeddings.multimodal_distance(text, vectors))
        found["fid"].append(embeddings.frechet_distance(real.vectors[:, 0], vectors))
        found["diversity"].append(embeddings.diversity(vectors, random, len(vectors) // 2))
        if judged.runs > 1:
            found["multimodality"].append(embeddings.multimodality(judged.vectors, random))
        found["action"].append(right_actions(judged, cases, which))
        found["style"].append(right_styles(judged, cases, which))
        _physics(found, judged, np.asarray(asked), which)
    return {key: embeddings.interval(values) for key, values in found.items() if values}


def _ranked(
    judged: JudgedSet, text: Floats, cases: Sequence[Case], run: int, pool: int
) -> tuple[Ints, np.random.Generator]:
    """The ranks (N,) of a run's motions, and its random numbers from there on."""
    meanings, random = meanings_of(cases), np.random.default_rng([17, run])
    vectors = judged.vectors[:, run % judged.runs]
    return embeddings.ranks(text, vectors, meanings, random, min(pool, len(set(meanings)))), random


def _physics(found: dict[str, list[float]], judged: JudgedSet, asked: Floats, which: int) -> None:
    found["sliding"].append(100.0 * float(judged.sliding[:, which].mean()))
    found["deep"].append(float((judged.penetration[:, which] > DEEP).mean()))
    found["jitter"].append(float(judged.jitter[:, which].mean()))
    found["frozen"].append(float((judged.freeze[:, which] > LONG_FREEZE).mean()))
    found["length"].append(float(np.abs(judged.frames[:, which] - asked).mean()))


def right_actions(judged: JudgedSet, cases: Sequence[Case], which: int, only: set[str] | None = None) -> float:
    """Share of motions that are classified as what their prompt asks for, over cases whose action is known (`only`:
    over those of these actions); nan where there are none."""
    chosen = [
        i for i, c in enumerate(cases) if c.meaning.action != OTHER and (only is None or c.meaning.action in only)
    ]
    wanted = np.array([ACTION_NAMES.index(cases[i].meaning.action) for i in chosen])
    return float((judged.actions[chosen, which] == wanted).mean()) if chosen else float("nan")


def right_styles(judged: JudgedSet, cases: Sequence[Case], which: int) -> float:
    """Share of motions that are classified as the style that their prompt names; the normal one is hardly ever named
    and does not count."""
    chosen = [i for i, c in enumerate(cases) if c.meaning.style not in ("", "normal")]
    wanted = np.array([STYLE_NAMES.index(cases[i].meaning.style) for i in chosen])
    return float((judged.styles[chosen, which] == wanted).mean()) if chosen else float("nan")


def by_action(judged: JudgedSet, cases: Sequence[Case], actions: set[str]) -> dict[str, float]:
    """Share classified right, over all variations, for every frequent action."""
    out = {}
    for action in sorted(actions):
        shares = [right_actions(judged, cases, run, {action}) for run in range(judged.runs)]
        if not np.isnan(shares).all():
            out[action] = float(np.mean(shares))
    return out


def by_set(
    judged: JudgedSet, text: Floats, cases: Sequence[Case], runs: int, pool: int = embeddings.POOL
) -> dict[str, dict[str, float]]:
    """For each set of clips, R-Precision ("r1", "r3") in pools from all sets and the mean distance from the texts
    ("mm_dist"), over the runs, and how many clips it has ("clips"); sets with fewer than MIN_OF_SET count together."""
    found = []
    for run in range(runs):
        rank, _ = _ranked(judged, text, cases, run, pool)
        away = np.linalg.norm(text - judged.vectors[:, run % judged.runs], axis=1)
        found.append([rank < 1, rank < 3, away])
    of_case = np.mean(np.array(found, np.float64), axis=0)  # (3, N)
    sizes = Counter(c.clip.set for c in cases)
    names = [c.clip.set if sizes[c.clip.set] >= MIN_OF_SET else OTHER_SETS for c in cases]
    out = {}
    for name in sorted(set(names), key=lambda n: (n == OTHER_SETS, n)):
        rows = [i for i, own in enumerate(names) if own == name]
        means = of_case[:, rows].mean(axis=1).tolist()
        out[name] = {"clips": float(len(rows)), **dict(zip(("r1", "r3", "mm_dist"), means, strict=True))}
    return out


def plain(rows: dict[str, dict[str, Cell]]) -> dict[str, Any]:
    """For JSON: every cell as [mean, half of the interval], rounded."""
    return {
        name: {key: [round(float(v), 5) for v in cell] for key, cell in row.items() if not np.isnan(cell[0])}
        for name, row in rows.items()
    }
