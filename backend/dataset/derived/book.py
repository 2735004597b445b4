"""All recipes, how many clips of each, and the folder that they are written to."""

import csv
import random
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.files.bvh import write_bvh
from ...inbetween.transition import TransitionModel
from . import acting, changing, travelling
from .library import LICENCES, Library, read_library
from .measures import faults
from .motion.manners import MANNERS
from .recipe import Derived, Kitchen, Recipe, cleaned
from .wording import captions

COLUMNS = ("file", "caption", "action", "weight", "set")
_TRIES = 8  # with other sources and numbers, where a recipe's clip is no good
_ALL, _TRAVEL = LICENCES, ("free", "free", "nc")

_BOOK: dict[str, tuple[Recipe, int, tuple[str, ...]]] = {
    "circle": (travelling.circle, 36, _TRAVEL),
    "eight": (travelling.eight, 14, _TRAVEL),
    "u-turn": (travelling.u_turn, 24, _TRAVEL),
    "winding": (travelling.winding, 20, _TRAVEL),
    "square": (travelling.square, 14, _TRAVEL),
    "turning": (travelling.turning, 24, _TRAVEL),
    "distance": (travelling.distance, 30, ("free",)),
    "steps": (travelling.steps, 30, ("free",)),
    "paced": (travelling.paced, 30, _TRAVEL),
    "long": (travelling.long, 24, _TRAVEL),
    "start": (travelling.start, 28, ("free",)),
    "stop": (travelling.stop, 32, ("free",)),
    "spot": (travelling.on_spot, 36, ("free",)),
    "back-side": (travelling.back_or_side, 48, _TRAVEL),
    "pace": (changing.pace, 16, _TRAVEL),
    "freeze": (changing.freeze, 14, _TRAVEL),
    "pause": (changing.pause, 20, ("free",)),
    "other-gait": (changing.other_gait, 24, _TRAVEL),
    "back-then-run": (changing.back_then_run, 10, ("free",)),
    "turn-then-leave": (changing.turn_then_leave, 24, ("free",)),
    "in-place": (travelling.in_place, 24, _TRAVEL),
    "skip": (travelling.skip, 10, ("free",)),
    "stairs": (travelling.stairs, 20, _TRAVEL),
    "hop": (travelling.hop, 20, ("free",)),
    "moonwalk": (travelling.moon, 8, ("free",)),
    "styled": (travelling.styled, 24, ("nc",)),
    "while": (travelling.while_gesture, 24, _ALL),
    **{f"manner-{name}": (partial(travelling.manner, name), 11, _TRAVEL) for name in MANNERS},
    "count": (acting.counted, 60, _ALL),
    "sequence": (acting.one_after_another, 90, _ALL),
    "stand-then": (acting.stand_then, 40, _ALL),
    "arrive-then": (acting.arrive_then, 80, _ALL),
    "act-then-leave": (acting.act_then_leave, 36, _ALL),
    "standing": (acting.standing, 24, ("free", "share-alike")),
}
"""Recipe, clips of it, and the licence groups that take turns."""


@dataclass(frozen=True)
class Outcome:
    """clips: written, by set.  seconds: of motion.  left_out: recipe -> clips that did not come out well."""

    clips: dict[str, int]
    seconds: float
    left_out: dict[str, int]


def derive(
    base: Path,
    out: Path,
    model: TransitionModel | None = None,
    seed: int = 0,
    variants: float = 1.0,
    progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Outcome:
    """Make clips from the recorded ones in `base` and write them to `out`, with `captions.csv`.

    variants: how many times the usual number of clips. The same base, seed and number give the same files. Raises
    MotionGPTError for a folder without the recordings, or a number that makes no clip.
    """
    orders = [
        (name, i)
        for name, (_, n, _) in _BOOK.items()
        for i in range(max(1, round(n * variants)) if variants > 0 else 0)
    ]
    if not orders:
        raise MotionGPTError("No clips were asked for.", "Give a number of variants above 0.", "usage")
    library = read_library(base, partial(progress, "Reading clips"))
    left_out: Counter[str] = Counter()
    made: list[tuple[str, int, Derived]] = []
    seen: set[tuple[int, float]] = set()
    out.mkdir(parents=True, exist_ok=True)
    for done, (name, index) in enumerate(orders):
        progress("Making clips", done, len(orders))
        clip = _cook(library, model, name, index, seed, seen)
        if clip is None:
            left_out[name] += 1
        else:
            made.append((name, index, clip))
            _write(clip, out / _file(name, index, clip))
    _write_table(out, made, seed)
    sets = Counter(_set(clip) for _, _, clip in made)
    return Outcome(dict(sets), sum(clip.motion.duration for _, _, clip in made), dict(left_out))


def _cook(
    library: Library,
    model: TransitionModel | None,
    name: str,
    index: int,
    seed: int,
    seen: set[tuple[int, float]],
) -> Derived | None:
    """One clip of a recipe, or None where no try is free of faults and new. seen: marks of the clips so far."""
    recipe, _, licences = _BOOK[name]
    for attempt in range(_TRIES):
        numbers = [seed, zlib.crc32(name.encode()), index, attempt]
        words = random.Random(repr(numbers))
        kitchen = Kitchen(library, licences[index % len(licences)], model, np.random.default_rng(numbers), words)
        try:
            clip = recipe(kitchen)
        except (LookupError, IndexError):
            continue
        mark = (len(clip.motion), round(float(np.abs(clip.motion.joints).sum()), 3))
        if mark not in seen and not faults(clip.motion, falls="stairs" in clip.kind):
            seen.add(mark)
            return clip
    return None


def _set(clip: Derived) -> str:
    return f"derived-{clip.licence}"


def _file(name: str, index: int, clip: Derived) -> str:
    return f"{_set(clip)}/{name}_{index:03d}.bvh"


def _write(clip: Derived, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bvh(cleaned(clip.motion), path)


def _write_table(out: Path, made: list[tuple[str, int, Derived]], seed: int) -> None:
    """`captions.csv`: two to four captions a clip. The weight is less, by the square root, where a kind has more
    clips."""
    kinds = Counter(clip.kind for _, _, clip in made)
    usual = float(np.median(list(kinds.values()))) if kinds else 1.0
    with open(out / "captions.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for name, index, clip in made:
            rng = random.Random(repr((seed, name, index)))
            texts = [*clip.captions, *captions(clip.acts, rng, rng.choice((2, 3, 3, 4)))]
            weight = min(2.0, max(0.25, (usual / kinds[clip.kind]) ** 0.5))
            action = ", ".join(act.name for act in clip.acts)
            for text in texts:
                table.writerow((_file(name, index, clip), text, action, f"{weight:.2f}", _set(clip)))
