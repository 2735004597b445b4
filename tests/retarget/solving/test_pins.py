"""Pinned hands and feet, on the canonical body and on rigs."""

import numpy as np
import pytest
from support.walking import standing_still, steady, walking

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT
from motiongpt.retarget.solving.pins import LIMBS, Pin, pin_motion, weights


def target(motion: Motion, place: tuple[float, float, float], moves: float = 0.0) -> np.ndarray:
    """A place, or one that goes along +Z."""
    places = np.tile(np.array(place), (len(motion), 1))
    places[:, 2] += moves * np.arange(len(motion)) / motion.fps
    return places


def still(motion: Motion) -> np.ndarray:
    return np.tile(rot.IDENTITY, (len(motion), 1))


@pytest.mark.parametrize("limb", sorted(LIMBS))
def test_a_joint_is_on_its_target_within_a_millimetre(limb: str) -> None:
    motion = standing_still()
    joint = JOINT[LIMBS[limb][2]]
    place = tuple(motion.joints[0, joint] + ([0.1, 0.15, 0.2] if "hand" in limb else [0.05, 0.2, 0.1]))
    pin = Pin(limb, 30, 50, 9, target(motion, place), still(motion), joint=True)
    held, missed = pin_motion(motion, [pin])
    assert missed == [0.0]
    assert np.linalg.norm(held.joints[30:51, joint] - place, axis=1).max() < 1e-3
    np.testing.assert_array_equal(held.rotations[:21], motion.rotations[:21])
    np.testing.assert_array_equal(held.rotations[60:], motion.rotations[60:])
    others = [i for i in range(22) if i not in [JOINT[j] for j in LIMBS[limb]]]
    np.testing.assert_array_equal(held.rotations[:, others], motion.rotations[:, others])
    steps = np.linalg.norm(np.diff(held.joints[:, joint], axis=0), axis=1)
    assert steps.max() < 0.07  # it passes over, and does not jump


def test_a_target_that_moves_is_followed_and_the_bones_keep_their_length() -> None:
    motion = walking(steady(3.0, 0.5))
    places = target(motion, (0.3, 1.1, 0.25), moves=0.5)
    held, missed = pin_motion(motion, [Pin("left_hand", 20, 70, 10, places, still(motion), joint=True)])
    wrist = JOINT["left_wrist"]
    assert missed == [0.0] and np.abs(held.joints[20:71, wrist] - places[20:71]).max() < 1e-3
    for upper, lower in (("left_shoulder", "left_elbow"), ("left_elbow", "left_wrist")):
        lengths = [
            np.linalg.norm(m.joints[:, JOINT[upper]] - m.joints[:, JOINT[lower]], axis=1) for m in (motion, held)
        ]
        np.testing.assert_allclose(lengths[0], lengths[1], atol=1e-9)


def test_a_hand_that_holds_on_keeps_its_place_and_turn_beside_a_turning_object() -> None:
    motion = standing_still()
    wrist = JOINT["right_wrist"]
    turns = rot.from_axis_angle((0.0, 1.0, 0.0), np.linspace(0.0, 0.4, len(motion)))
    places = target(motion, tuple(motion.joints[0, wrist] + [0.05, 0.2, 0.2]))
    bent = Pin("right_hand", 0, len(motion), 0, places + [0.0, 0.0, -0.1], still(motion), joint=True)
    pin = Pin("right_hand", 0, len(motion), 0, places, turns, hold=True, turned=True, joint=True)
    held, missed = pin_motion(motion, [bent, pin])
    assert missed == [0.0, 0.0]
    beside = rot.rotate(rot.conjugate(turns), held.joints[:, wrist] - places)
    np.testing.assert_allclose(beside, np.tile(beside[:1], (len(motion), 1)), atol=1e-3)
    own = rot.multiply(rot.conjugate(turns), held.global_rotations[:, wrist])
    assert rot.angle_between(own, own[:1]).max() < 1e-6


def test_what_is_out_of_reach_is_said_and_pointed_at() -> None:
    motion = standing_still()
    place = motion.joints[0, JOINT["left_shoulder"]] + [0.0, 0.0, 2.0]
    held, missed = pin_motion(
        motion, [Pin("left_hand", 0, 9, 0, target(motion, tuple(place)), still(motion), joint=True)]
    )
    arm = held.joints[5, JOINT["left_wrist"]] - held.joints[5, JOINT["left_shoulder"]]
    assert 1.0 < missed[0] < 2.0 and arm[2] / np.linalg.norm(arm) > 0.999


def test_the_palm_and_the_sole_are_held_instead_of_the_joint() -> None:
    motion = standing_still()
    place = motion.joints[0, JOINT["left_ankle"]] * [1.0, 0.0, 1.0] + [0.1, 0.2, 0.1]
    held, _ = pin_motion(motion, [Pin("left_foot", 0, 9, 0, target(motion, tuple(place)), still(motion))])
    above = held.joints[5, JOINT["left_ankle"]] - place
    assert 0.03 < np.linalg.norm(above) < 0.12
    place = motion.joints[0, JOINT["left_wrist"]] + [0.0, 0.2, 0.2]
    held, _ = pin_motion(motion, [Pin("left_hand", 0, 9, 0, target(motion, tuple(place)), still(motion))])
    assert 0.05 < np.linalg.norm(held.joints[5, JOINT["left_wrist"]] - place) < 0.12


def test_a_pin_outside_of_the_motion_changes_nothing() -> None:
    motion = standing_still()
    pin = Pin("left_hand", 500, 600, 5, target(motion, (0.0, 1.0, 0.0)), still(motion))
    assert pin_motion(motion, [pin])[0].rotations is motion.rotations or np.array_equal(
        pin_motion(motion, [pin])[0].rotations, motion.rotations
    )
    assert weights(pin, len(motion)).max() == 0.0
