"""Two-bone inverse kinematics for legs and arms, in the limb's own plane; vectorised over frames."""

from dataclasses import dataclass

import numpy as np

from ..typing import Floats
from . import rotations as rot

_STRAIGHT = 0.15
"""Sine of the bend below which a limb's plane is taken, more and more, from its hinge instead of its joints."""


@dataclass(frozen=True, eq=False)
class LimbTurn:
    """What `bend_limb` found: global turns (..., 4) for the upper and the lower bone, and the new end (..., 3)."""

    upper: Floats
    lower: Floats
    end: Floats


def reachable(start: Floats, target: Floats, longest: Floats) -> Floats:
    """Targets (..., 3) pulled towards start (..., 3) where they are further away than `longest` (...)."""
    away = target - start
    distance = np.linalg.norm(away, axis=-1)
    shrink: Floats = np.minimum(1.0, longest / np.maximum(distance, 1e-9))
    return start + away * shrink[..., None]


def _hinge(upper: Floats, lower: Floats, hinge: Floats) -> Floats:
    """The axis (..., 3) about which the lower bone bends: across both bones, the given hinge where they are in line."""
    across = rot.cross(upper, lower)
    sine = np.linalg.norm(across, axis=-1, keepdims=True)
    hinge = rot.normalize(hinge - upper * np.sum(hinge * upper, axis=-1, keepdims=True))
    bent = np.clip(sine / _STRAIGHT, 0.0, 1.0)
    # A knee that bends the wrong way by a hair must not turn its axis over: there the hinge decides.
    wrong = (np.sum(across * hinge, axis=-1, keepdims=True) < 0) & (sine < _STRAIGHT)
    return np.where(wrong, hinge, rot.normalize(rot.normalize(across) * bent + hinge * (1.0 - bent)))


def _reach(start: Floats, middle: Floats, end: Floats, target: Floats, hinge: Floats) -> LimbTurn:
    upper, lower = middle - start, end - middle  # (..., 3)
    lengths = np.linalg.norm(upper, axis=-1), np.linalg.norm(lower, axis=-1)
    product = np.maximum(lengths[0] * lengths[1], 1e-12)
    axis = _hinge(upper / lengths[0][..., None], lower / lengths[1][..., None], hinge)
    now = np.arctan2(np.sum(rot.cross(upper, lower) * axis, axis=-1), np.sum(upper * lower, axis=-1))
    # |upper + lower|^2 = a^2 + b^2 + 2 a b cos(bend)
    square = np.sum((target - start) ** 2, axis=-1)
    bend = np.arccos(np.clip((square - lengths[0] ** 2 - lengths[1] ** 2) / (2.0 * product), -1.0, 1.0))
    bend = np.where((now < 0) & (bend < -now), -bend, bend)  # straightening an overstretched limb keeps its side
    lower_turn = rot.from_axis_angle(axis, bend - now)
    bent_end = upper + rot.rotate(lower_turn, lower)
    turn = rot.between(bent_end, target - start)
    return LimbTurn(turn, rot.multiply(turn, lower_turn), start + rot.rotate(turn, bent_end))


def bend_limb(start: Floats, middle: Floats, end: Floats, target: Floats, hinge: Floats) -> LimbTurn:
    """Turn a limb so that its end lies at the target, changing its bend and then its direction by the shortest way.

    start, middle, end, target: (..., 3) positions; hinge: (..., 3) axis about which bending turns the lower bone
    positively, used where the limb is nearly straight. Targets out of reach are approached with a straight limb.
    """
    first = _reach(start, middle, end, target, hinge)
    # With a hinge that is not quite across both bones the first pass misses by a little.
    knee = start + rot.rotate(first.upper, middle - start)
    second = _reach(start, knee, first.end, target, rot.rotate(first.upper, hinge))
    return LimbTurn(rot.multiply(second.upper, first.upper), rot.multiply(second.lower, first.lower), second.end)
