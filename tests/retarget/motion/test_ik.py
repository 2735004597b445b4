"""Joint positions to rotations, and the tools that put generated motion to given motion."""

import numpy as np

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.joining import appended
from motiongpt.retarget.motion.pose_from_joints import joints_to_motion
from motiongpt.retarget.motion.skeleton import JOINT, JOINT_COUNT


def bent(frames: int = 40, seed: int = 0) -> Motion:
    """Elbows and knees that bend as they can, limbs in smooth motion, the body turning."""
    random = np.random.default_rng(seed)
    steps = random.normal(scale=0.02, size=(frames, JOINT_COUNT, 3)).cumsum(axis=0)
    rotations = rot.from_rotation_vector(steps)
    bend = 0.9 + 0.3 * np.sin(np.arange(frames) / 6)
    for joint, axis in (
        ("left_knee", (1, 0, 0)),
        ("right_knee", (1, 0, 0)),
        ("left_elbow", (0, -1, 0)),
        ("right_elbow", (0, 1, 0)),
    ):
        rotations[:, JOINT[joint]] = rot.from_axis_angle(axis, bend)
    for joint in ("head", "left_wrist", "right_wrist", "left_foot", "right_foot"):
        rotations[:, JOINT[joint]] = rot.IDENTITY  # nothing behind them tells how they are turned
    root = random.normal(scale=0.02, size=(frames, 3)).cumsum(axis=0) + [0.0, 1.0, 0.0]
    return Motion(rotations, root, 20.0, np.zeros((frames, 4)))


def test_positions_come_back_exactly() -> None:
    motion = bent().on_floor()
    back = joints_to_motion(motion.joints, 20.0)
    ends = [JOINT[name] for name in ("left_wrist", "right_wrist", "left_foot", "right_foot", "head")]
    assert np.abs(back.joints - motion.joints).max() < 1e-6
    assert np.abs(back.joints[:, ends] - motion.joints[:, ends]).max() < 1e-6


def test_twist_of_limbs_comes_from_the_bend() -> None:
    motion = bent()
    twist = rot.from_axis_angle((1.0, 0.0, 0.0), 0.6)  # the left upper arm rolled about itself
    rotations = motion.rotations.copy()
    rotations[:, JOINT["left_shoulder"]] = rot.multiply(rotations[:, JOINT["left_shoulder"]], twist)
    rolled = Motion(rotations, motion.root_position, 20.0, motion.contacts)
    back = joints_to_motion(rolled.joints, 20.0)
    for name in ("left_hip", "right_hip", "left_shoulder", "right_shoulder"):
        error = rot.angle_between(back.global_rotations[:, JOINT[name]], rolled.global_rotations[:, JOINT[name]])
        assert np.degrees(error).max() < 12, name


def test_a_straight_limb_takes_no_twist_from_noise() -> None:
    rest = Motion(
        np.tile(rot.IDENTITY, (30, JOINT_COUNT, 1)), np.tile([0.0, 1.0, 0.0], (30, 1)), 20.0, np.zeros((30, 4))
    )
    joints = rest.joints + np.random.default_rng(0).normal(scale=0.001, size=rest.joints.shape)
    back = joints_to_motion(joints, 20.0)
    assert np.degrees(rot.angle_between(back.rotations, rest.rotations)).max() < 8


def test_what_is_appended_starts_where_the_motion_ends() -> None:
    first, second = bent(seed=3), bent(seed=4).placed(np.array([5.0, 0.0, 2.0]), rot.from_axis_angle((0, 1, 0), 2.0))
    out = appended(first, second)
    assert len(out) == len(first) + len(second) - 1
    assert np.array_equal(out.root_position[: len(first)], first.root_position)
    assert np.linalg.norm(np.diff(out.joints[:, 0], axis=0), axis=1).max() < 0.15
