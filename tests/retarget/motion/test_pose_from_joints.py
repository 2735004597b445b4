"""Joint positions to rotations: exact, with the twist that a bend shows."""

import numpy as np
from support.motions import bent

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.pose_from_joints import joints_to_motion
from motiongpt.retarget.motion.skeleton import JOINT, JOINT_COUNT


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
