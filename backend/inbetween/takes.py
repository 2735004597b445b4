"""Takes: alternative motions through long gaps, as plausible as the first."""

import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import JOINT
from ...retarget.typing import Bools, Floats
from .proposals import free_spans
from .transition import Poses

_SHORTEST = 18  # frames: shorter gaps leave no room for variation
_TIME_SHIFT = 0.22  # standard deviation of a take's shift in time, as a fraction of the gap
_SWING = {
    **dict.fromkeys(("spine1", "spine2", "neck"), 0.05),
    **dict.fromkeys(("head",), 0.08),
    **dict.fromkeys(("left_shoulder", "right_shoulder"), 0.14),
    **dict.fromkeys(("left_elbow", "right_elbow"), 0.12),
}
"""Standard deviation of random rotations, in radians. Legs vary in timing alone, so that feet stay on the floor."""


def add_variation(first: Poses, given: Bools, rng: np.random.Generator) -> tuple[Poses, Bools]:
    """Poses and mask with one more key near the middle of every long gap: a pose of the first take, a little earlier or
    later, with arms and torso rotated slightly."""
    rotations, root, known = first.rotations.copy(), first.root.copy(), given.copy()
    for span in free_spans(given):
        if span.frames < _SHORTEST or not (span.before and span.after):
            continue
        at = span.start + round(span.frames * rng.uniform(0.4, 0.6))
        source = at + round(float(np.clip(rng.normal(0.0, _TIME_SHIFT), -0.3, 0.3)) * span.frames)
        source = int(np.clip(source, span.start, span.stop - 1))
        rotations[at] = _vary_pose(first.rotations[source], rng)
        root[at] = first.root[source]
        known[at] = given.any(axis=0)
    return Poses(rotations, root, first.contacts), known


def _vary_pose(pose: Floats, rng: np.random.Generator) -> Floats:
    out = pose.copy()
    for name, angle in _SWING.items():
        joint = JOINT[name]
        out[joint] = rot.multiply(pose[joint], rot.from_rotation_vector(rng.normal(0.0, angle, 3)))
    return out
