"""The canonical skeleton: SMPL's 22 body joints, in SMPL's order.

Axes: Y up, the character faces +Z, its left is +X. Units: metres. The rest pose is a T.
"""

from functools import cache

import numpy as np

from ..typing import Float64s, Floats
from . import rotations as rot

JOINT_NAMES = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2", "left_ankle", "right_ankle",
    "spine3", "left_foot", "right_foot", "neck", "left_collar", "right_collar", "head", "left_shoulder",
    "right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist",
)  # fmt: skip
JOINT = {name: index for index, name in enumerate(JOINT_NAMES)}
PARENTS = (-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19)
JOINT_COUNT = len(JOINT_NAMES)

CONTACT_JOINTS = (JOINT["left_ankle"], JOINT["left_foot"], JOINT["right_ankle"], JOINT["right_foot"])
"""The joints of `Motion.contacts`, in its order: left heel, left toe, right heel, right toe."""

MIRRORED_JOINTS = tuple(
    JOINT[name.replace("left", "#").replace("right", "left").replace("#", "right")] for name in JOINT_NAMES
)
"""For every joint, its counterpart on the other side; joints on the midline are their own counterparts."""

SIDES = ("left", "right")
LEG, ARM = ("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")
"""The joints at the ends of a limb's two long bones, without their side."""
SPINE = ("spine1", "spine2", "spine3")
NEXT_JOINT = {"hip": "knee", "knee": "ankle", "ankle": "foot", "shoulder": "elbow", "elbow": "wrist"}
"""Joint of a limb -> the joint at the other end of its bone, without their side."""
LIMB_BONES = ("hip", "knee", "shoulder", "elbow")
"""The joints that the long bones of the limbs start at, without their side."""
HIP_JOINTS = [JOINT["left_hip"], JOINT["right_hip"]]

# Directions of an adult in a T-pose, from the layout of SMPL's neutral body made symmetric; lengths (metres) are those
# of the HumanML3D skeleton, so that published motion and ours share one body.
_LEFT_BONES = {
    "left_hip": ((0.0690, -0.0910, -0.0060), 0.1065),
    "left_knee": ((0.0361, -0.3788, -0.0062), 0.3919),
    "left_ankle": ((-0.0147, -0.3982, -0.0433), 0.4290),
    "left_foot": ((0.0259, -0.0520, 0.1213), 0.1464),
    "left_collar": ((0.0780, 0.1200, -0.0375), 0.1404),
    "left_shoulder": ((0.0935, 0.0315, -0.0090), 0.1273),
    "left_elbow": ((0.2566, -0.0130, -0.0245), 0.2600),
    "left_wrist": ((0.2525, 0.0084, -0.0034), 0.2680),
}
_MIDDLE_BONES = {
    "spine1": ((0.0, 0.1089, -0.0267), 0.1316),
    "spine2": ((0.0, 0.1352, 0.0011), 0.1432),
    "spine3": ((0.0, 0.0529, 0.0254), 0.0574),
    "neck": ((0.0, 0.2139, -0.0428), 0.2194),
    "head": ((0.0, 0.0650, 0.0513), 0.1030),
}


def _rest_offsets() -> Float64s:
    offsets = np.zeros((JOINT_COUNT, 3))
    for name, (direction, length) in {**_MIDDLE_BONES, **_LEFT_BONES}.items():
        offset = np.asarray(direction) * (length / np.linalg.norm(direction))
        offsets[JOINT[name]] = offset
        offsets[MIRRORED_JOINTS[JOINT[name]]] = offset * (-1.0 if name.startswith("left") else 1.0, 1.0, 1.0)
    return offsets


REST_OFFSETS = _rest_offsets()
"""(22, 3) metres: each joint from its parent, in the T-pose; the pelvis' own is zero."""


def leg_length(offsets: Floats) -> float:
    """Metres from hip to ankle along the left leg of a body with offsets (22, 3)."""
    return float(sum(np.linalg.norm(offsets[JOINT[name]]) for name in ("left_knee", "left_ankle")))


LEG_LENGTH = leg_length(REST_OFFSETS)
"""Root motion is scaled from body to body by leg length; this is the canonical body's."""


def hip_middle(offsets: Floats) -> Floats:
    """The point (3,) midway between the hips, from the pelvis, of a body with offsets (22, 3) in the T-pose."""
    return np.asarray(0.5 * (offsets[HIP_JOINTS[0]] + offsets[HIP_JOINTS[1]]))


def ankle_height(offsets: Floats) -> float:
    """Metres from the toe joints up to the ankles in the T-pose, mean of both feet."""
    joints = rest_joints(offsets)
    return float(np.mean([joints[JOINT[f"{s}_ankle"], 1] - joints[JOINT[f"{s}_foot"], 1] for s in SIDES]))


def rest_joints(offsets: Floats = REST_OFFSETS) -> Float64s:
    """Joint positions (22, 3) of the T-pose with the pelvis at the origin.

    >>> rest_joints()[JOINT["left_wrist"]].round(2)  # left is +X, up is +Y, metres
    array([ 0.72,  0.47, -0.08])
    """
    joints = np.zeros((JOINT_COUNT, 3))
    for joint, parent in enumerate(PARENTS[1:], start=1):
        joints[joint] = joints[parent] + offsets[joint]
    return joints


def _levels() -> list[tuple[list[int], list[int]]]:
    """Joints and their parents by depth in the skeleton, so that each depth takes one quaternion product."""
    depth = [0] * JOINT_COUNT
    for joint in range(1, JOINT_COUNT):
        depth[joint] = depth[PARENTS[joint]] + 1
    levels = [[j for j in range(JOINT_COUNT) if depth[j] == d] for d in range(1, max(depth) + 1)]
    return [(joints, [PARENTS[j] for j in joints]) for joints in levels]


_LEVELS = _levels()


@cache
def followers(turned: tuple[int, ...]) -> tuple[list[int], list[tuple[list[int], list[int]]]]:
    """What moves where some joints are turned: joints that turn along, parents first, and by depth those that are
    moved, with their parents."""
    below: list[int] = []
    rounds = []
    for joints, parents in _LEVELS:
        moved = [(j, p) for j, p in zip(joints, parents, strict=True) if p in turned or p in below]
        below += [joint for joint, _ in moved if joint not in turned]
        if moved:
            rounds.append(([joint for joint, _ in moved], [parent for _, parent in moved]))
    return below, rounds


def global_rotations(local: Floats) -> Floats:
    """Rotations (..., 22, 4) relative to the world, of rotations (..., 22, 4) relative to parents."""
    out = local.copy()
    for joints, parents in _LEVELS:
        out[..., joints, :] = rot.multiply(out[..., parents, :], local[..., joints, :])
    return out


def local_rotations(world: Floats) -> Floats:
    """The inverse of `global_rotations`."""
    out = world.copy()
    out[..., 1:, :] = rot.multiply(rot.conjugate(world[..., list(PARENTS[1:]), :]), world[..., 1:, :])
    return out
