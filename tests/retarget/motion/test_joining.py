"""What is appended to a motion starts where the motion ends."""

import numpy as np
from support.motions import bent

from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.joining import appended


def test_what_is_appended_starts_where_the_motion_ends() -> None:
    first, second = bent(seed=3), bent(seed=4).placed(np.array([5.0, 0.0, 2.0]), rot.from_axis_angle((0, 1, 0), 2.0))
    out = appended(first, second)
    assert len(out) == len(first) + len(second) - 1
    assert np.array_equal(out.root_position[: len(first)], first.root_position)
    assert np.linalg.norm(np.diff(out.joints[:, 0], axis=0), axis=1).max() < 0.15
