"""Which way is up in a clip: told by its frames, since a file's rest pose may stand along another axis, or not at all.

Each of the six axes is tried as up, at a price. A person who stands along it, head over feet, speaks for it, and legs
that point down do too. So does a floor: the lowest joint stays at one level, which is that of the world's origin, and
is not the head. Where these differ, as in a clip of someone lying, the axis of the rest pose tips the scales.
"""

import numpy as np

from ..motion import rotations as rot
from ..motion.skeleton import LEG_LENGTH
from ..typing import Bools, Float64s, Floats
from .mapping import Mapping
from .rig import Rig

STANDS = 0.9
"""Cosine of the tilt at which torso and legs still stand."""
_STANDING, _LEGS_DOWN, _AT_REST, _ON_THE_HEAD = 1.5, 0.8, 1.8, 1.0
_BELOW, _ABOVE, _MOST = 4.0, 0.8, 1.5  # price of a floor a leg's length below the origin, or above it; the most of both
_EXACT, _NEAR = 0.8, 0.08  # reward of a floor at the origin, and how near that is, in legs' lengths
_UNUSUAL = np.array([0.4, 0.0, 0.1, 0.6, 0.3, 0.3])  # price of +X, +Y, +Z, -X, -Y, -Z; few tools have X up
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
    _, upward, down = torso_and_legs(rig, mapping, heads)
    prices = _UNUSUAL.copy() if rest_up is None else _UNUSUAL - _AT_REST * (_AXES @ rest_up > 0.5)
    for i, axis in enumerate(_AXES):
        heights = joints @ axis  # (F, K)
        prices[i] += _floor_price(heights.min(axis=1))
        prices[i] += _ON_THE_HEAD * float(at_head[heights.argmin(axis=1)].mean())
        prices[i] -= _STANDING * float(standing(upward, down, axis).mean())
        prices[i] -= _LEGS_DOWN * float(np.maximum(-(down @ axis), 0.0).mean())
    return np.asarray(_AXES[int(prices.argmin())])


def _floor_price(lowest: Floats) -> float:
    """How little the heights (F,) of the lowest joints, in legs' lengths, are those of a floor at the origin."""
    low, level, high = (float(v) for v in np.percentile(lowest, (5, 50, 95)))
    off = -_BELOW * level if level < 0.0 else _ABOVE * level
    return min(off, _MOST) + min(high - low, 1.0) - _EXACT * float(np.exp(-((level / _NEAR) ** 2)))


def nearest_axis(v: Floats) -> Float64s:
    """The signed axis (3,) nearest to a direction (3,)."""
    out = np.zeros(3)
    best = int(np.argmax(np.abs(v)))
    out[best] = np.sign(v[best])
    return out
