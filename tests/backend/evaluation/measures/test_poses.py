"""Kept and key poses of motions whose answer is known."""

import numpy as np
import pytest
from support.motions import t_pose

from motiongpt.backend.evaluation.measures import poses
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT


def test_kept_poses() -> None:
    a, b = np.zeros((4, 22, 3)), np.zeros((4, 22, 3))
    assert poses.recon(a, b) == 0.0
    b[:, 3, 1] = 0.5  # one joint, half a metre: 0.25 a frame
    assert poses.recon(a, b) == pytest.approx(0.25)
    assert poses.vel(a, b) == 0.0  # the same speed
    c = b.copy()
    c[3, 3, 1] = 0.8
    assert poses.vel(b, c) == pytest.approx(0.09 / 3)
    assert poses.ade(a, b) == pytest.approx(0.5 / 22)
    assert poses.fde(b, c) == pytest.approx(0.3 / 22)


def test_key_tokens_are_found_wherever_they_are() -> None:
    made = np.random.default_rng(11).normal(size=(40, 22, 3))
    keys = np.stack([made[7:11], made[30:34]])
    assert poses.dist(made, keys) == pytest.approx(0.0)
    shifted = keys.copy()
    shifted[1, :, 0, 0] += 0.05  # four frames, 5 cm each: √4 · 0.05
    assert poses.dist(made, shifted) == pytest.approx(0.1 / 2)


def test_local_poses_forget_place_and_heading() -> None:
    stands = t_pose(5)
    turned = stands.placed(np.array([3.0, 0.0, -2.0]), rot.from_axis_angle((0.0, 1.0, 0.0), np.array(1.1)))
    assert np.allclose(poses.local_poses(turned), poses.local_poses(stands), atol=1e-9)
    assert poses.local_poses(stands)[0, JOINT["left_wrist"], 0] > 0.5  # left is +X


def test_a_nod_shows_in_the_head_s_angle() -> None:
    still, nods = t_pose(40), t_pose(40)
    angle = 25.0 * np.sin(np.arange(40) * 0.4)
    nods.rotations[:, JOINT["head"]] = rot.from_axis_angle((1.0, 0.0, 0.0), np.radians(angle))
    assert np.allclose(poses.head_turns(nods), angle[:, None] * [1.0, 0.0, 0.0], atol=1e-6)
    assert poses.head_error(nods, still).mean() == pytest.approx(np.abs(angle).mean())


@pytest.mark.parametrize("kept", [0.0, 0.4, 1.0])
def test_what_is_left_of_a_nod(kept: float) -> None:
    true, made = t_pose(60), t_pose(60)
    angle = np.radians(20.0 * np.sin(np.arange(60) * 0.4))
    true.rotations[:, JOINT["neck"]] = rot.from_axis_angle((1.0, 0.0, 0.0), angle)
    made.rotations[:, JOINT["head"]] = rot.from_axis_angle((1.0, 0.0, 0.0), kept * angle + 0.2)
    assert poses.head_turn_kept(made, true) == pytest.approx(kept, abs=1e-6)
    assert poses.head_turn_kept(true, t_pose(60)) is None  # nothing to keep


def test_hands_are_as_far_apart_wherever_the_body_is() -> None:
    stands = t_pose(5)
    turned = stands.placed(np.array([3.0, 0.5, -2.0]), rot.from_axis_angle((0.0, 1.0, 0.0), np.array(1.1)))
    assert poses.head_error(turned, stands).max() < 1e-6
    assert poses.hands_apart(turned) == pytest.approx(poses.hands_apart(stands))
    assert poses.hands_apart(stands)[0] > 1.2
