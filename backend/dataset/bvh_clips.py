"""Import folders of BVH files as a data set: canonical motion at 20 frames a second, captions from a table."""

import csv
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.files.bvh import BvhClip, read_bvh
from ...retarget.files.reading import bvh_to_motion, calibrate_clips
from ...retarget.motion import Motion
from ...retarget.rigs.calibration import Calibration
from ...retarget.rigs.mapping import Mapping, map_rig
from ...retarget.typing import Float32s
from ..features import FPS, motion_to_features
from .clips import MIN_FRAMES, POSE_FPS, Clip, Dataset, swap_sides
from .writer import DatasetWriter, pose_rows

_BANDAI_NAME = re.compile(r"dataset-[12]_(?P<content>[a-z-]+)_(?P<style>[a-z-]+)_\d+$")
_CALIBRATION_CLIPS = 24  # per skeleton; more make no difference
_JUMP = 18.0  # metres a second, any joint; the hand in a fast throw reaches about 15


def import_clips(
    sources: list[Path],
    out: Path,
    captions_csv: Path | None = None,
    mirror: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Dataset:
    """Read every BVH below the source folders and write a data set to `out`.

    captions_csv: a table with columns file (relative to the CSV's own folder, or a bare name) and caption.
    Clips that are too short, or that can't be read as a biped, are skipped and listed in `skipped.txt`.
    """
    captions = _read_captions(captions_csv)
    root = captions_csv.parent if captions_csv else None
    paths = sorted(p for s in sources for p in ([s] if s.is_file() else s.rglob("*.bvh")))
    if not paths:
        raise MotionGPTError("There are no .bvh files in the given folders.", "Check the paths.")
    done = 0
    with DatasetWriter(out) as writer:
        for group in _group_by_skeleton(paths):
            skeleton: _Skeleton | None = None
            for path in group:
                done += 1
                progress(done, len(paths))
                try:
                    clip = read_bvh(path)
                    skeleton = skeleton or _skeleton_of(clip, group)
                    recorded = longest_continuous(bvh_to_motion(clip, *skeleton)).centered()
                    motion = recorded.resample(FPS).with_contacts()
                except MotionGPTError as error:
                    writer.skip(f"{path}: {error}")
                    continue
                if len(motion) <= MIN_FRAMES:
                    writer.skip(f"{path}: shorter than {MIN_FRAMES} frames at {FPS:g} a second")
                    continue
                name = _name_of(path, root)
                texts = captions.get(name, []) + captions.get(path.name, [])
                poses = pose_rows(recorded.resample(POSE_FPS).with_contacts())
                entry = Clip(name, 0, 0, texts, pose_start=writer.poses(poses), pose_frames=len(poses))
                for mirrored in (False, True) if mirror else (False,):
                    rows = motion_to_features(motion.mirror() if mirrored else motion).astype(np.float32)
                    _write(writer, entry, rows, _tags(path, mirrored), mirrored)
    return writer.dataset()


_Skeleton = tuple[Mapping, Calibration]


def _skeleton_of(clip: BvhClip, group: list[Path]) -> _Skeleton:
    mapping = map_rig(clip.rig)
    chosen = group[:: max(1, len(group) // _CALIBRATION_CLIPS)]
    return mapping, calibrate_clips([read_bvh(p) for p in chosen], mapping)


def _write(writer: DatasetWriter, entry: Clip, rows: Float32s, tags: dict[str, str], mirrored: bool) -> None:
    texts = [swap_sides(t) for t in entry.captions] if mirrored else entry.captions
    start = writer.rows(rows)
    writer.clip(replace(entry, start=start, frames=len(rows), captions=texts, tags=tags, mirrored=mirrored))


def _name_of(path: Path, root: Path | None) -> str:
    if root is not None and path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return f"{path.parent.name}/{path.name}"


def _tags(path: Path, mirrored: bool) -> dict[str, str]:
    """Content and style from a Bandai-Namco clip's name, sides swapped in a mirrored copy; empty for other names."""
    found = _BANDAI_NAME.match(path.stem)
    if not found:
        return {}
    tags = found.groupdict()
    return {**tags, "content": swap_sides(tags["content"])} if mirrored else tags


def _read_captions(path: Path | None) -> dict[str, list[str]]:
    captions: dict[str, list[str]] = defaultdict(list)
    if path is not None:
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                captions[row["file"]].append(row["caption"].strip())
    return captions


def _group_by_skeleton(paths: Iterable[Path]) -> list[list[Path]]:
    """Group files by HIERARCHY, ignoring the first two OFFSETs, which many tools fill from the first frame."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        head = path.read_text(encoding="utf-8", errors="replace").partition("MOTION")[0]
        names = re.findall(r"(?:ROOT|JOINT)\s+(\S+)", head)
        offsets = re.findall(r"OFFSET\s+(\S+)\s+(\S+)\s+(\S+)", head)[2:]
        lengths = [round(float(value), 3) for offset in offsets for value in offset]
        groups[repr((names, lengths))].append(path)
    return list(groups.values())


def longest_continuous(motion: Motion) -> Motion:
    """The longest stretch in which no joint jumps: many recordings start with a frame or more of calibration pose."""
    steps = np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1).max(axis=1) * motion.fps  # (T - 1,)
    cuts = [0, *(np.flatnonzero(steps > _JUMP) + 1).tolist(), len(motion)]
    start, stop = max(itertools.pairwise(cuts), key=lambda piece: piece[1] - piece[0])
    return motion.slice(start, stop)
