"""The project's own motion files: `.npz`."""

import json
import zipfile
from pathlib import Path

import numpy as np

from ..errors import MotionGPTError
from ..motion import Motion
from ..motion import rotations as rot
from ..motion.skeleton import REST_OFFSETS


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
    """Read what `save_npz` wrote. Raises MotionGPTError for any other file."""
    try:
        with np.load(path, allow_pickle=False) as data:
            rotations = data["rotations"].astype(np.float64)
            return Motion(
                rotations=rot.normalize(rotations),
                root_position=data["root_position"].astype(np.float64),
                fps=float(data["fps"]),
                contacts=data["contacts"].astype(np.float64),
                offsets=data["offsets"].astype(np.float64) if "offsets" in data else REST_OFFSETS,
                meta=json.loads(str(data["meta"])),
            )
    except FileNotFoundError:
        raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise MotionGPTError(f"{path} is not a motion file ({error}).", "Use an .npz that motiongpt wrote.") from error
