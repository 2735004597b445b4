"""Paths from CSV files: x and z in metres, and the seconds t at which to be there, if wished."""

import csv
from pathlib import Path

from ...retarget.errors import MotionGPTError
from ..limits import check_path

Points = tuple[tuple[float, ...], ...]
"""(x, z) or (x, z, t): metres to the left and ahead of where the shot begins, seconds."""
_CURE = "Write x and z of each point on a line, in metres, and the seconds t if wished: x,z or x,z,t."


def read_path(path: Path) -> Points:
    """The points of a file, without a first line of names and empty lines. Raises MotionGPTError for another file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MotionGPTError(f"{path} can't be read as a path ({type(error).__name__}).", _CURE) from error
    rows = [row for row in csv.reader(text.splitlines()) if any(cell.strip() for cell in row)]
    names = [cell.strip().lower() for cell in rows[0]] if rows else []
    if names[:2] == ["x", "z"]:
        rows = rows[1:]
    try:
        points = tuple(tuple(float(cell) for cell in row) for row in rows)
    except ValueError as error:
        raise MotionGPTError(f"{path} holds something else than numbers ({error}).", _CURE) from error
    if not points:
        raise MotionGPTError(f"{path} holds no points.", _CURE)
    check_path(points)
    return points
