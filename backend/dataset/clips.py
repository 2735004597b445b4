"""Clips into a data set: canonical motion at 20 frames a second, its features, its captions, and fixed splits.

A data set is a folder: `features.npy` (sum of frames, 263) float32 in the true convention, and `clips.json`, a list
in the same order with name, first frame, frame count, captions, tags, mirrored. Beside them `poses.npy` (sum of
frames, 95) float32 holds what the transition model learns from: the clips at 30 frames a second, each once, without its
mirrored copy, as rotations 22 × 4, root position 3 and contacts 4.
"""

import csv
import itertools
import json
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.files.bvh import BvhClip, read_bvh
from ...retarget.files.reading import bvh_to_motion, calibrate_clips
from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.rigs.calibration import Calibration
from ...retarget.rigs.mapping import Mapping, map_rig
from ...retarget.typing import Float32s, Float64s
from ..features import DIMENSIONS, FPS, motion_to_features

_BANDAI_NAME = re.compile(r"dataset-[12]_(?P<content>[a-z-]+)_(?P<style>[a-z-]+)_\d+$")
POSE_FPS = 30.0
POSE_WIDTH = 22 * 4 + 3 + 4
_CALIBRATION_CLIPS = 24  # of one skeleton; more change nothing
MIN_FRAMES = 16
"""Shorter clips are left out."""
_JUMP = 18.0  # metres a second of any joint; a fast throw has about 15 at the hand
_SIDE_WORDS = {"left": "right", "right": "left", "clockwise": "counterclockwise", "counterclockwise": "clockwise"}


@dataclass
class Clip:
    """One clip of a data set. start, frames: its rows of the features.  pose_start, pose_frames: its rows of the
    poses, the same for the mirrored copy.  tags: content and style, where the name gives them.  assigned: the split
    that the source's own lists give."""

    name: str
    start: int
    frames: int
    captions: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    mirrored: bool = False
    assigned: str = ""
    pose_start: int = 0
    pose_frames: int = 0

    @property
    def split(self) -> str:
        """What the source says; else "test" for one clip in twenty, by the name's checksum, and "train". A mirrored
        clip stays with its original."""
        return self.assigned or _split_of(self.name)


def _split_of(name: str) -> str:
    return "test" if zlib.crc32(name.encode()) % 20 == 0 else "train"


@dataclass(frozen=True, eq=False)
class Dataset:
    features: Float32s
    clips: list[Clip]

    def of(self, clip: Clip) -> Float32s:
        """(frames, 263) of one clip."""
        return self.features[clip.start : clip.start + clip.frames]

    def split(self, name: str) -> list[Clip]:
        return [c for c in self.clips if c.split == name]


def kind_of(clip: Clip) -> str:
    """What a clip shows: its content, or the collection that it is from."""
    return clip.tags.get("content") or clip.name.split("/")[0]


def fair_shares(kinds: Sequence[str], styles: Sequence[str], sizes: Sequence[float] | None = None) -> Float64s:
    """How often each of N clips is to be drawn, unscaled: a kind by the square root of its number, the styles within it
    alike, and the clips within these by their sizes (or alike)."""
    pairs, sizes = list(zip(kinds, styles, strict=True)), sizes or [1.0] * len(kinds)
    number, held, total = Counter(kinds), Counter(kind for kind, _ in set(pairs)), dict.fromkeys(pairs, 0.0)
    for pair, size in zip(pairs, sizes, strict=True):
        total[pair] += size
    return np.array(
        [number[p[0]] ** 0.5 / held[p[0]] / (total[p] / size) for p, size in zip(pairs, sizes, strict=True)]
    )


class _GrowingArray:
    """A float32 `.npy` file (rows, width) that grows as it is written."""

    def __init__(self, path: Path, width: int) -> None:
        self.rows, self._width, self._path = 0, width, path
        self._draft = path.with_name(f".{path.name}.part")
        self._file = open(self._draft, "wb")  # noqa: SIM115 - open while the data set is written
        self._write_header()

    def _write_header(self) -> None:
        """numpy pads its header so that the number of rows may grow in place."""
        self._file.seek(0)
        npy: Any = np.lib.format
        shape = (self.rows, self._width)
        npy.write_array_header_1_0(self._file, {"descr": "<f4", "fortran_order": False, "shape": shape})

    def append(self, rows: Float32s) -> int:
        """The number of the first of these rows (n, width)."""
        first = self.rows
        self._file.write(np.ascontiguousarray(rows, "<f4").tobytes())
        self.rows += len(rows)
        return first

    def close(self, keep: bool) -> None:
        """Put the file in its place, or remove it."""
        self._write_header()
        self._file.close()
        if keep and self.rows:
            self._draft.replace(self._path)
        else:
            self._draft.unlink()


class DatasetWriter:
    """Writes a data set a clip at a time, so that it may be larger than memory. The folder is complete or untouched."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clips: list[Clip] = []
        self._skipped: list[str] = []

    def __enter__(self) -> "DatasetWriter":
        self._folder.mkdir(parents=True, exist_ok=True)
        self._features = _GrowingArray(self._folder / "features.npy", DIMENSIONS)
        self._poses = _GrowingArray(self._folder / "poses.npy", POSE_WIDTH)
        return self

    def rows(self, features: Float32s) -> int:
        """Append features (T, 263); the number of the first row."""
        return self._features.append(features)

    def poses(self, rows: Float32s) -> int:
        """Append poses (T, 95) of a clip at POSE_FPS; the number of the first row."""
        return self._poses.append(rows)

    def clip(self, clip: Clip) -> None:
        """A clip of rows that are written."""
        self._clips.append(clip)

    def skip(self, why: str) -> None:
        """A line for `skipped.txt`."""
        self._skipped.append(why)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        complete = kind is None and bool(self._clips)
        for array in (self._features, self._poses):
            array.close(complete)
        if not complete:
            if kind is None:
                why = f": {self._skipped[0]}" if self._skipped else "."
                raise MotionGPTError(f"No clip could be read{why}", "Check the folders.")
            return
        clips = json.dumps([asdict(c) for c in self._clips], indent=0)
        (self._folder / "clips.json").write_text(clips, encoding="utf-8")
        (self._folder / "skipped.txt").write_text("\n".join(self._skipped), encoding="utf-8")

    def dataset(self) -> Dataset:
        """What was written."""
        return load_dataset(self._folder)


def swap_sides(text: str) -> str:
    """A caption for the mirrored motion: left for right and the other way round."""
    return re.sub(r"[a-z]+", lambda m: _SIDE_WORDS.get(m[0], m[0]), text)


def _read_captions(path: Path | None) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = defaultdict(list)
    if path is not None:
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                captions[row["file"]].append(row["caption"].strip())
    return captions


def _group_by_skeleton(paths: Iterable[Path]) -> list[list[Path]]:
    """Files with the same HIERARCHY, up to the first two OFFSETs, which many tools fill with the first frame."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        head = path.read_text(encoding="utf-8", errors="replace").partition("MOTION")[0]
        names = re.findall(r"(?:ROOT|JOINT)\s+(\S+)", head)
        offsets = re.findall(r"OFFSET\s+(\S+)\s+(\S+)\s+(\S+)", head)[2:]
        lengths = [round(float(value), 3) for offset in offsets for value in offset]
        groups[repr((names, lengths))].append(path)
    return list(groups.values())


def longest_continuous(motion: Motion) -> Motion:
    """The longest stretch in which nothing jumps: many recordings hold a frame or more of calibration pose in front."""
    steps = np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1).max(axis=1) * motion.fps  # (T - 1,)
    cuts = [0, *(np.flatnonzero(steps > _JUMP) + 1).tolist(), len(motion)]
    start, stop = max(itertools.pairwise(cuts), key=lambda piece: piece[1] - piece[0])
    return motion.slice(start, stop)


def _convert(clip: BvhClip, mapping: Mapping, calibration: Calibration) -> Motion:
    return longest_continuous(bvh_to_motion(clip, mapping, calibration)).centered()


def _pose_rows(motion: Motion) -> Float32s:
    """(T, 95) float32 of a motion: what a row of `poses.npy` holds."""
    parts = (motion.rotations.reshape(len(motion), -1), motion.root_position, motion.contacts)
    rows: Float32s = np.concatenate(parts, axis=1).astype(np.float32)
    return rows


def clip_motion(rows: Float32s) -> Motion:
    """The motion of rows (T, 95) of `poses.npy`."""
    rows = rows.astype(np.float64)
    return Motion(rot.normalize(rows[:, :88].reshape(-1, 22, 4)), rows[:, 88:91], POSE_FPS, rows[:, 91:])


def import_clips(
    sources: list[Path],
    out: Path,
    captions_csv: Path | None = None,
    mirror: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Dataset:
    """Read every BVH below the source folders and write a data set to `out`.

    captions_csv: a table with columns file (relative to the CSV's own folder, or a bare name) and caption.
    Clips that are no biped are left out and listed in `skipped.txt`.
    """
    captions = _read_captions(captions_csv)
    root = captions_csv.parent if captions_csv else None
    paths = sorted(p for s in sources for p in ([s] if s.is_file() else s.rglob("*.bvh")))
    if not paths:
        raise MotionGPTError("There are no .bvh files in the given folders.", "Check the paths.")
    done = 0
    with DatasetWriter(out) as writer:
        for group in _group_by_skeleton(paths):
            skeleton: tuple[Mapping, Calibration] | None = None
            for path in group:
                done += 1
                progress(done, len(paths))
                try:
                    clip = read_bvh(path)
                    if skeleton is None:
                        mapping = map_rig(clip.rig)
                        chosen = group[:: max(1, len(group) // _CALIBRATION_CLIPS)]
                        skeleton = (mapping, calibrate_clips([read_bvh(p) for p in chosen], mapping))
                    recorded = _convert(clip, *skeleton)
                    motion = recorded.resample(FPS).with_contacts()
                except MotionGPTError as error:
                    writer.skip(f"{path}: {error}")
                    continue
                if len(motion) <= MIN_FRAMES:
                    writer.skip(f"{path}: shorter than {MIN_FRAMES} frames at {FPS:g} a second")
                    continue
                name = _name_of(path, root)
                found = captions.get(name, []) + captions.get(path.name, [])
                poses = _pose_rows(recorded.resample(POSE_FPS).with_contacts())
                pose_start = writer.poses(poses)
                for mirrored in (False, True) if mirror else (False,):
                    rows = motion_to_features(motion.mirror() if mirrored else motion).astype(np.float32)
                    texts = [swap_sides(t) for t in found] if mirrored else found
                    start = writer.rows(rows)
                    tags = _tags(path, mirrored)
                    entry = Clip(name, start, len(rows), texts, tags, mirrored, "", pose_start, len(poses))
                    writer.clip(entry)
    return writer.dataset()


def _name_of(path: Path, root: Path | None) -> str:
    if root is not None and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return f"{path.parent.name}/{path.name}"


def _tags(path: Path, mirrored: bool) -> dict[str, str]:
    """Content and style of a Bandai-Namco clip's name, the sides swapped where it is mirrored; else nothing."""
    found = _BANDAI_NAME.match(path.stem)
    if not found:
        return {}
    tags = found.groupdict()
    return {**tags, "content": swap_sides(tags["content"])} if mirrored else tags


def load_dataset(folder: Path) -> Dataset:
    """Read what `import_clips` wrote."""
    try:
        clips = [Clip(**c) for c in json.loads((folder / "clips.json").read_text(encoding="utf-8"))]
        return Dataset(np.load(folder / "features.npy", mmap_mode="r"), clips)
    except FileNotFoundError:
        raise MotionGPTError(f"{folder} is no data set.", "Make one with `motiongpt data import`.") from None
