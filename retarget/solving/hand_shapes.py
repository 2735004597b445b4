"""Hand shapes: how far each finger is curled, from how it is modelled, whatever its bones are called or rolled.

Angles are those of a pose, not turns that are added to it: a hand that is modelled splayed and one that is modelled
half closed get the same shape. Curl turns about an axis in the plane of the palm, across each finger.
"""

from dataclasses import dataclass

import numpy as np

from ..motion import rotations as rot
from ..rigs.fingers import Finger, Hand
from ..typing import Floats

RELAXED, FIST, FLAT, AS_THEY_ARE = "relaxed", "fist", "flat", "as-they-are"
SHAPES = (RELAXED, FIST, FLAT, AS_THEY_ARE)
"""What hands can do in a new motion."""


@dataclass(frozen=True)
class _Shape:
    """first, last: degrees at the knuckle, the middle and the last joint of the index and of the little finger; those
    between lie between.  spread: how much of the fingers' spread at rest is kept.  thumb: directions of its three
    bones: along the hand, to the thumb's side, out of the palm."""

    first: tuple[float, float, float]
    last: tuple[float, float, float]
    spread: float
    thumb: tuple[tuple[float, float, float], ...]


_SHAPES = {
    RELAXED: _Shape(
        (16.0, 24.0, 12.0), (30.0, 36.0, 18.0), 0.35, ((0.72, 0.55, 0.42), (0.86, 0.30, 0.40), (0.93, 0.10, 0.36))
    ),
    FIST: _Shape(
        (78.0, 100.0, 60.0), (86.0, 100.0, 62.0), 0.1, ((0.80, 0.46, 0.40), (0.80, -0.3, 0.46), (0.42, -0.90, 0.12))
    ),
    FLAT: _Shape((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.35, ((0.80, 0.58, 0.15), (0.93, 0.34, 0.12), (0.97, 0.22, 0.10))),
}


def hand_basis(hand: Hand, shape: str) -> dict[str, Floats]:
    """Bone -> its rotation (4,) relative to its rest, in its own rest axes, that gives a hand that shape; none for
    AS_THEY_ARE."""
    if shape == AS_THEY_ARE:
        return {}
    wanted = _SHAPES[shape]
    out = {}
    for finger in hand.fingers:
        out.update(_basis(finger, _curled(finger, hand, wanted)))
    if hand.thumb is not None:
        out.update(_basis(hand.thumb, _opposed(hand.thumb, hand, wanted)))
    return out


def _basis(finger: Finger, turns: list[Floats]) -> dict[str, Floats]:
    """turns: (4,) of each bone from rest, in the rig's axes.

    A bone with rest R whose parent is turned by P is turned by Q = P R basis R^-1.
    """
    out, above = {}, rot.IDENTITY
    for bone, rest, turn in zip(finger.bones, finger.rest, turns, strict=True):
        local = rot.multiply(rot.multiply(rot.conjugate(above), turn), rest)
        basis = rot.normalize(rot.multiply(rot.conjugate(rest), local))
        out[bone] = basis if basis[0] >= 0.0 else -basis
        above = turn
    return out


def _curled(finger: Finger, hand: Hand, shape: _Shape) -> list[Floats]:
    palm = hand.palm
    flat = rot.normalize(rot.perpendicular(finger.along[0], palm))
    axis = np.cross(flat, palm)  # turns the finger towards the palm
    bends = np.arctan2(finger.along @ palm, finger.along @ flat)
    bends = np.diff(bends, prepend=0.0)  # at each joint, at rest
    spread = np.arctan2(flat @ hand.thumbward, flat @ hand.along)
    # A positive turn about the palm takes the thumb's side to the fingers' direction, or on a left hand away from it.
    inward = np.sign(np.cross(palm, hand.thumbward) @ hand.along) * (1.0 - shape.spread) * spread
    turns = [rot.from_axis_angle(palm, inward)]
    for wanted, bend in zip(_angles(shape, finger), bends, strict=True):
        turns.append(rot.multiply(turns[-1], rot.from_axis_angle(axis, wanted - bend)))
    return turns[1:]


def _angles(shape: _Shape, finger: Finger) -> Floats:
    """Radians at each of the finger's joints; a finger of fewer bones bends about as far as one of three."""
    share = finger.place / 3.0
    knuckle, middle, last = np.radians((1.0 - share) * np.array(shape.first) + share * np.array(shape.last))
    if len(finger.bones) == 1:
        return np.array([knuckle + 0.5 * middle])
    return np.array([knuckle, middle + 0.5 * last] if len(finger.bones) == 2 else [knuckle, middle, last])


def _opposed(thumb: Finger, hand: Hand, shape: _Shape) -> list[Floats]:
    directions = np.array(shape.thumb)
    if len(thumb.bones) < 3:  # its base is part of the palm
        directions = directions[1:] if len(thumb.bones) == 2 else directions[1:2]
    goals = rot.normalize(directions) @ np.array([hand.along, hand.thumbward, hand.palm])
    turns, above = [], rot.IDENTITY
    for along, goal in zip(thumb.along, goals, strict=True):
        above = rot.multiply(rot.between(rot.rotate(above, along), goal), above)
        turns.append(above)
    return turns
