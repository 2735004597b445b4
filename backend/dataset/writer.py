"""Writes a data set's folder a clip at a time, so that it may be larger than memory."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.typing import Float32s
from ..features import DIMENSIONS
from .clips import POSE_WIDTH, Clip, Dataset, load_dataset
from .sets import ClipSet, records


class _GrowingArray:
    """A float32 `.npy` file (rows, width) that grows as it is written."""

    def __init__(self, path: Path, width: int) -> None:
        self.rows, self._width, self._path = 0, width, path
        self._draft = path.with_name(f".{path.name}.part")
        self._file = open(self._draft, "wb")  # noqa: SIM115 - open while the data set is written
        self._write_header()

    def _write_header(self) -> None:
        """Write the header, which numpy pads so that the number of rows can grow in place."""
        self._file.seek(0)
        npy: Any = np.lib.format
        shape = (self.rows, self._width)
        npy.write_array_header_1_0(self._file, {"descr": "<f4", "fortran_order": False, "shape": shape})

    def append(self, rows: Float32s) -> int:
        """Append rows (n, width); returns the index of the first."""
        first = self.rows
        self._file.write(np.ascontiguousarray(rows, "<f4").tobytes())
        self.rows += len(rows)
        return first

    def close(self, keep: bool) -> None:
        """Move the file into place, or delete it."""
        self._write_header()
        self._file.close()
        if keep and self.rows:
            self._draft.replace(self._path)
        else:
            self._draft.unlink()


class DatasetWriter:
    """Writes a data set a clip at a time, so that it may be larger than memory. The folder is complete or untouched."""

    def __init__(self, folder: Path, sets: dict[str, ClipSet] | None = None) -> None:
        """sets: the licences of the clips' sets, for `sets.json`."""
        self._folder, self._sets = folder, sets or {}
        self._clips: list[Clip] = []
        self.skipped: list[str] = []
        self.changed: dict[str, list[str]] = {}

    def __enter__(self) -> "DatasetWriter":
        self._folder.mkdir(parents=True, exist_ok=True)
        self._features = _GrowingArray(self._folder / "features.npy", DIMENSIONS)
        self._poses = _GrowingArray(self._folder / "poses.npy", POSE_WIDTH)
        return self

    def rows(self, features: Float32s) -> int:
        """Append features (T, 263); returns the index of the first row."""
        return self._features.append(features)

    def poses(self, rows: Float32s) -> int:
        """Append poses (T, 95) of a clip at POSE_FPS; returns the index of the first row."""
        return self._poses.append(rows)

    def clip(self, clip: Clip) -> None:
        """Add a clip whose rows are already written."""
        self._clips.append(clip)

    def skip(self, why: str) -> None:
        """Add a line to `skipped.txt`."""
        self.skipped.append(why)

    def change(self, how: str, what: str) -> None:
        """Add a line to `changed.txt`. how: a word for what was done, such as "cut"."""
        self.changed.setdefault(how, []).append(what)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        complete = kind is None and bool(self._clips)
        for array in (self._features, self._poses):
            array.close(complete)
        if not complete:
            if kind is None:
                why = f": {self.skipped[0]}" if self.skipped else "."
                raise MotionGPTError(f"No clip could be read{why}", "Check the folders.")
            return
        clips = json.dumps([asdict(c) for c in self._clips], indent=0)
        (self._folder / "clips.json").write_text(clips, encoding="utf-8")
        found = records(self._sets, self._clips)
        (self._folder / "sets.json").write_bytes(msgspec.json.format(msgspec.json.encode(found)))
        (self._folder / "skipped.txt").write_text("\n".join(self.skipped), encoding="utf-8")
        lines = [f"{how}: {line}" for how, found in self.changed.items() for line in found]
        (self._folder / "changed.txt").write_text("\n".join(lines), encoding="utf-8")

    def dataset(self) -> Dataset:
        """The data set that was written."""
        return load_dataset(self._folder)


def pose_rows(motion: Motion) -> Float32s:
    """(T, 95) float32 of a motion: what a row of `poses.npy` holds."""
    parts = (motion.rotations.reshape(len(motion), -1), motion.root_position, motion.contacts)
    return np.concatenate(parts, axis=1, dtype=np.float32)
