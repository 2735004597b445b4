"""Which way is up in a clip: told by its frames, since a file's rest pose may stand along another axis, or not at all.

Each of the six axes is tried as up, at a price. A person who stands along it, head over feet, speaks for it, and a body
over its feet does too. So does a floor: the lowest joint stays at one level, which is that of
the world's origin, and is a foot, not the head. And so does a body that lies on that level with most of its joints, on
whatever it lies: a bed or a table may be at any height. Where these differ, the axis of the rest pose tips the scales.
The prices are those of a softmax regression on clips of people who stand, sit, crawl and lie, put at several heights.
"""

import numpy as np

from ..motion import rotations as rot
from ..motion.skeleton import LEG_LENGTH, SIDES
from ..typing import Bools, Float64s, Floats
from .mapping import Mapping
from .rig import Rig

STANDS = 0.9
"""Cosine of the tilt at which torso and legs still stand."""
_STANDING, _AT_REST, _ON_THE_HEAD, _ON_THE_FEET = 1.17, 1.5, 0.69, 0.83
_BELOW, _ABOVE, _MOST = 5.1, 0.61, (1.9, 1.15)  # price of a floor a leg below the origin, or above it; the most of each
_ABOVE_AT_REST = 0.25  # of the price for above, along the axis of the rest pose: people are lifted, not toppled
_CHANGING = 1.6  # price of a floor whose level changes by a leg, or more
_EXACT, _NEAR = 0.67, 0.08  # reward of a floor at the origin, and how near that is, in legs' lengths
_LIES, _THICK = 1.34, 0.3  # reward of joints on the floor, and how near that is, in legs' lengths
_OFF_BALANCE = 0.81  # price of a body a leg's length beside its feet, or more
_UNUSUAL = np.array([0.36, 0.0, 0.09, 0.54, 0.25, 0.25])  # price of +X, +Y, +Z, -X, -Y, -Z; few tools have X up
_AXES = np.concatenate([np.eye(3), -np.eye(3)])


def torso_and_legs(rig: Rig, mapping: Mapping, heads: Floats) -> tuple[Floats, Floats, Floats]:
    """Directions (..., 3) in poses with joints at heads (..., N, 3): to the left, up the torso, down the legs. That to
    the left is twice as long where hips and shoulders agree."""
    at = {joint: heads[..., rig.index[bone], :] for joint, bone in mapping.bones.items()}
    left = rot.normalize(at["left_hip"] - at["right_hip"]) + rot.normalize(at["left_shoulder"] - at["right_shoulder"])
    hips = 0.5 * (at["left_hip"] + at["right_hip"])
    upward = rot.normalize(0.5 * (at["left_shoulder"] + at["right_shoulder"]) - hips)
    down = rot.normalize(0.5 * (at["left_ankle"] + at["right_ankle"]) - hips)
    return left, upward, down


def standing(upward: Floats, down: Floats, up: Floats) -> Bools:
    """Whether bodies with torso and legs in these directions (F, 3) stand along the axis up (3,): (F,)."""
    return np.asarray((upward @ up > STANDS) & (down @ up < -STANDS))


def find_up(rig: Rig, mapping: Mapping, heads: Floats, scale: float, rest_up: Floats | None) -> Floats:
    """The axis (3,) that points up in frames with joints at heads (F, N, 3) in the rig's axes.

    scale: canonical metres per rig unit.  rest_up: the axis (3,) along which the rest pose stands, None if it does not.
    """
    bones = [rig.index[bone] for bone in mapping.driven]
    joints = heads[:, bones] * (scale / LEG_LENGTH)  # (F, K, 3) in legs' lengths
    at_head = np.array([name in (mapping.bones.get("head"), *mapping.neck) for name in mapping.driven])
    of_feet = {mapping.bones.get(f"{side}_{joint}") for side in SIDES for joint in ("ankle", "foot")}
    at_feet = np.array([name in of_feet for name in mapping.driven])
    beside = joints.mean(axis=1) - joints[:, at_feet].mean(axis=1)  # (F, 3)
    _, upward, down = torso_and_legs(rig, mapping, heads)
    at_rest = np.zeros(len(_AXES), bool) if rest_up is None else _AXES @ rest_up > 0.5
    prices = _UNUSUAL - _AT_REST * at_rest
    for i, axis in enumerate(_AXES):
        heights = joints @ axis  # (F, K)
        lowest, which = heights.min(axis=1), heights.argmin(axis=1)
        prices[i] += _floor_price(lowest, at_rest[i])
        prices[i] += _ON_THE_HEAD * float(at_head[which].mean()) - _ON_THE_FEET * float(at_feet[which].mean())
        prices[i] += _OFF_BALANCE * min(float(rot.length(rot.perpendicular(beside, axis)).mean()), 1.0)
        prices[i] -= _LIES * float((heights < lowest[:, None] + _THICK).mean())
        prices[i] -= _STANDING * float(standing(upward, down, axis).mean())
    return np.asarray(_AXES[int(prices.argmin())])


def _floor_price(lowest: Floats, at_rest: bool) -> float:
    """How little the heights (F,) of the lowest joints, in legs' lengths, are those of a floor at the origin."""
    low, level, high = (float(v) for v in np.percentile(lowest, (5, 50, 95)))
    below, above = min(-_BELOW * level, _MOST[0]), min(_ABOVE * level, _MOST[1])
    off = below if level < 0.0 else above * (_ABOVE_AT_REST if at_rest else 1.0)
    return off + _CHANGING * min(high - low, 1.0) - _EXACT * float(np.exp(-((level / _NEAR) ** 2)))


def nearest_axis(v: Floats) -> Float64s:
    """The signed axis (3,) nearest to a direction (3,)."""
    out = np.zeros(3)
    best = int(np.argmax(np.abs(v)))
    out[best] = np.sign(v[best])
    return out
