"""Makes the authored clips: every gesture on several bases, both sides, its counts and speeds, with captions."""

import csv
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.files.bvh import write_bvh
from ....retarget.motion import Motion
from ..clips import POSE_FPS
from .bases import Base, Bases, find_bases, fits, stretched_to
from .checks import failures, faults
from .gesture import BASES, FOLDER, Gesture, Kind, read_gesture, read_gestures
from .performing import perform
from .takes import Take, draw_take
from .wording import captions_of

SET = "authored"
VARIANTS = 12
_SEATED = FOLDER.parent / "seated.toml"
_TRIES = 8  # per variant, before it is left out


@dataclass
class Authored:
    """What was made: rows of captions.csv and bases.csv, and why some takes were refused."""

    captions: list[dict[str, str]] = field(default_factory=list)
    bases: list[dict[str, str]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def author(
    base: Path,
    out: Path,
    only: list[str] | None = None,
    variants: int = VARIANTS,
    seed: int = 0,
    without: Sequence[str] = (),
    folder: Path = FOLDER,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Authored:
    """Write the clips of all gestures, or of those named in `only`, with `captions.csv` and `bases.csv`, to `out`.

    base: folder of recorded clips, of which those in the folders `without` are left out.  variants: clips of each
    gesture; of a sided one, half of them are left-sided.
    The same bases, gestures and seed give the same clips. Raises MotionGPTError for unusable folders or gestures.
    """
    gestures = read_gestures(folder, only)
    if variants < 1:
        raise MotionGPTError(f"{variants} variants can't be made.", "Give 1 or more.", "usage")
    bases = find_bases(base, without)
    bases.by_kind["sit"] = bases.by_kind["sit"] + seated(bases.by_kind["idle"], seed)
    out.mkdir(parents=True, exist_ok=True)
    made = Authored(skipped=[f"{name}: not a base, because {why}" for name, why in bases.left_out])
    for done, (name, gesture) in enumerate(gestures.items()):
        progress(done, len(gestures))
        for number in range(variants):
            _variant(name, gesture, number, seed, bases, out, made)
    progress(len(gestures), len(gestures))
    if not made.captions:
        raise MotionGPTError(f"Nothing could be made ({made.skipped[-1]}).", "Change the gesture or the bases.")
    _write_tables(out, made)
    return made


def seated(idles: list[Base], seed: int) -> list[Base]:
    """Sits made of idles, each of which is seated in its own way; those that come out wrong are left out."""
    gesture, sits = read_gesture(_SEATED), []
    for number, idle in enumerate(idles):
        rng = np.random.default_rng([seed, number])
        motion = perform(draw_take(gesture, rng), idle.motion, rng)
        if not faults(motion):
            sits.append(Base("sit", idle.name, motion))
    return sits


def _variant(name: str, gesture: Gesture, number: int, seed: int, bases: Bases, out: Path, made: Authored) -> None:
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), number])
    why = ""
    for _ in range(_TRIES):
        take = planned(gesture, number, rng)
        performed = perform_on(take, gesture, bases, number, rng)
        if isinstance(performed, str):
            why = performed
            continue
        motion, base = performed
        file = f"{name}-{number:02d}.bvh"
        write_bvh(motion, out / file)
        texts = captions_of(gesture, take, base.kind, rng)
        row = {"file": file, "action": gesture.action, "weight": f"{gesture.weight:g}", "set": SET}
        made.captions += [{**row, "caption": text} for text in texts]
        made.bases.append({"file": file, "base": base.name, "kind": base.kind, "side": take.side})
        return
    made.skipped.append(f"{name}-{number:02d}: {why}")


def planned(gesture: Gesture, number: int, rng: np.random.Generator) -> Take:
    """The take of a variant: sides, counts and speeds take turns, so that few variants already show all of them."""
    speeds = list(gesture.speeds)
    lowest, highest = gesture.count
    side = ("right", "left")[number % 2] if gesture.sided else ""
    turn = number // 2 if gesture.sided else number
    count = lowest + turn % (highest - lowest + 1)
    # Every other take has the gesture's plain speed, if it has one.
    speed = "" if "" in speeds and turn % 2 == 0 else speeds[(turn // 2 + turn) % len(speeds)]
    return draw_take(gesture, rng, side, count, speed)


def perform_on(
    take: Take, gesture: Gesture, bases: Bases, number: int, rng: np.random.Generator
) -> tuple[Motion, Base] | str:
    """The performance and its base, or why it was refused."""
    frames = int(np.ceil(take.seconds * POSE_FPS)) + 1
    fitting = {kind: [b for b in bases.by_kind.get(kind, ()) if fits(b, frames)] for kind in gesture.bases}
    kinds = _turns([kind for kind in BASES if fitting.get(kind)])
    if not kinds:
        return f"there are no bases of {take.seconds:.1f} s of the kind {' or '.join(gesture.bases)}"
    turn = number // 2
    kind = kinds[(turn + turn // len(kinds)) % len(kinds)]  # not in step with the counts
    base = fitting[kind][int(rng.integers(len(fitting[kind])))]
    window = stretched_to(base.motion, frames, rng)
    motion = perform(take, window, rng)
    right = motion.mirror() if take.side == "left" else motion
    wrong = faults(motion) + failures(gesture.check, right, take, kind)
    return f"on {base.name}, {wrong[0]}" if wrong else (motion.centered(), base)


def _turns(kinds: list[Kind]) -> list[Kind]:
    """Every other take on the first kind, the idle, which is what a prompt that names no other means."""
    return [kind for other in kinds[1:] for kind in (kinds[0], other)] or kinds


def _write_tables(out: Path, made: Authored) -> None:
    tables = (
        ("captions.csv", ("file", "caption", "action", "weight", "set"), made.captions),
        ("bases.csv", ("file", "base", "kind", "side"), made.bases),
    )
    for name, columns, rows in tables:
        with open(out / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
    (out / "skipped.txt").write_text("\n".join(made.skipped), encoding="utf-8")
