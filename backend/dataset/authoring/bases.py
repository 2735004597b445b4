"""Recorded idles, walks and sits that gestures are laid over, found by their captions and checked on their joints."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.files.bvh import BvhClip, read_bvh
from ....retarget.files.reading import bvh_to_motion, calibrate_clips
from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.joining import on_canonical_body
from ....retarget.motion.skeleton import ARM, JOINT, LEG_LENGTH, SIDES
from ....retarget.rigs.mapping import map_rig
from ....retarget.typing import Bools, Floats
from ..clips import POSE_FPS
from ..importing.cuts import without_jumps
from ..kinematics import headings

_WORDS = {
    "idle": r"stand(s|ing)? (still|idle)|\bidles?$|stands and (waits|shifts the weight|sways)|^idle\b",
    "walk": r"\bwalk(s|ing)?( (forward|ahead|slowly|quickly|fast|straight|formally|in a straight line|around))*\.?$",
    "sit": r"\b(sits on a chair|is seated|sitting on a chair)\.?$",
}
_UNWANTED = re.compile(
    r"spot|sword|torch|pistol|dagger|weapon|battle|alert|fight|crouch|swim|acted|actor|alien|robot|zombie|knight|sad|"
    r"turn|then|starts|stops|climb|jump|bent|carr|gestur|talk|wheel|lean"
)
_CALIBRATION_CLIPS = 8
_LEAST_SECONDS = {"idle": 2.0, "walk": 2.0, "sit": 1.5}


@dataclass(frozen=True, eq=False)
class Base:
    """A motion to lay gestures over: what it is, the file it comes from, and its longest usable stretch."""

    kind: str
    name: str
    motion: Motion


@dataclass(frozen=True)
class Bases:
    """The bases by kind, and why the other candidates were left out."""

    by_kind: dict[str, list[Base]]
    left_out: list[tuple[str, str]]


def find_bases(folder: Path, without: Sequence[str] = ()) -> Bases:
    """All usable idles, walks and sits among the clips below a folder.

    without: names of folders in it whose clips are left out. Captions are read from any CSV in it with the columns file
    and caption; a clip without one counts by its name.
    Raises MotionGPTError if there are no idles.
    """
    missing = [name for name in without if not (folder / name).is_dir()]
    if missing:
        raise MotionGPTError(f"There is no folder {missing[0]} in {folder}.", "Check the name.", "usage")
    kinds = {path: kind for path, kind in _candidates(folder) if not _below(path, folder, without)}
    if not kinds:
        raise MotionGPTError(
            f"No clip in {folder} is called or captioned as an idle, a walk or a sit.",
            "Give a folder of BVH clips with a table of captions (file,caption).",
        )
    found = Bases(defaultdict(list), [])
    for path, kind in sorted(kinds.items()):
        name = path.relative_to(folder).as_posix()
        try:
            motion = _read(path)
            usable = usable_stretch(kind, motion)
        except MotionGPTError as error:
            found.left_out.append((name, error.message))
            continue
        if isinstance(usable, str):
            found.left_out.append((name, usable))
        else:
            found.by_kind[kind].append(Base(kind, name, usable))
    if not found.by_kind["idle"]:
        reasons = "; ".join(f"{name}: {why}" for name, why in found.left_out[:3])
        raise MotionGPTError(f"No idle in {folder} can be used ({reasons}).", "Add idles with hanging arms.")
    return found


def _below(path: Path, folder: Path, names: Sequence[str]) -> bool:
    return any(path.is_relative_to(folder / name) for name in names)


def _candidates(folder: Path) -> Iterator[tuple[Path, str]]:
    captions: dict[Path, list[str]] = defaultdict(list)
    for table in sorted(folder.glob("*.csv")):
        with open(table, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row.get("file") and row.get("caption"):
                    captions[folder / row["file"]].append(row["caption"].strip().lower().rstrip("."))
    for path in sorted(folder.rglob("*.bvh")):
        texts = captions.get(path) or [re.sub(r"[-_\d]+", " ", path.stem).strip().lower()]
        if any(_UNWANTED.search(text) for text in [*texts, path.stem.lower()]):
            continue
        for kind, words in _WORDS.items():
            if any(re.search(words, text) for text in texts):
                yield path, kind
                break


def _read(path: Path) -> Motion:
    """A clip on the canonical body at POSE_FPS, its skeleton calibrated with others of its folder."""
    clip = read_bvh(path)
    mapping = map_rig(clip.rig)
    others: list[BvhClip] = [clip]
    for other in sorted(path.parent.glob("*.bvh"))[:_CALIBRATION_CLIPS]:
        try:
            more = read_bvh(other)
        except MotionGPTError:
            continue
        if more.rig.names == clip.rig.names and np.allclose(more.rig.heads[2:], clip.rig.heads[2:], atol=1e-2):
            others.append(more)
    motion = without_jumps(bvh_to_motion(clip, mapping, calibrate_clips(others, mapping))).centered()
    return on_canonical_body(motion).resample(POSE_FPS).on_floor()


def usable_stretch(kind: str, motion: Motion) -> Motion | str:
    """The longest stretch of a motion that can be a base of that kind, or why there is none."""
    tests = {"idle": _stands, "walk": _walks, "sit": _sits}
    good, why = tests[kind](motion)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(int), [0]]))).reshape(-1, 2)
    if not len(edges):
        return why
    start, stop = edges[np.argmax(edges[:, 1] - edges[:, 0])]
    if (stop - start) / motion.fps < _LEAST_SECONDS[kind]:
        return f"{why} for all but {(stop - start) / motion.fps:.1f} s"
    return motion.slice(int(start), int(stop)).centered()


def _arms_hang(motion: Motion, above: float, ahead: float, bent: float) -> Bools:
    """(T,) whether both wrists are lower than `above` and less than `ahead` in front of the pelvis, metres, and both
    elbows bent by less than `bent` degrees."""
    straight = _elbow_bends(motion).max(axis=1) < bent
    local = rot.rotate(
        rot.conjugate(rot.yaw(motion.global_rotations[:, 0]))[:, None], motion.joints - motion.joints[:, :1]
    )
    wrists = local[:, [JOINT["left_wrist"], JOINT["right_wrist"]]]
    return np.asarray(((wrists[..., 1] < above) & (wrists[..., 2] < ahead)).all(axis=1) & straight)


def _elbow_bends(motion: Motion) -> Floats:
    """(T, 2) degrees."""
    joints = {part: motion.joints[:, [JOINT[f"{side}_{part}"] for side in SIDES]] for part in ARM}
    upper = rot.normalize(joints["elbow"] - joints["shoulder"])
    lower = rot.normalize(joints["wrist"] - joints["elbow"])
    return np.asarray(np.degrees(np.arccos(np.clip(np.sum(upper * lower, axis=-1), -1.0, 1.0))))


def _upright(motion: Motion) -> Bools:
    up = rot.normalize(motion.joints[:, JOINT["neck"]] - motion.joints[:, 0])[:, 1]
    good = up > np.cos(np.radians(22.0))
    for joint, most in (("spine3", 28.0), ("head", 32.0)):
        along = rot.rotate(motion.global_rotations[:, JOINT[joint]], np.array([0.0, 1.0, 0.0]))
        good &= along[:, 1] > np.cos(np.radians(most))
    return np.asarray(good)


def _stands(motion: Motion) -> tuple[Bools, str]:
    tall = motion.root_position[:, 1] > 1.02 * LEG_LENGTH
    step = np.linalg.norm(np.gradient(motion.root_position[:, [0, 2]], 1.0 / motion.fps, axis=0), axis=1)
    return tall & _upright(motion) & (step < 0.35) & _arms_hang(
        motion, 0.12, 0.2, 50.0
    ), "it doesn't stand with hanging arms"


def _walks(motion: Motion) -> tuple[Bools, str]:
    step = np.linalg.norm(np.gradient(motion.root_position[:, [0, 2]], 1.0 / motion.fps, axis=0), axis=1)
    straight = np.abs(headings(motion)) < np.radians(50.0)
    good = (step > 0.35) & (step < 2.0) & straight & _upright(motion) & _arms_hang(motion, 0.25, 0.5, 95.0)
    return good, "it doesn't walk ahead with hanging arms"


def _sits(motion: Motion) -> tuple[Bools, str]:
    height = motion.root_position[:, 1] / LEG_LENGTH
    ankles = motion.joints[:, [JOINT["left_ankle"], JOINT["right_ankle"]], 1]
    low = (height > 0.5) & (height < 0.85) & (ankles < 0.25).all(axis=1)
    return low & _upright(motion), "it doesn't sit at a chair's height with the feet on the floor"


def fits(base: Base, frames: int) -> bool:
    """Whether a base can last that many frames: idles and sits can go to and fro, walks can't."""
    return len(base.motion) >= frames or base.kind != "walk"


def stretched_to(motion: Motion, frames: int, rng: np.random.Generator) -> Motion:
    """A window of that many frames from a random place; a shorter motion goes to and fro."""
    if len(motion) >= frames:
        start = int(rng.integers(0, len(motion) - frames + 1))
        return motion.slice(start, start + frames).centered()
    there_and_back = np.concatenate([np.arange(len(motion)), np.arange(len(motion) - 2, 0, -1)])
    start = int(rng.integers(0, len(there_and_back)))
    return motion.at(there_and_back[(start + np.arange(frames)) % len(there_and_back)]).centered()
