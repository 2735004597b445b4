"""Parts of the body that a tokenizer may give codes of their own, and the features of each."""

from ....retarget.motion.skeleton import JOINT
from ...features import SLICES

PARTS = (
    ("pelvis", "left_hip", "left_knee", "left_ankle", "left_foot", "right_hip", "right_knee", "right_ankle",
     "right_foot"),
    ("spine1", "spine2", "spine3", "neck", "head"),
    ("left_collar", "left_shoulder", "left_elbow", "left_wrist"),
    ("right_collar", "right_shoulder", "right_elbow", "right_wrist"),
)  # fmt: skip
"""Joints of the legs, with the root, of the trunk, and of either arm."""


def features_of_parts() -> list[list[int]]:
    """Where in a frame (263,) the features of each part are."""
    return [sorted(place for joint in part for place in _of_joint(JOINT[joint])) for part in PARTS]


def _of_joint(joint: int) -> list[int]:
    """Places of a joint's position, rotation and velocity; the pelvis' are the root's and the feet's contacts."""
    velocity = _several("velocities", 3, joint)
    if joint == 0:
        root = ("root_turn", "root_velocity", "root_height", "contacts")
        return [*velocity, *(place for name in root for place in range(SLICES[name].start, SLICES[name].stop))]
    return [*velocity, *_several("positions", 3, joint - 1), *_several("rotations", 6, joint - 1)]


def _several(name: str, size: int, number: int) -> range:
    first = SLICES[name].start + size * number
    return range(first, first + size)
