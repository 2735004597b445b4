"""A data set: clips as canonical motion at 20 frames a second, their features, their captions, and fixed splits.

It is a folder: `features.npy` (sum of frames, 263) float32 in the true convention, and `clips.json`, a list in the same
order with the fields of `Clip`. `poses.npy` (sum of frames, 95) float32 is what the
transition model learns from: the clips at 30 frames a second, without mirrored copies, as rotations 22 × 4, root
position 3 and contacts 4.
"""

import json
import re
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.files.arrays import READ_ERRORS, read_header
from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.typing import Float32s
from ..features import DIMENSIONS, SLICES, Statistics

POSE_FPS = 30.0
POSE_WIDTH = 22 * 4 + 3 + 4
MIN_FRAMES = 16
"""Shorter clips are left out."""
_SIDE_WORDS = {
    "left": "right", "right": "left",
    "clockwise": "counterclockwise", "counterclockwise": "clockwise", "anticlockwise": "clockwise",
}  # fmt: skip


@dataclass
class Clip:
    """One clip of a data set. start, frames: its rows of the features.  pose_start, pose_frames: its rows of the
    poses, the same for the mirrored copy.  tags: content and style, if the name gives them.  assigned: the split in
    the source's own lists.  set: the collection that it belongs to; by default the first folder of its name.  action:
    what it shows, as a label that clips share, "" if none was given.  weight: a factor on how often it is drawn."""

    name: str
    start: int
    frames: int
    captions: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    mirrored: bool = False
    assigned: str = ""
    pose_start: int = 0
    pose_frames: int = 0
    set: str = ""
    action: str = ""
    weight: float = 1.0

    def __post_init__(self) -> None:
        self.set = self.set or set_of(self.name)

    @property
    def split(self) -> str:
        """The source's split if it has one; else "test" for one clip in twenty, by a checksum of the name, and "train"
        for the rest. A mirrored clip stays with its original."""
        return self.assigned or _split_of(self.name)


def set_of(name: str) -> str:
    """The first folder of a clip's name, "" if it has none."""
    return name.split("/")[0] if "/" in name else ""


def _split_of(name: str) -> str:
    return "test" if zlib.crc32(name.encode()) % 20 == 0 else "train"


@dataclass(frozen=True, eq=False)
class Dataset:
    """features: (sum of frames, 263), the clips concatenated."""

    features: Float32s
    clips: list[Clip]

    def of(self, clip: Clip) -> Float32s:
        """(frames, 263) of one clip."""
        return self.features[clip.start : clip.start + clip.frames]

    def split(self, name: str) -> list[Clip]:
        return [c for c in self.clips if c.split == name]


def swap_sides(text: str) -> str:
    """The text for the mirrored motion: left and right swapped, clockwise and counterclockwise too.

    >>> swap_sides("Turn Left, then walk_right clockwise")
    'Turn Right, then walk_left counterclockwise'
    """

    def swapped(word: re.Match[str]) -> str:
        other = _SIDE_WORDS.get(word[0].lower(), word[0])
        return other.capitalize() if word[0].istitle() else other

    return re.sub(r"[A-Za-z]+", swapped, text)


def clip_motion(rows: Float32s) -> Motion:
    """The motion of rows (T, 95) of `poses.npy`."""
    rows = rows.astype(np.float64)
    return Motion(rot.normalize(rows[:, :88].reshape(-1, 22, 4)), rows[:, 88:91], POSE_FPS, rows[:, 91:])


def load_dataset(folder: Path) -> Dataset:
    """Read a data set's folder. Raises MotionGPTError if it isn't one."""
    try:
        clips = msgspec.json.decode((folder / "clips.json").read_bytes(), type=list[Clip])
        features = _rows(folder / "features.npy", DIMENSIONS)
    except FileNotFoundError:
        raise MotionGPTError(f"{folder} is not a data set.", "Make one with `motiongpt data import`.") from None
    except (*READ_ERRORS, msgspec.DecodeError) as error:
        raise MotionGPTError(f"The data set {folder} can't be read ({error}).", "Import the clips again.") from error
    for clip in clips:
        if clip.start < 0 or clip.frames < 0 or clip.start + clip.frames > len(features):
            raise MotionGPTError(
                f"The data set {folder} is damaged: {clip.name} lies outside its features.", "Import the clips again."
            )
    return Dataset(features, clips)


def _rows(path: Path, width: int) -> Float32s:
    """The rows (T, width) of a data set's file, mapped. Raises one of READ_ERRORS for anything else."""
    with open(path, "rb") as file:
        shape, fortran, dtype = read_header(file)
        held = path.stat().st_size - file.tell()
    if fortran or dtype != np.dtype("<f4") or shape[1:] != (width,) or shape[0] * width * 4 > held:
        raise ValueError(f"{path.name} does not hold rows of {width} numbers")
    rows: Float32s = np.load(path, mmap_mode="r", allow_pickle=False)
    return rows


def checksum(folder: Path, captions: bool = True) -> int:
    """A checksum of a data set's contents, wherever it lies; with `captions=False` it does not depend on them.

    Raises MotionGPTError if the folder holds no data set.
    """
    clips = [asdict(clip) for clip in load_dataset(folder).clips]
    if not captions:
        clips = [{**clip, "captions": []} for clip in clips]
    total = zlib.crc32(json.dumps(clips, sort_keys=True).encode())
    for name in ("features.npy", "poses.npy"):
        if (folder / name).is_file():
            with open(folder / name, "rb") as file:
                while block := file.read(1 << 20):
                    total = zlib.crc32(block, total)
    return total


def load_motions(folder: Path, split: str) -> list[tuple[Motion, Clip]]:
    """The clips of a split at POSE_FPS, without mirrored copies; all clips if the split is empty (a small data set).

    Raises MotionGPTError if the data set was imported without poses.
    """
    dataset, path = load_dataset(folder), folder / "poses.npy"
    if not path.exists():
        raise MotionGPTError(f"{folder} holds no poses.npy.", "Import the clips again with `motiongpt data import`.")
    try:
        rows = _rows(path, POSE_WIDTH)
    except READ_ERRORS as error:
        raise MotionGPTError(f"{path} can't be read ({error}).", "Import the clips again.") from error
    clips = [c for c in dataset.split(split) or dataset.clips if not c.mirrored]
    return [(clip_motion(_poses_of(folder, clip, rows)), clip) for clip in clips]


def _poses_of(folder: Path, clip: Clip, rows: Float32s) -> Float32s:
    """A clip's rows (T, 95) of all poses. Raises MotionGPTError if they are not there, or not finite."""
    stop = clip.pose_start + clip.pose_frames
    if 0 <= clip.pose_start < stop <= len(rows):
        found = np.asarray(rows[clip.pose_start : stop])
        if np.isfinite(found).all():
            return found
    raise MotionGPTError(f"The data set {folder} is damaged: {clip.name} has no poses.", "Import the clips again.")


def compute_statistics(dataset: Dataset) -> Statistics:
    """Mean and standard deviation over the training clips, the deviation shared within each group of features, so
    that a dimension that hardly varies is not scaled up."""
    rows = np.concatenate([dataset.of(c) for c in dataset.split("train")])
    mean = rows.mean(axis=0, dtype=np.float64)
    std = rows.std(axis=0, dtype=np.float64)
    for place in SLICES.values():
        std[place] = max(float(np.sqrt((std[place] ** 2).mean())), 1e-3)  # a group may not move at all
    return Statistics(mean.astype(np.float32), std.astype(np.float32))
