"""Input motions of commands: motion files, and the takes of character files."""

import argparse
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ....retarget.files.reading import FORMATS, read_motion
from ....retarget.motion import Motion
from ... import limits
from ...output import blender

INPUT_FORMATS = (*FORMATS, *blender.READ_SUFFIXES)


def add_take(parser: argparse.ArgumentParser) -> None:
    """--take."""
    parser.add_argument(
        "--take",
        metavar="NAME",
        help="which action of a character file, where it holds several (or a part of its name)",
    )


def read_input(
    path: Path, take: str | None = None, body: Path | None = None, up: str = "z", fps: float | None = None
) -> Motion:
    """The motion of a file of any kind.

    take: of a character file, see `blender.read_take`.  body, up, fps: as `read_motion` takes them.  Raises
    MotionGPTError if it can't be read or is too long.
    """
    suffix = path.suffix.lower()
    if suffix not in INPUT_FORMATS:
        raise MotionGPTError(f"{path}: motion is read from {' '.join(INPUT_FORMATS)}.", "Convert the file first.")
    if suffix in blender.READ_SUFFIXES:
        motion = blender.read_take(path, take)
    elif take is not None:
        raise MotionGPTError(f"{path.name} holds one motion and no takes.", "Leave out --take.", "usage")
    else:
        motion = read_motion(path, body, up, fps)
    if len(motion) > limits.MAX_MOTION_FRAMES:
        raise MotionGPTError(
            f"{path} has {len(motion)} frames.", f"Use at most {limits.MAX_MOTION_FRAMES}.", "too_large"
        )
    return motion
