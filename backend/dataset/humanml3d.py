"""Import HumanML3D, an index over AMASS, as a data set: its clips, rate, captions, mirrored copies and splits.

As in its published scripts (Guo et al. 2022): every int(fps / 20)-th frame of a recording is kept, and the result taken
as 20 frames a second; the calibration pose at the start of some collections' recordings is cut; `index.csv` gives the
range of each clip. A caption with a time span becomes a separate clip. The one difference: features come from the true
rotations, twist included.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.files.amass import read_amass
from ...retarget.files.arrays import READ_ERRORS, finite, read_array
from ...retarget.files.reading import on_ground
from ...retarget.motion import Motion
from ...retarget.motion.joining import on_canonical_body
from ...retarget.motion.pose_from_joints import joints_to_motion
from ...retarget.motion.skeleton import LEG_LENGTH, leg_length
from ..features import FPS, motion_to_features
from ..tables import read_table
from .clips import MIN_FRAMES, Clip, Dataset
from .writer import DatasetWriter

_SPLITS = ("train", "val", "test")
_CALIBRATION = {
    "Eyes_Japan_Dataset": 3.0,
    "MPI_HDM05": 3.0,
    "TotalCapture": 1.0,
    "MPI_Limits": 1.0,
    "Transitions_mocap": 0.5,
}
"""Collection -> seconds that the published scripts cut from the start."""
_RENAMED = {
    "BioMotionLab_NTroje": "BMLrub",
    "MPI_HDM05": "HDM05",
    "MPI_Limits": "PosePrior",
    "MPI_mosh": "MoSh",
    "SSM_synced": "SSM",
    "TCD_handMocap": "TCDHands",
    "Transitions_mocap": "Transitions",
    "DFaust_67": "DFaust",
}
"""Collection -> AMASS's current name for it."""
_JOINTS_ONLY = "humanact12"
"""The one source outside AMASS: it comes with HumanML3D, as joint positions."""
_PREFIX = "./pose_data/"
_LONGEST = 1e6  # seconds
_COLUMNS = ("source_path", "start_frame", "end_frame", "new_name")


@dataclass(frozen=True)
class _Row:
    """One clip of the index. start, stop: frames at 20 a second, after the calibration pose."""

    source: str
    start: int
    stop: int
    name: str


@dataclass
class _Caption:
    """start, stop: seconds; both 0 mean the whole clip."""

    text: str
    start: float = 0.0
    stop: float = 0.0


@dataclass
class _Recordings:
    """Source files as motion at 20 frames a second; the last one is cached, since several rows in a row share it."""

    humanml3d: Path
    amass: Path
    body: Path | None
    _last: tuple[str, Motion] | None = field(default=None)

    def clip(self, row: _Row) -> Motion:
        """The motion of a row, on the canonical body and on the floor. Raises MotionGPTError."""
        if self._last is None or self._last[0] != row.source:
            self._last = row.source, self._read(row.source)
        motion = self._last[1]
        if _JOINTS_ONLY not in row.source:
            skip = next((int(s * FPS) for name, s in _CALIBRATION.items() if name in row.source), 0)
            motion = motion.slice(*slice(skip + row.start, skip + row.stop).indices(len(motion))[:2])
        if len(motion) <= MIN_FRAMES:
            raise MotionGPTError(f"{row.name} has {len(motion)} frames.", "Check the index.")
        return on_ground(on_canonical_body(motion))

    def _read(self, source: str) -> Motion:
        if _JOINTS_ONLY in source:
            return _read_joints(_first(self.humanml3d / source, self.humanml3d / source.removeprefix("./")))
        motion = read_amass(self._find(source), self.body)
        step = int(motion.fps / FPS)
        if step < 1:
            raise MotionGPTError(f"{source} has {motion.fps:g} frames a second.", f"At least {FPS:g} are needed.")
        return replace(
            motion,
            rotations=motion.rotations[::step],
            root_position=motion.root_position[::step],
            contacts=motion.contacts[::step],
            fps=FPS,
        )

    def _find(self, source: str) -> Path:
        """The AMASS file of `./pose_data/COLLECTION/.../NAME_poses.npy`; SMPL-X files end in _stageii."""
        collection, _, rest = source.removeprefix(_PREFIX).removesuffix(".npy").partition("/")
        folders = [collection, *([_RENAMED[collection]] if collection in _RENAMED else [])]
        names = [rest, f"{rest.removesuffix('_poses')}_stageii"]
        return _first(*(self.amass / folder / f"{name}.npz" for folder in folders for name in names))


def import_humanml3d(
    folder: Path,
    amass: Path,
    out: Path,
    body: Path | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Dataset:
    """Write a data set of every clip in `index.csv` whose recording is found; `skipped.txt` lists the others.

    folder: HumanML3D's repository or its data (index.csv, texts/, train.txt ...).  amass: AMASS's collections, one
    folder each.  body: the user's body files, see `retarget.body.find_body`.

    Raises MotionGPTError if the index, the texts or the body files are missing, or no clip could be read.
    """
    rows, texts, splits = _read_index(folder), _find_texts(folder), _read_splits(folder)
    recordings = _Recordings(folder, amass, body)
    with DatasetWriter(out) as writer:
        for done, row in enumerate(rows):
            progress(done, len(rows))
            if splits and not {row.name, f"M{row.name}"} & splits.keys():
                writer.skip(f"{row.name}: in no split")
                continue
            try:
                motion = recordings.clip(row)
            except MotionGPTError as error:
                if error.kind == "no_body":
                    raise
                writer.skip(f"{row.name} ({row.source}): {error}")
                continue
            for mirrored, name in ((False, row.name), (True, f"M{row.name}")):
                if splits and name not in splits:
                    continue
                features = motion_to_features(motion.mirror() if mirrored else motion).astype(np.float32)
                start = writer.rows(features)
                for clip in _clips(name, start, len(features), _read_captions(texts / f"{name}.txt")):
                    writer.clip(replace(clip, mirrored=mirrored, assigned=splits.get(name, "")))
    return writer.dataset()


def _clips(name: str, start: int, frames: int, captions: list[_Caption]) -> Iterator[Clip]:
    """The whole clip with its captions, and one clip for each time span in the captions."""
    spans: dict[tuple[int, int], list[str]] = {(0, frames): []}
    for caption in captions:
        whole = caption.start == caption.stop == 0.0
        span = (0, frames) if whole else (int(caption.start * FPS), min(int(caption.stop * FPS), frames))
        if span[1] - span[0] >= MIN_FRAMES:
            spans.setdefault(span, []).append(caption.text)
    for (first, stop), texts in spans.items():
        yield Clip(name, start + first, stop - first, texts)


def _read_index(folder: Path) -> list[_Row]:
    path = _first(folder / "index.csv", folder.parent / "index.csv")
    return [_row(path, line, row) for line, row in read_table(path, _COLUMNS)]


def _row(path: Path, line: int, row: dict[str, str]) -> _Row:
    try:
        start, stop = int(float(row["start_frame"])), int(float(row["end_frame"]))
        return _Row(row["source_path"], start, stop, Path(row["new_name"]).stem)
    except (ValueError, OverflowError) as error:
        raise MotionGPTError(
            f"{path} is not HumanML3D's index (line {line}: {error}).", "Download it again."
        ) from error


def _find_texts(folder: Path) -> Path:
    for place in (folder / "texts", folder / "HumanML3D" / "texts"):
        if place.is_dir():
            return place
    raise MotionGPTError(f"{folder} has no texts folder.", "Unpack HumanML3D's texts.zip there.")


def _read_splits(folder: Path) -> dict[str, str]:
    """Clip name -> split; empty if the lists are missing."""
    splits: dict[str, str] = {}
    for split in _SPLITS:
        for path in (folder / f"{split}.txt", folder / "HumanML3D" / f"{split}.txt"):
            if path.is_file():
                splits |= dict.fromkeys(_text(path).split(), split)
                break
    return splits


def _read_captions(path: Path) -> list[_Caption]:
    """Lines of caption#tokens#start#stop; a clip without a file has none."""
    if not path.is_file():
        return []
    found = []
    for line in _text(path).splitlines():
        text, *rest = line.strip().split("#")
        try:
            start, stop = (float(value) for value in rest[1:3])
        except ValueError:
            start = stop = 0.0
        if text:
            valid = 0.0 <= start < stop < _LONGEST  # some lines have nan
            found.append(_Caption(text, start, stop) if valid else _Caption(text))
    return found


def _read_joints(path: Path) -> Motion:
    """Joints (T, 22 or more, 3) at 20 frames a second, Y up, scaled to the canonical body's legs."""
    try:
        with open(path, "rb") as file:
            joints = finite(read_array(file, path.stat().st_size), "the file")
        if joints.ndim != 3 or len(joints) < 2 or joints.shape[1] < 22 or joints.shape[2] != 3:
            raise ValueError(f"shape {joints.shape}")
        joints = joints[:, :22]
    except READ_ERRORS as error:
        raise MotionGPTError(f"{path} holds no joints ({error}).", "Download it again.") from error
    rest = np.zeros((22, 3))
    for joint, parent in ((4, 1), (7, 4)):
        rest[joint, 1] = np.linalg.norm(joints[:, joint] - joints[:, parent], axis=-1).mean()
    return joints_to_motion(joints * (LEG_LENGTH / max(leg_length(rest), 1e-6)), FPS)


def _text(path: Path) -> str:
    """Raises MotionGPTError for a file that is no text."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MotionGPTError(f"{path} can't be read as text ({error}).", "Download it again.") from error


def _first(*paths: Path) -> Path:
    """The first that exists. Raises MotionGPTError if none does."""
    for path in paths:
        if path.is_file():
            return path
    raise MotionGPTError(f"There is no file {paths[0]}.", "Check the folder.")
