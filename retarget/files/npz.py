"""The project's own motion files: `.npz`."""

import json
from pathlib import Path

import numpy as np

from ..errors import MotionGPTError
from ..motion import Motion
from ..motion import rotations as rot
from ..motion.skeleton import REST_OFFSETS
from ..typing import Numbers
from .arrays import READ_ERRORS, finite, json_of, read_arrays

LEAST_FPS, MOST_FPS = 1e-2, 1e4
"""Frames per second that a motion may have; at others, resampling makes too many frames or none."""
_NO_TURN = 1e-6  # a quaternion that is shorter stands for no rotation


def save_npz(motion: Motion, path: str | Path) -> None:
    """Write `.npz`: joints, rotations, root_position, contacts, fps, offsets, and meta as a JSON string."""
    with open(path, "wb") as file:
        np.savez_compressed(
            file,
            joints=motion.joints.astype(np.float32),
            rotations=motion.rotations.astype(np.float32),
            root_position=motion.root_position.astype(np.float32),
            contacts=motion.contacts.astype(np.float32),
            offsets=motion.offsets.astype(np.float32),
            fps=np.float64(motion.fps),
            meta=np.array(json.dumps(motion.meta, ensure_ascii=False, sort_keys=True)),
        )


def load_npz(path: str | Path) -> Motion:
    """Read what `save_npz` wrote. Raises MotionGPTError for any other file, and for numbers that are not finite."""
    try:
        data = read_arrays(path, ("rotations", "root_position", "contacts", "offsets", "fps", "meta"))
        return _motion_of(data)
    except FileNotFoundError:
        raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
    except READ_ERRORS as error:
        raise MotionGPTError(f"{path} is not a motion file ({error}).", "Use an .npz that motiongpt wrote.") from error


def _motion_of(data: dict[str, Numbers]) -> Motion:
    """The motion of a file's arrays. Raises ValueError or KeyError for any that can't be a motion."""
    rotations = finite(data["rotations"], "rotations")
    if rotations.shape[-1:] != (4,) or not (np.abs(rotations).max(axis=-1, initial=0.0) > _NO_TURN).all():
        raise ValueError("some rotations are none")
    fps = finite(data["fps"], "fps").reshape(-1)
    meta = json_of(data["meta"])
    if len(fps) != 1 or not LEAST_FPS <= fps[0] <= MOST_FPS or not isinstance(meta, dict):
        raise ValueError("its frame rate or its description is none")
    return Motion(
        rotations=rot.normalize(rotations),
        root_position=finite(data["root_position"], "root_position"),
        fps=float(fps[0]),
        contacts=finite(data["contacts"], "contacts"),
        offsets=finite(data["offsets"], "offsets") if "offsets" in data else REST_OFFSETS,
        meta=meta,
    )
