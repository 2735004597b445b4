"""The recorded clips that derived ones are made from, by what they show; `sources.toml` lists them."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import msgspec
import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.files.bvh import BvhClip, read_bvh
from ....retarget.files.reading import bvh_to_motion, calibrate_clips
from ....retarget.motion import Motion
from ....retarget.motion.joining import on_canonical_body
from ....retarget.motion.skeleton import JOINT
from ....retarget.motion.travel.track import Track, off_treadmill, resampled, straightened
from ....retarget.rigs.mapping import map_rig
from ..importing.cuts import without_jumps

SOURCES = Path(__file__).with_name("sources.toml")
LICENCES = ("free", "share-alike", "nc")
"""From the most to the least permissive; the last two are never joined."""


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One action and its clips, see `sources.toml`."""

    name: str
    files: tuple[str, ...]
    says: tuple[str, ...]
    part: tuple[float, float] = (0.0, 60.0)
    counts: str = ""


class _Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    files: tuple[str, ...]


class Sources(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of `sources.toml`."""

    licences: dict[str, tuple[str, ...]]
    gaits: dict[str, tuple[str, ...]]
    styles: dict[str, tuple[str, ...]]
    idles: _Files
    treadmill: _Files
    action: tuple[Action, ...]


@dataclass(frozen=True, eq=False)
class Source:
    """A recorded clip at 30 frames a second on the canonical body.  kind: its gait, style or action."""

    file: str
    licence: str
    kind: str
    motion: Motion

    @cached_property
    def track(self) -> Track:
        """The clip on a straight line, for gaits."""
        return straightened(self.motion)

    @cached_property
    def side(self) -> str:
        """The arm whose hand moves most: "left" or "right"."""
        path = np.diff(self.motion.joints - self.motion.joints[:, :1], axis=0)
        moved = {s: np.linalg.norm(path[:, JOINT[f"{s}_wrist"]], axis=-1).sum() for s in ("left", "right")}
        return max(moved, key=lambda side: float(moved[side]))

    def heights(self) -> tuple[float, float]:
        """Metres of the pelvis over the floor in the first and the last frame."""
        return float(self.motion.root_position[0, 1]), float(self.motion.root_position[-1, 1])

    def mirror(self) -> "Source":
        """Left and right swapped."""
        return replace(self, motion=self.motion.mirror())


def strictest(*licences: str) -> str:
    """The group of a clip made from clips of these groups. Raises ValueError where they may not meet."""
    if {"share-alike", "nc"} <= set(licences):
        raise ValueError("share-alike and non-commercial clips are not joined")
    return max(licences, key=LICENCES.index)


@dataclass(frozen=True, eq=False)
class Library:
    """Sources by kind: gaits and styles (`gaits`), standing (`idles`), and everything else (`actions`)."""

    gaits: dict[str, list[Source]]
    idles: list[Source]
    actions: dict[str, list[Source]]
    table: Sources

    def gait(self, kind: str, licence: str = "") -> list[Source]:
        """Clips of a gait, of one licence group or all."""
        return [s for s in self.gaits.get(kind, []) if not licence or s.licence == licence]

    def says(self, name: str) -> tuple[str, ...]:
        """The wordings of an action."""
        return next(a.says for a in self.table.action if a.name == name)


def read_library(base: Path, progress: Callable[[int, int], None], table: Path = SOURCES) -> Library:
    """Read the clips that the table names from the folder `base`.

    Raises MotionGPTError where the folder has none of the gaits or no idle.
    """
    sources = msgspec.toml.decode(table.read_bytes(), type=Sources)
    gaits, actions = {**sources.gaits, **sources.styles}, {a.name: a.files for a in sources.action}
    kinds = {**gaits, **actions, "idle": sources.idles.files}
    found = {kind: [p for name in files for p in sorted(base.glob(name))] for kind, files in kinds.items()}
    missing = [kind for kind in ("walk", "idle") if not found[kind]]
    if not base.is_dir() or missing:
        raise MotionGPTError(
            f"{base} holds none of the clips that a {missing[0] if missing else 'walk'} is made from.",
            "Give the folder that has the sets as sub-folders (accad, cmu, ...).",
        )
    motions = dict(_read(sorted({p for paths in found.values() for p in paths}), progress))
    for path in {p for name in sources.treadmill.files for p in base.glob(name)} & set(motions):
        motions[path] = off_treadmill(motions[path])
    parts = {a.name: a.part for a in sources.action}

    def of(kind: str) -> list[Source]:
        return [
            Source(p.relative_to(base).as_posix(), _licence(p.relative_to(base), sources), kind, _cut(motions[p], part))
            for p in found[kind]
            if p in motions
            for part in [parts.get(kind, (0.0, 60.0))]
        ]

    return Library({k: of(k) for k in gaits}, of("idle"), {k: of(k) for k in actions}, sources)


def _licence(file: Path, sources: Sources) -> str:
    for licence, folders in sources.licences.items():
        if file.parts[0] in folders:
            return licence
    raise MotionGPTError(f"{file} has no licence group.", f"Add its folder to {SOURCES.name}.")


def _cut(motion: Motion, part: tuple[float, float]) -> Motion:
    start, stop = (round(seconds * motion.fps) for seconds in part)
    return motion.slice(start, min(stop, len(motion))) if len(motion) > start + 10 else motion


def _read(paths: list[Path], progress: Callable[[int, int], None]) -> Iterator[tuple[Path, Motion]]:
    """Motions of the files, each skeleton calibrated from all its clips; unreadable ones are left out."""
    groups: dict[str, list[tuple[Path, BvhClip]]] = defaultdict(list)
    for done, path in enumerate(paths):
        progress(done, len(paths))
        try:
            clip = read_bvh(path)
        except MotionGPTError:
            continue
        # Many tools fill the first two joints' offsets from the first frame.
        bones = np.round(clip.rig.tails[2:] - clip.rig.heads[2:], 2)
        groups[repr((clip.rig.names, bones.tobytes()))].append((path, clip))
    for group in groups.values():
        clips = [clip for _, clip in group]
        mapping = map_rig(clips[0].rig)
        calibration = calibrate_clips(clips[:24], mapping)
        for path, clip in group:
            motion = without_jumps(bvh_to_motion(clip, mapping, calibration))
            yield path, resampled(on_canonical_body(motion)).centered().with_contacts()
