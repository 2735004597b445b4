"""Contact sheets: motions as rows of stick figures over time."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imread

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import JOINT, PARENTS
from ...retarget.typing import Floats, Ints
from .figures import AZIMUTH, LEFT, MIDDLE, RIGHT, colour, project

_MAX_ROWS = 60


def render_sheet(motions: Sequence[Motion], titles: Sequence[str], path: str | Path, frames: int = 8) -> None:
    """Write a contact sheet (PNG): a row for each motion, with `frames` evenly spaced poses seen from the front left.

    The character's left limbs are red, its right limbs blue; an arrow on the floor shows where the pelvis faces. On the
    right, a dotted line is the root's path from above. All figures of a sheet have the same scale.
    Raises MotionGPTError for no motions, a bad number of frames, or a path that can't be written.
    """
    if not motions or len(motions) > _MAX_ROWS:
        raise MotionGPTError(f"A sheet shows 1 to {_MAX_ROWS} motions, not {len(motions)}.", "Choose other motions.")
    if not 1 <= frames <= 60:
        raise MotionGPTError(f"A row shows 1 to 60 frames, not {frames}.", "Choose a number in that range.")
    figure = Figure(figsize=(1.5 * frames + 3.0, 2.9 * len(motions)), dpi=90)
    grid = figure.add_gridspec(len(motions), 2, width_ratios=(1.5 * frames, 2.4), hspace=0.32, wspace=0.06)
    for row, (motion, title) in enumerate(zip(motions, titles, strict=True)):
        _draw_row(figure.add_subplot(grid[row, 0]), motion, title, frames)
        _draw_path(figure.add_subplot(grid[row, 1]), motion, _spaced_frames(motion, frames))
    _save_figure(figure, path, bbox_inches="tight")


def join_pictures(rows: Sequence[Sequence[str | Path]], titles: Sequence[str], path: str | Path) -> None:
    """Write pictures of equal size as one PNG: a row under each title, from left to right in time.

    Raises MotionGPTError for a path that can't be written.
    """
    strips = [np.concatenate([imread(picture)[..., :3] for picture in row], axis=1) for row in rows]
    height, width = strips[0].shape[:2]
    figure = Figure(figsize=(width / 100, len(strips) * (height / 100 + 0.45)), dpi=100)
    for number, (strip, title) in enumerate(zip(strips, titles, strict=True)):
        share = 1.0 / len(strips)
        box = (0.0, 1.0 - (number + 1) * share, 1.0, share * height / (height + 45))
        axes = figure.add_axes(box)
        axes.imshow(strip, aspect="auto", interpolation="none")
        axes.axis("off")
        axes.set_title(title, loc="left", fontsize=15, x=0.005, parse_math=False)
    _save_figure(figure, path)


def _save_figure(figure: Any, path: str | Path, **options: Any) -> None:
    try:
        figure.savefig(path, facecolor="white", format="png", **options)
    except OSError as error:
        raise MotionGPTError(
            f"{path} can't be written ({error.strerror}).", "Choose another folder.", "unwritable"
        ) from error


def _spaced_frames(motion: Motion, frames: int) -> Ints:
    """(frames,) frame numbers, evenly spaced from first to last."""
    return np.asarray(np.round(np.linspace(0, len(motion) - 1, frames)), np.int64)


def _draw_row(axes: Any, motion: Motion, title: str, frames: int) -> None:
    """Figures at a fixed distance from each other, so that they neither overlap nor leave the page as the root travels.

    Each stands on its own patch of the floor, whose grid shows the travel; the path at the right has the distance.
    """
    step = 1.35
    for column, frame in enumerate(_spaced_frames(motion, frames)):
        joints = motion.joints[frame]  # (22, 3)
        over = joints[0] * (1.0, 0.0, 1.0)
        shift = np.array([column * step, 0.0])
        _draw_floor(axes, over, shift, motion.rotations[frame, 0])
        points = project(joints - over) + shift  # (22, 2)
        depth = -joints @ np.array([np.sin(AZIMUTH), 0.0, np.cos(AZIMUTH)])
        bones = sorted(range(1, len(PARENTS)), key=lambda joint: -depth[joint])  # nearest drawn last
        for joint in bones:
            line = points[[PARENTS[joint], joint]]
            axes.plot(*line.T, color=colour(joint), linewidth=2.6, solid_capstyle="round")
        neck, head = points[JOINT["neck"]], points[JOINT["head"]]
        axes.plot(*(head + 0.4 * (head - neck)), marker="o", markersize=8.5, color=MIDDLE)
        axes.text(shift[0], -0.42, f"{frame / motion.fps:.1f} s", ha="center", va="top", fontsize=7.5, color="#666666")
    axes.set_title(title, loc="left", fontsize=10.5, parse_math=False)
    for side, shade, line in (("left", LEFT, 1.0), ("right", RIGHT, 0.9)):
        axes.text(1.0, line, side, color=shade, fontsize=8, ha="right", va="top", transform=axes.transAxes)
    axes.set_aspect("equal")
    axes.set_xlim(-0.8, (frames - 1) * step + 0.8)
    axes.set_ylim(-0.6, max(2.1, float(motion.joints[..., 1].max()) + 0.3))
    axes.axis("off")


def _draw_floor(axes: Any, over: Floats, shift: Floats, pelvis: Floats) -> None:
    """A square metre of floor around the figure, with a half-metre grid fixed to the world, and the facing arrow."""
    for axis in (0, 2):
        first = np.ceil((over[axis] - 0.5) / 0.5) * 0.5
        for place in np.arange(first, over[axis] + 0.5 + 1e-6, 0.5):
            ends = np.zeros((2, 3))
            ends[:, axis] = place - over[axis]
            ends[:, 2 - axis] = (-0.5, 0.5)
            axes.plot(*(project(ends) + shift).T, color="#cccccc", linewidth=0.8, zorder=0)
    square = np.array([(-0.5, 0, -0.5), (0.5, 0, -0.5), (0.5, 0, 0.5), (-0.5, 0, 0.5)])
    axes.fill(*(project(square) + shift).T, color="#f2f2f2", zorder=-1)
    forward = rot.rotate(rot.yaw(pelvis), np.array([0.0, 0.0, 0.45]))
    start, end = project(np.zeros(3)) + shift, project(forward) + shift
    style = {"arrowstyle": "-|>", "color": "#3a9d5d", "linewidth": 1.4}
    axes.annotate("", xy=end, xytext=start, arrowprops=style, zorder=1)


def _draw_path(axes: Any, motion: Motion, marked: Ints) -> None:
    """The root's path from above: +Z, where a generated motion faces, points down; +X, its left, to the right."""
    root = motion.joints[:, 0][:, [0, 2]]  # (T, 2)
    axes.plot(*root.T, color="#888888", linewidth=1.2, linestyle=":")
    axes.scatter(*root[marked].T, s=10, color="#3a9d5d", zorder=3)
    axes.scatter(*root[0], s=34, facecolors="white", edgecolors="#3a9d5d", zorder=4)
    centre = 0.5 * (root.min(axis=0) + root.max(axis=0))
    half = max(0.6, 0.55 * float(np.ptp(root, axis=0).max()))
    axes.set_xlim(centre[0] - half, centre[0] + half)
    axes.set_ylim(centre[1] + half, centre[1] - half)
    axes.set_aspect("equal")
    axes.grid(color="#eeeeee")
    axes.tick_params(labelsize=6, length=0)
    length = float(np.linalg.norm(np.diff(root, axis=0), axis=-1).sum())
    axes.set_title(f"from above: {length:.1f} m", fontsize=7.5, color="#666666")
    for side in axes.spines.values():
        side.set_color("#dddddd")
