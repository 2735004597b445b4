"""Two-bone inverse kinematics for legs and arms, in the limb's own plane, vectorised over frames."""

from dataclasses import dataclass

import numpy as np

from ..typing import Floats
from . import rotations as rot

_STRAIGHT = 0.15
"""Sine of the bend below which a limb's plane comes increasingly from its hinge instead of its joints."""


@dataclass(frozen=True, eq=False)
class LimbTurn:
    """The solution of `bend_limb`: global turns (..., 4) of the upper and the lower bone, and the new end (..., 3)."""

    upper: Floats
    lower: Floats
    end: Floats


def reachable(start: Floats, target: Floats, longest: Floats) -> Floats:
    """Targets (..., 3) pulled towards start (..., 3) where they are further from it than `longest` (...)."""
    away = target - start
    shrink: Floats = np.minimum(1.0, longest / np.maximum(rot.length(away), 1e-9))
    return start + away * shrink[..., None]


def _hinge(upper: Floats, lower: Floats, hinge: Floats) -> Floats:
    """The axis (..., 3) about which the lower bone bends: perpendicular to both, or the hinge if they are in line."""
    across = rot.cross(upper, lower)
    sine = rot.length(across)[..., None]
    hinge = rot.normalize(rot.perpendicular(hinge, upper))
    bent = np.clip(sine / _STRAIGHT, 0.0, 1.0)
    # A knee that bends very slightly the wrong way must not flip its axis: there the hinge decides.
    wrong = (rot.dot(across, hinge)[..., None] < 0) & (sine < _STRAIGHT)
    return np.where(wrong, hinge, rot.normalize(rot.normalize(across) * bent + hinge * (1.0 - bent)))


def _reach(start: Floats, middle: Floats, end: Floats, target: Floats, hinge: Floats) -> LimbTurn:
    upper, lower = middle - start, end - middle  # (..., 3)
    a, b = rot.length(upper), rot.length(lower)
    axis = _hinge(upper / a[..., None], lower / b[..., None], hinge)
    now = np.arctan2(rot.dot(rot.cross(upper, lower), axis), rot.dot(upper, lower))
    # |upper + lower|^2 = a^2 + b^2 + 2 a b cos(bend)
    reach = target - start
    bend = np.arccos(np.clip((rot.dot(reach, reach) - a**2 - b**2) / (2.0 * np.maximum(a * b, 1e-12)), -1.0, 1.0))
    bend = np.where((now < 0) & (bend < -now), -bend, bend)  # a limb bent the wrong way straightens without switching
    lower_turn = rot.from_axis_angle(axis, bend - now)
    bent_end = upper + rot.rotate(lower_turn, lower)
    turn = rot.between(bent_end, reach)
    return LimbTurn(turn, rot.multiply(turn, lower_turn), start + rot.rotate(turn, bent_end))


def bend_limb(start: Floats, middle: Floats, end: Floats, target: Floats, hinge: Floats) -> LimbTurn:
    """Bring the end of a limb to the target: change its bend, then turn it the shortest way.

    start, middle, end, target: (..., 3) positions; hinge: (..., 3) axis about which bending turns the lower bone
    positively, used where the limb is nearly straight. Targets out of reach are approached with a straight limb.

    >>> hip, knee, ankle = np.array([[0.0, 0.9, 0.0], [0.0, 0.5, 0.01], [0.0, 0.1, 0.0]])
    >>> turn = bend_limb(hip, knee, ankle, np.array([0.0, 0.3, 0.2]), hinge=np.array([1.0, 0.0, 0.0]))
    >>> turn.end.round(6)
    array([0. , 0.3, 0.2])
    """
    first = _reach(start, middle, end, target, hinge)
    # With a hinge that is not quite perpendicular to both bones the first pass misses by a little.
    knee = start + rot.rotate(first.upper, middle - start)
    second = _reach(start, knee, first.end, target, rot.rotate(first.upper, hinge))
    return LimbTurn(rot.multiply(second.upper, first.upper), rot.multiply(second.lower, first.lower), second.end)
