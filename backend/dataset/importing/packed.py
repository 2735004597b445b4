"""A data set packed to travel, for instance to a machine with a GPU: a sixth of the size of features in float16.

`motions.npz` has the clips as motion, without mirrored copies: rotations (F, 22, 4) int16, in steps of 1 / 32767; root
(F, 3) float32, metres; contacts (F, 4) uint8, in steps of 1 / 255. `clips.json` lists all clips, the mirrored ones with
the rows of their originals. Features are computed again when it is unpacked: joints come back to a tenth of a
millimetre. `poses.npy` is left out.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec
import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.files.arrays import READ_ERRORS, finite, read_arrays
from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.typing import Float32s, Floats, Numbers
from ...features import DIMENSIONS, FPS, SLICES, features_to_motion, motion_to_features
from ..clips import Clip, load_dataset
from ..sampling import draw_weights

MOTIONS = "motions.npz"
_STEP = 32767.0
_BYTES = 170.0
"""Of a frame, compressed: an upper bound by experience."""
_TABLES = ("sets.json",)


@dataclass(frozen=True)
class Packed:
    """clips, minutes: what is in the pack, without mirrored copies.  dropped: clips for which there was no room."""

    clips: int
    minutes: float
    dropped: list[Clip]
    size: int


def is_packed(folder: Path) -> bool:
    """Whether a folder holds a packed data set."""
    return (folder / MOTIONS).is_file()


def pack_dataset(
    folder: Path, out: Path, megabytes: float, progress: Callable[[int, int], None] = lambda done, total: None
) -> Packed:
    """Write a packed copy of a data set to `out`, at most that large.

    Where not all clips fit, those go whose frames are drawn least. Raises MotionGPTError for a folder that holds no
    data set, and if not one clip fits.
    """
    dataset = load_dataset(folder)
    kept, dropped = _chosen([c for c in dataset.clips if not c.mirrored], megabytes)
    turns, root, contacts, rows, first = [], [], [], [], 0
    mirrored = {c.name: c for c in dataset.clips if c.mirrored}
    for done, clip in enumerate(kept):
        progress(done, len(kept))
        motion = features_to_motion(np.asarray(dataset.of(clip)).astype(np.float64))
        turns.append(np.round(motion.rotations * _STEP).astype(np.int16))
        root.append(motion.root_position.astype(np.float32))
        contacts.append(np.round(motion.contacts * 255.0).astype(np.uint8))
        rows += [replace(c, start=first) for c in (clip, mirrored.get(clip.name)) if c is not None]
        first += clip.frames
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        out / MOTIONS, rotations=np.concatenate(turns), root=np.concatenate(root), contacts=np.concatenate(contacts)
    )
    (out / "clips.json").write_text(json.dumps([asdict(c) for c in rows]), encoding="utf-8")
    _copy_tables(folder, out)
    return Packed(len(kept), first / FPS / 60, dropped, sum(p.stat().st_size for p in out.iterdir()))


def _chosen(clips: list[Clip], megabytes: float) -> tuple[list[Clip], list[Clip]]:
    """Clips that fit, in their order, and those that don't."""
    most = int(megabytes * 1e6 / _BYTES)
    rate = draw_weights(clips) / np.array([c.frames for c in clips])
    inside, frames = set(), 0
    for i in np.argsort(-rate, kind="stable").tolist():
        if frames + clips[i].frames <= most:
            inside.add(i)
            frames += clips[i].frames
    if not inside:
        raise MotionGPTError(f"No clip fits into {megabytes:g} MB.", "Allow more with --megabytes.", "usage")
    return [c for i, c in enumerate(clips) if i in inside], [c for i, c in enumerate(clips) if i not in inside]


def unpack_dataset(
    pack: Path, out: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> list[Clip]:
    """Write a packed data set as a data set without poses to `out`. Raises MotionGPTError for a damaged pack."""
    try:
        rotations, root, contacts = _arrays(pack / MOTIONS)
        clips = msgspec.json.decode((pack / "clips.json").read_bytes(), type=list[Clip])
    except (*READ_ERRORS, msgspec.DecodeError) as error:
        raise MotionGPTError(f"{pack} is not a packed data set ({error}).", "Pack it again.") from error
    for clip in clips:
        if clip.start < 0 or clip.frames < 2 or clip.start + clip.frames > len(rotations):
            raise MotionGPTError(f"{pack} is damaged: {clip.name[:80]} lies outside its motions.", "Pack it again.")
    out.mkdir(parents=True, exist_ok=True)
    rows = [c.frames for c in clips]
    shape = (sum(rows), DIMENSIONS)
    features = np.lib.format.open_memmap(out / "features.npy", "w+", np.float32, shape)  # type: ignore[no-untyped-call]
    starts = np.cumsum([0, *rows])
    for done, (clip, start) in enumerate(zip(clips, starts.tolist(), strict=False)):
        progress(done, len(clips))
        place = slice(clip.start, clip.start + clip.frames)
        features[start : start + clip.frames] = _features(rotations[place], root[place], contacts[place], clip.mirrored)
    features.flush()
    clips = [replace(c, start=start) for c, start in zip(clips, starts.tolist(), strict=False)]
    (out / "clips.json").write_text(json.dumps([asdict(c) for c in clips]), encoding="utf-8")
    _copy_tables(pack, out)
    return clips


def _arrays(path: Path) -> tuple[Numbers, Float32s, Numbers]:
    """Rotations, root and contacts of all clips. Raises one of READ_ERRORS."""
    found = read_arrays(path, ("rotations", "root", "contacts"))
    rotations, root, contacts = found["rotations"], found["root"], found["contacts"]
    frames = len(rotations)
    expected = ((rotations, (22, 4), np.int16), (root, (3,), np.float32), (contacts, (4,), np.uint8))
    for array, shape, kind in expected:
        if array.shape != (frames, *shape) or array.dtype != np.dtype(kind):
            raise ValueError(f"an array of {array.shape} {array.dtype} where {(frames, *shape)} belongs")
    finite(root, "root")
    if not rotations.any(axis=-1).all():
        raise ValueError("some of its rotations are zero")
    return rotations, root, contacts


def _features(rotations: Floats, root: Floats, contacts: Floats, mirrored: bool) -> Float32s:
    """(T, 263) of a clip of T frames. The speeds of its last frame, which no further frame tells, are those of the one
    before."""
    turns = rot.normalize(rotations.astype(np.float64) / _STEP)
    motion = Motion(turns, root.astype(np.float64), FPS, contacts / 255.0)
    motion = motion.mirror() if mirrored else motion
    out = motion_to_features(motion.held(1))
    for speed in ("root_turn", "root_velocity", "velocities"):
        out[-1, SLICES[speed]] = out[-2, SLICES[speed]]
    return out.astype(np.float32)


def _copy_tables(source: Path, out: Path) -> None:
    for name in _TABLES:
        if (source / name).is_file():
            shutil.copy(source / name, out / name)
