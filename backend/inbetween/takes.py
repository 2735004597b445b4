"""Takes: other ways through a long gap, as good as the first."""

import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import JOINT
from ...retarget.typing import Bools, Floats
from .transition import Poses

_SHORTEST = 18  # frames: shorter gaps leave no room to differ
_EARLIER = 0.22  # standard deviation, as a share of a gap, of how much earlier or later a take gets somewhere
_SWING = {
    **dict.fromkeys(("spine1", "spine2", "neck"), 0.05),
    **dict.fromkeys(("head",), 0.08),
    **dict.fromkeys(("left_shoulder", "right_shoulder"), 0.14),
    **dict.fromkeys(("left_elbow", "right_elbow"), 0.12),
}
"""Radians by which joints turn otherwise; legs follow from the timing alone, so that feet still find the floor."""


def varied(made: Poses, given: Bools, rng: np.random.Generator) -> tuple[Poses, Bools]:
    """Poses and mask with one more key in the middle of every long gap: the pose that the first take has there a
    little earlier or later, arms and torso turned a little."""
    rotations, root, known = made.rotations.copy(), made.root.copy(), given.copy()
    free = ~given.any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], free, [False]]).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2).tolist():
        if stop - start < _SHORTEST or start == 0 or stop == len(free):
            continue
        gap = stop - start
        at = start + round(gap * rng.uniform(0.4, 0.6))
        source = at + round(float(np.clip(rng.normal(0.0, _EARLIER), -0.3, 0.3)) * gap)
        source = int(np.clip(source, start, stop - 1))
        rotations[at] = _turned(made.rotations[source], rng)
        root[at] = made.root[source]
        known[at] = given.any(axis=0)
    return Poses(rotations, root, made.contacts), known


def _turned(pose: Floats, rng: np.random.Generator) -> Floats:
    out = pose.copy()
    for name, angle in _SWING.items():
        joint = JOINT[name]
        out[joint] = rot.multiply(pose[joint], rot.from_rotation_vector(rng.normal(0.0, angle, 3)))
    return out
