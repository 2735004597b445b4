"""Windows of the benchmark: placed at the origin, and the statistics over their frames."""

import numpy as np
from support.motions import t_pose

from motiongpt.backend.dataset.windows import placed_window, position_statistics
from motiongpt.retarget.motion import rotations as rot


def test_windows_are_placed_as_the_benchmark_does() -> None:
    motion = t_pose(20, 30.0).placed(np.array([4.0, 0.0, -7.0]), rot.from_axis_angle((0, 1, 0), 2.0))
    placed = placed_window(motion.rotations, motion.root_position, 9)
    np.testing.assert_allclose(placed.root_position.mean(axis=0)[[0, 2]], 0.0, atol=1e-12)
    np.testing.assert_allclose(rot.yaw(placed.rotations[9, 0]), rot.IDENTITY, atol=1e-12)


def test_statistics_are_over_frames() -> None:
    joints = np.zeros((4, 22, 3))
    joints[:2, :, 1] = 2.0
    mean, std = position_statistics([joints[:1], joints[1:]])
    assert mean[1] == 1.0 and std[1] == 1.0 and std[0] == 1e-3
