"""Feet that roll: the sole's touching point stays put while the foot turns about it."""

import numpy as np
import pytest

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT
from motiongpt.retarget.solving.rolling import roll_feet
from motiongpt.retarget.solving.soles import Sole, sole_points

FRAMES = 24
_HEEL = np.array([[x, -0.09, z] for x in (-0.04, 0.04) for z in (-0.06, 0.16)])
SOLES = (Sole(_HEEL, np.zeros((0, 3))), Sole(_HEEL, np.zeros((0, 3))))


def pushing_off(speed: float = 0.0) -> tuple[Motion, float]:
    """A left foot of one bone whose heel rises by 35 degrees about its ankle, so that its front sweeps back over the
    floor; and the floor's height. speed: m/s of the whole body ahead."""
    rotations = np.tile(rot.IDENTITY, (FRAMES, 22, 1))
    pitch = np.radians(35.0) * np.linspace(0.0, 1.0, FRAMES)
    rotations[:, JOINT["left_ankle"]] = rot.from_axis_angle((1.0, 0.0, 0.0), pitch)
    root = np.stack([np.zeros(FRAMES), np.full(FRAMES, 0.9), speed * np.arange(FRAMES) / 30.0], axis=-1)
    motion = Motion(rotations, root, 30.0, np.zeros((FRAMES, 4)))
    low = sole_points(motion, SOLES[0], "left")[..., 1].min(axis=1)
    root[:, 1] -= low  # its lowest point stays on the floor
    return Motion(rotations, root, 30.0, np.zeros((FRAMES, 4))), 0.0


def slides(motion: Motion) -> np.ndarray:
    """(T - 1,) metres a second of the left sole's lowest point."""
    points = sole_points(motion, SOLES[0], "left")
    lowest = np.argmin(points[1:, :, 1] + points[:-1, :, 1], axis=1)
    steps = (points[1:] - points[:-1])[np.arange(len(lowest)), lowest]
    return np.asarray(np.linalg.norm(steps[:, [0, 2]], axis=-1) * motion.fps)


@pytest.mark.parametrize("speed", [0.0, 0.2])
def test_the_touching_point_stays(speed: float) -> None:
    motion, floor = pushing_off(speed)
    rolled = roll_feet(motion, SOLES, floor)
    assert slides(motion).max() > 0.1
    assert slides(rolled).max() < 0.02
    for side in ("left", "right"):  # feet keep their height and their pitch
        ankle = JOINT[f"{side}_ankle"]
        assert np.allclose(rolled.joints[:, ankle, 1], motion.joints[:, ankle, 1], atol=0.004)
        assert rot.angle_between(rolled.global_rotations[:, ankle], motion.global_rotations[:, ankle]).max() < 0.02


def test_a_foot_that_swings_past_is_left_alone() -> None:
    motion, floor = pushing_off(speed=4.0)
    assert np.allclose(roll_feet(motion, SOLES, floor).rotations, motion.rotations)


def test_a_foot_in_the_air_is_left_alone() -> None:
    motion, floor = pushing_off()
    assert np.allclose(roll_feet(motion, SOLES, floor - 0.1).rotations, motion.rotations)
