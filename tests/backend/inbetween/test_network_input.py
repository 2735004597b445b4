"""The input of the transition model, and its curves."""

import numpy as np
import pytest
from support.motions import wandering

from motiongpt.backend.inbetween.network_input import add_offsets, curves, interpolate_gap, joints_from_root
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import global_rotations, local_rotations


def test_input_kinematics_agree_with_the_skeleton() -> None:
    motion = wandering(5, 0.8)
    np.testing.assert_allclose(global_rotations(motion.rotations), motion.global_rotations, atol=1e-12)
    np.testing.assert_allclose(local_rotations(motion.global_rotations), motion.rotations, atol=1e-12)
    joints = joints_from_root(rot.to_sixd(motion.global_rotations)) + motion.root_position[:, None]
    np.testing.assert_allclose(joints, motion.joints, atol=1e-12)


def test_zero_offsets_give_interpolation() -> None:
    motion = wandering(2, 0.5)
    a, b = (motion.rotations[:1], motion.rotations[1:]), (motion.root_position[:1], motion.root_position[1:])
    between = interpolate_gap(a, b, np.array([[0.0, 0.25, 1.0]]))
    rotations, root = add_offsets(between, np.zeros((1, 3, 135)))
    assert rot.angle_between(rotations[0], rot.slerp(a[0], a[1], np.array([[0.0], [0.25], [1.0]]))).max() < 1e-6
    np.testing.assert_allclose(root[0, [0, 2]], motion.root_position, atol=1e-12)


@pytest.mark.parametrize("frames", [1, 5, 45, 120])
def test_curves_are_zero_at_both_keys(frames: int) -> None:
    time = np.arange(frames + 2.0)
    values = curves(time, np.full_like(time, frames))
    assert np.abs(values[[0, -1]]).max() < 1e-9 and np.abs(values[1:-1]).max() > 0.1
