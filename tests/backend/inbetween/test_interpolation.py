"""Interpolation, channel by channel."""

import numpy as np
from support.motions import wandering

from motiongpt.backend.inbetween.exact import whole_poses
from motiongpt.backend.inbetween.interpolation import interpolate
from motiongpt.retarget.motion import rotations as rot


def test_interpolation_goes_channel_by_channel() -> None:
    motion = wandering(41, 0.3)
    known = whole_poses(np.array([0, 40]), 41)
    known[20, 5] = True
    rotations, root = interpolate(motion.rotations, motion.root_position, known)
    np.testing.assert_allclose(root[10], 0.75 * motion.root_position[0] + 0.25 * motion.root_position[40])
    half = rot.slerp(motion.rotations[0], motion.rotations[40], 0.5)
    assert rot.angle_between(rotations[20, 6], half[6]) < 1e-6
    assert rot.angle_between(rotations[20, 5], motion.rotations[20, 5]) < 1e-6
