"""What can be read on the screen: where a label stands, found by drawing it as Blender does and looking for that."""

import subprocess
from dataclasses import dataclass

import blf
import bpy
import gpu
import numpy as np
from mathutils import Matrix

LIKE = 0.94
"""Correlation from which a piece of the screen is a label; the same letters have 0.98, others at most 0.91."""
_SPACE = 5  # pixels between two words, and a little more
_HEIGHT, _BASE = 24, 7  # pixels of a line of text, and from its lower edge to the letters' foot

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels of the screen, from its upper left corner."""


@dataclass(frozen=True)
class Seen:
    """The middle of a label on the screen, and how sure that is."""

    x: int
    y: int
    like: float


def screen(box: Box | None = None) -> np.ndarray:
    """(H, W): the brightness of the screen, or of a part of it, from 0 to 1, its upper row first."""
    taken = subprocess.run(["import", "-window", "root", "-depth", "8", "ppm:-"], capture_output=True, check=True)
    width, height, pixels = _ppm(taken.stdout)
    left, top, right, bottom = box or (0, 0, width, height)
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)[top:bottom, left:right].mean(axis=2) / 255.0


def find(text: str, box: Box | None = None, least: float = LIKE) -> list[Seen]:
    """Where a label stands in a part of the screen, from the top down; more than once where it stands more often."""
    whole, letters = screen(), _drawn(text)
    left, top, right, bottom = box or (0, 0, whole.shape[1], whole.shape[0])
    likeness = _correlation(whole[top:bottom, left:right], letters)
    found: list[Seen] = []
    while likeness.size and likeness.max() >= least:
        row, column = np.unravel_index(likeness.argmax(), likeness.shape)
        height, width = letters.shape
        if _alone(whole[top + row : top + row + height], left + int(column), width):
            found.append(Seen(left + int(column) + width // 2, top + int(row) + height // 2, float(likeness.max())))
        likeness[max(row - height, 0) : row + height, max(column - width // 2, 0) : column + width // 2] = 0.0
    return sorted(found, key=lambda seen: (seen.y, seen.x))


def _alone(line: np.ndarray, left: int, width: int) -> bool:
    """Whether a label is all that is written there, and not a word of a longer text."""
    beside = line[:, max(left - _SPACE, 0) : left - 1], line[:, left + width + 1 : left + width + _SPACE]
    return all(side.size == 0 or np.ptp(side) < 0.2 for side in beside)


def _ppm(data: bytes) -> tuple[int, int, bytes]:
    """Width, height and pixels of a PPM file."""
    _kind, size, _most, pixels = data.split(b"\n", 3)
    width, height = map(int, size.split())
    return width, height, pixels


def _drawn(text: str) -> np.ndarray:
    """(h, w): a label as Blender draws it, cut to its letters."""
    style = bpy.context.preferences.ui_styles[0].widget
    blf.size(0, style.points * bpy.context.preferences.system.ui_scale)
    width = int(blf.dimensions(0, text)[0]) + 4
    canvas = gpu.types.GPUOffScreen(width, _HEIGHT)
    try:
        with canvas.bind(), gpu.matrix.push_pop():
            buffer = gpu.state.active_framebuffer_get()
            buffer.clear(color=(0.0, 0.0, 0.0, 1.0))
            gpu.matrix.load_matrix(Matrix.Identity(4))
            to_screen = Matrix(((2 / width, 0, 0, -1), (0, 2 / _HEIGHT, 0, -1), (0, 0, 1, 0), (0, 0, 0, 1)))
            gpu.matrix.load_projection_matrix(to_screen)
            gpu.state.blend_set("ALPHA")
            blf.color(0, 1.0, 1.0, 1.0, 1.0)
            blf.position(0, 1.0, _BASE, 0.0)
            blf.draw(0, text)
            drawn = np.array(buffer.read_color(0, 0, width, _HEIGHT, 4, 0, "FLOAT").to_list())[::-1, :, 0]
    finally:
        canvas.free()
    rows, columns = np.flatnonzero(drawn.max(axis=1) > 0.05), np.flatnonzero(drawn.max(axis=0) > 0.05)
    return drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _correlation(picture: np.ndarray, letters: np.ndarray) -> np.ndarray:
    """Pearson's, of the letters with each piece of a picture that is as large."""
    (height, width), (h, w) = picture.shape, letters.shape
    if height < h or width < w:
        return np.zeros((0, 0))
    mask = letters - letters.mean()
    spectrum = np.fft.rfft2(picture) * np.conj(np.fft.rfft2(mask, picture.shape))
    shared = np.fft.irfft2(spectrum, picture.shape)[: height - h + 1, : width - w + 1]
    sums, squares = (_sums(values, h, w) for values in (picture, picture**2))
    spread = np.sqrt(np.maximum(squares - sums**2 / (h * w), 1e-4) * (mask**2).sum())
    return shared / spread


def _sums(values: np.ndarray, h: int, w: int) -> np.ndarray:
    """The sum of each piece of h by w."""
    total = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    total[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
    return total[h:, w:] - total[:-h, w:] - total[h:, :-w] + total[:-h, :-w]
