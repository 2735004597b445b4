"""Points of the body beyond its joints: what shows how head, hands, feet and arms are turned, where no joint moves."""

import numpy as np

from ..typing import Float64s, Floats
from . import rotations as rot
from .motion import Motion
from .skeleton import JOINT

# Metres from the joint in the T-pose, where the body faces +Z, its left is +X and its palms look down.
_MIDDLE = {
    "face": ("head", (0.0, 0.05, 0.20)),
    "crown": ("head", (0.0, 0.20, 0.02)),
    "ear": ("head", (0.10, 0.05, 0.0)),
    "breast": ("spine3", (0.0, 0.05, 0.20)),
}
_LEFT = {
    "fingertip": ("wrist", (0.18, 0.0, 0.0)),
    "thumb": ("wrist", (0.07, 0.0, 0.08)),
    "toe_tip": ("foot", (0.0, 0.0, 0.08)),
    "foot_side": ("foot", (0.06, 0.0, 0.02)),
    "upper_arm": ("shoulder", (0.13, 0.0, 0.08)),
    "forearm": ("elbow", (0.13, 0.0, 0.08)),
}


def _all_points() -> dict[str, tuple[int, Float64s]]:
    points = {name: (JOINT[joint], np.array(offset)) for name, (joint, offset) in _MIDDLE.items()}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        for name, (joint, offset) in _LEFT.items():
            points[f"{side}_{name}"] = (JOINT[f"{side}_{joint}"], np.array(offset) * (sign, 1.0, 1.0))
    return points


POINTS = _all_points()
"""Name of a point -> the joint that it is fixed to, and metres (3,) from there in the T-pose."""
POINT_JOINTS = tuple(joint for joint, _ in POINTS.values())
POINT_OFFSETS = np.stack([offset for _, offset in POINTS.values()])
"""(P, 3) metres, in the order of POINTS."""


def points_of(motion: Motion) -> Floats:
    """(T, P, 3) metres: the points of a motion in the world, in the order of POINTS.

    >>> body = Motion(np.tile(rot.IDENTITY, (1, 22, 1)), np.array([[0.0, 1.0, 0.0]]), 20.0, np.zeros((1, 4)))
    >>> face = points_of(body)[0, list(POINTS).index("face")]
    >>> (face - body.joints[0, JOINT["head"]]).round(6).tolist()
    [0.0, 0.05, 0.2]
    """
    turns = motion.global_rotations[:, list(POINT_JOINTS)]
    out: Floats = motion.joints[:, list(POINT_JOINTS)] + rot.rotate(turns, POINT_OFFSETS)
    return out
