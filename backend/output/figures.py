"""Stick figures: how joints are seen in pictures, and a motion as a small drawing in SVG, which takes no time where a
contact sheet takes a second."""

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion.skeleton import JOINT, JOINT_NAMES, PARENTS
from ...retarget.typing import Floats

_POSES, _STEP, _SCALE = 6, 1.1, 40.0  # poses, metres from one to the next, pixels a metre
LEFT, RIGHT, MIDDLE = "#d1495b", "#1f6f9f", "#444444"
_ELEVATION, AZIMUTH = np.radians(12.0), np.radians(35.0)
"""From where motions are seen, up and to the side, radians."""


def strip(motion: Motion, poses: int = _POSES) -> str:
    """SVG of evenly spaced poses, seen from the front left; the character's left limbs are red, its right ones blue."""
    frames = np.unique(np.round(np.linspace(0, len(motion) - 1, poses)).astype(int))
    lines = []
    for column, frame in enumerate(frames):
        joints = motion.joints[frame]
        across, up = project(joints - joints[0] * (1.0, 0.0, 1.0)).T
        points = np.stack([across + (column + 0.5) * _STEP, 2.2 - up], axis=-1) * _SCALE  # (22, 2) pixels
        lines += [
            f'<path d="M{points[PARENTS[j]][0]:.1f} {points[PARENTS[j]][1]:.1f}L{points[j][0]:.1f} {points[j][1]:.1f}"'
            f' stroke="{colour(j)}"/>'
            for j in range(1, len(PARENTS))
        ]
        head = points[JOINT["head"]] + 0.4 * (points[JOINT["head"]] - points[JOINT["neck"]])
        lines.append(f'<circle cx="{head[0]:.1f}" cy="{head[1]:.1f}" r="4" fill="{MIDDLE}" stroke="none"/>')
    width, height = poses * _STEP * _SCALE, 2.5 * _SCALE
    body = "".join(lines)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" fill="none" stroke-width="2.6" stroke-linecap="round">{body}</svg>'
    )


def project(points: Floats) -> Floats:
    """World points (..., 3) to the picture plane (..., 2), in metres: an orthographic view from the front left and
    slightly above. A character that faces +Z looks to the lower left, its left side nearer to the viewer."""
    x, y, z = np.moveaxis(points, -1, 0)
    across = x * np.cos(AZIMUTH) - z * np.sin(AZIMUTH)
    away = -x * np.sin(AZIMUTH) - z * np.cos(AZIMUTH)
    return np.stack([across, y * np.cos(_ELEVATION) + away * np.sin(_ELEVATION)], axis=-1)


def colour(joint: int) -> str:
    """The colour of the bone that ends in a joint."""
    name = JOINT_NAMES[joint]
    return LEFT if name.startswith("left") else RIGHT if name.startswith("right") else MIDDLE
