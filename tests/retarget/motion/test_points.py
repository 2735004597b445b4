"""Points that show turns which no joint's place shows."""

import numpy as np
import pytest
from support.motions import t_pose

from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.points import POINTS, points_of
from motiongpt.retarget.motion.skeleton import JOINT


def test_points_of_a_t_pose_are_mirror_images():
    body = t_pose(1)
    points = dict(zip(POINTS, points_of(body)[0] - body.root_position[0], strict=True))
    assert points["face"][2] > 0.2 and points["crown"][1] > points["face"][1] + 0.1
    assert points["left_fingertip"][0] > body.joints[0, JOINT["left_wrist"], 0] + 0.15
    for name in (n for n in points if n.startswith("left_")):
        assert np.allclose(points[name.replace("left", "right")], points[name] * [-1.0, 1.0, 1.0], atol=1e-9)


@pytest.mark.parametrize("joint", ["head", "left_wrist", "right_wrist", "left_foot", "right_foot"])
@pytest.mark.parametrize("axis", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)])
def test_a_joint_at_the_end_turns_about_any_axis(joint, axis):
    """The joints stay where they are; some point moves by centimetres."""
    still, turned = t_pose(1), t_pose(1)
    turned.rotations[0, JOINT[joint]] = rot.from_axis_angle(axis, np.radians(30.0))
    assert np.allclose(turned.joints, still.joints)
    moved = rot.length(points_of(turned) - points_of(still))[0]
    assert moved.max() > 0.02
    assert all(POINTS[name][0] == JOINT[joint] for name, by in zip(POINTS, moved, strict=True) if by > 1e-9)
