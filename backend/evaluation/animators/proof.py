"""Checks tried on recordings: they hold in those that show what is meant, and hardly in others."""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ...dataset.authoring.library import SET as AUTHORED
from ...dataset.clips import Clip, load_motions
from .body import Body
from .language import parse
from .physical import Physical, medians
from .prompts import RIGHT, Prompt, prompts

FILE = Path(__file__).parent / "proofs.toml"
OF_A_NAME = 4
"""Recordings that share all of their name but its number, as takes do, of which no more are tried."""
LONGEST = 10.0  # seconds that are looked at of a recording


@dataclass(frozen=True)
class Proof:
    """A check; shown, holding: recordings of what it means, and in how many of them it holds.  others, alarms: the same
    for recordings of anything else.  missed, false: their names."""

    check: str
    shown: int
    holding: int
    others: int
    alarms: int
    missed: tuple[str, ...]
    false: tuple[str, ...]


@dataclass(frozen=True)
class Recording:
    """label: name, captions and tags, by which proofs choose.  authored: made by a gesture, whose name it bears."""

    name: str
    label: str
    motion: Motion
    body: Body
    authored: bool = False


def recordings(folder: Path) -> list[Recording]:
    """Of a data set, both splits. Raises MotionGPTError if it holds no poses or nothing that the proofs name."""
    pairs = [*load_motions(folder, "train"), *load_motions(folder, "test")]
    taken: dict[str, int] = {}
    found = []
    for motion, clip in pairs:
        name = re.sub(r"_\d+\.bvh$", "", clip.name) if "bandai" in clip.name else clip.name
        taken[name] = taken.get(name, 0) + 1
        if taken[name] <= OF_A_NAME:
            found.append(_recording(motion, clip))
    return found


def _recording(motion: Motion, clip: Clip) -> Recording:
    label = " | ".join([clip.name, *clip.captions])
    motion = motion.slice(0, round(LONGEST * motion.fps))
    return Recording(clip.name, label, motion, Body.of(motion), clip.set == AUTHORED)


def prove(found: Sequence[Recording], say: Callable[[int, int], None] = lambda done, total: None) -> list[Proof]:
    """Every proof of `proofs.toml` on recordings. Raises MotionGPTError if they show nothing of what is proved."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8"))
    recorded, authored = ([r for r in found if r.authored is kind] for kind in (False, True))
    tasks = [(entry, recorded) for entry in tables["proofs"]["list"]]
    tasks += [(_of_gestures(entry), authored) for entry in tables["authored"]["list"]]
    out = []
    for number, (entry, among) in enumerate(tasks):
        out.append(_proof(entry, among))
        say(number + 1, len(tasks))
    if not any(p.shown for p in out):
        raise MotionGPTError("No recording shows what the checks are about.", "Use a data set with captions.")
    return out


def _of_gestures(entry: dict[str, str]) -> dict[str, str]:
    """Its patterns of gestures' names as patterns of the labels of their clips."""
    takes = r"\d[02468]" if re.search(r"\b(left|right)\b", entry["check"]) else r"\d+"
    clips, similar = rf"^({entry['clips']})-{takes}\.bvh", rf"^({entry['clips']}|{entry['not']})-\d+\.bvh"
    return {"check": entry["check"], "clips": clips, "not": similar}


def _proof(entry: dict[str, str], found: Sequence[Recording]) -> Proof:
    check = parse(entry["check"])
    wanted, similar = re.compile(entry["clips"]), re.compile(entry["not"], re.IGNORECASE)
    shown = [r for r in found if wanted.search(r.label)]
    others = [r for r in found if not wanted.search(r.label) and not similar.search(r.label)]
    missed = [r.name for r in shown if not check.holds(r.body)]
    false = [r.name for r in others if check.holds(r.body)]
    return Proof(
        entry["check"], len(shown), len(shown) - len(missed), len(others), len(false), tuple(missed), tuple(false)
    )


def recorded_figures(found: Sequence[Recording]) -> dict[str, dict[str, float]]:
    """Physical figures of the recordings of each kind that `proofs.toml` names."""
    kinds = tomllib.loads(FILE.read_text(encoding="utf-8"))["kinds"]
    chosen = {kind: [r for r in found if re.search(pattern, r.label)] for kind, pattern in kinds.items()}
    return {kind: medians([Physical.of(r.motion) for r in own]) for kind, own in chosen.items() if own}


def easiest(found: Sequence[Recording], every: int = 6) -> list[tuple[Prompt, float]]:
    """Prompts by the share of all recordings, of whatever kind, that would be right for them; the largest first."""
    some = found[::every]
    shares = [(p, float(np.mean([p.judge(r.body) == RIGHT for r in some]))) for p in prompts()]
    return sorted(shares, key=lambda pair: -pair[1])
