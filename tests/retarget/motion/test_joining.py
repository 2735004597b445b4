"""What is appended to a motion starts where the motion ends, as fast as it ends, with its feet where they stand."""

from dataclasses import replace

import numpy as np
import pytest
from support.motions import bent, stepping, t_pose, walking

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.feet import followed_by
from motiongpt.retarget.motion.joining import (
    appended,
    ending,
    led_into,
    placed_at,
    standing_on_body_of,
    standing_on_canonical_body,
    with_smooth_edges,
)
from motiongpt.retarget.motion.skeleton import JOINT


def test_what_is_appended_starts_where_the_motion_ends() -> None:
    first, second = bent(seed=3), bent(seed=4).placed(np.array([5.0, 0.0, 2.0]), rot.from_axis_angle((0, 1, 0), 2.0))
    out = appended(first, second)
    assert len(out) == len(first) + len(second) - 1
    assert np.array_equal(out.root_position[: len(first)], first.root_position)
    assert np.linalg.norm(np.diff(out.joints[:, 0], axis=0), axis=1).max() < 0.15


def joint_speeds(motion: Motion) -> np.ndarray:
    """(T - 1, 22) metres per second."""
    return np.asarray(np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1) * motion.fps)


@pytest.mark.parametrize("fps", [20.0, 24.0])
@pytest.mark.parametrize("end", [60, 65, 71, 77])
def test_velocity_carries_over_at_the_join(fps: float, end: int) -> None:
    """A walk is joined to somebody who stands: at the join no joint changes its velocity faster than in the walk."""
    walk, still = walking().slice(0, end).resample(fps), t_pose(60, fps)
    out = appended(walk, still)
    change = np.linalg.norm(np.diff(out.joints, 2, axis=0), axis=-1).max(axis=1) * fps**2
    seam = len(walk) - 2
    assert change[seam] < 1.8 * change[:seam].max()
    before = joint_speeds(walk)
    assert abs(joint_speeds(out)[len(walk) - 1] - before[-1]).max() < 0.35 * before.max()


def test_who_walks_does_not_slide_back() -> None:
    walk = walking().slice(0, 66)
    ahead = np.diff(appended(walk, t_pose(60, 20.0)).root_position[len(walk) - 1 :, 2])
    assert ahead[0] > 0.7 * 1.2 / 20.0
    assert ahead.min() > -1e-9


def test_feet_that_stand_at_the_join_stay() -> None:
    """Standing, then a walk: until a foot is lifted it stays where it stood, and what came before stays as it was."""
    still, walk = t_pose(30, 20.0), stepping(60, 20.0)
    out = followed_by(still, walk)
    assert np.array_equal(out.rotations[:30], still.rotations)
    assert np.array_equal(out.root_position[:30], still.root_position)
    held = np.flatnonzero(out.contacts[30:, 1] == 0.0)[0] + 30 if (out.contacts[30:, 1] == 0.0).any() else len(out)
    toe = out.joints[29:held, 10]
    assert held == 30 or np.linalg.norm((toe - toe[0])[:, [0, 2]], axis=1).max() < 0.03


def test_the_end_of_a_motion_at_another_rate_is_its_last_frame() -> None:
    motion = bent(seed=5).slice(0, 38)
    for fps, frames in ((20.0, 9), (30.0, 5), (7.0, 4)):
        end = ending(motion, fps, frames)
        assert (len(end), end.fps) == (frames, fps)
        assert np.abs(end.joints[-1] - motion.joints[-1]).max() < 1e-6
    longer = ending(motion.slice(0, 2), 20.0, 6)
    assert np.abs(longer.joints[0] - motion.joints[0]).max() < 1e-6


def test_a_motion_is_led_into_the_pose_and_the_speed_that_follow() -> None:
    first, second = bent(seed=3), walking()
    second = placed_at(second, 0, first, len(first) - 1)
    out = led_into(first, second)
    assert len(out) == len(first)
    assert np.abs(out.joints[-1] - second.joints[0]).max() < 1e-6
    assert np.abs(out.joints[0] - first.joints[0]).max() < 0.01
    into = np.concatenate([out.joints, second.joints[1:]])
    change = np.linalg.norm(np.diff(into, 2, axis=0), axis=-1).max(axis=1)
    assert change[len(first) - 2] < 1.5 * max(change[: len(first) - 3].max(), change[len(first) :].max())


def test_a_body_of_other_hips_and_feet_stands_on_the_floor_on_both_bodies():
    """Legs as long as the canonical ones, below a pelvis that is nearer to the hips, on higher feet."""
    walk = walking()
    offsets = walk.offsets.copy()
    offsets[[JOINT["left_hip"], JOINT["right_hip"]], 1] *= 0.4
    offsets[[JOINT["left_foot"], JOINT["right_foot"]], 1] *= 1.3
    body = replace(walk, offsets=offsets).on_floor()
    canonical = standing_on_canonical_body(body)
    assert canonical.joints[..., 1].min() == pytest.approx(0.0, abs=0.02)  # a foot that is not flat differs a little
    assert np.abs(standing_on_body_of(canonical, body).joints - body.joints).max() < 1e-9


def test_pieces_meet_without_a_jump() -> None:
    walk = walking().slice(0, 12)
    turn = rot.from_axis_angle((0.0, 0.0, 1.0), np.where(np.arange(12) < 4, 0.0, np.radians(50.0)))
    pieces = walk.turned(
        [JOINT["left_shoulder"]], rot.multiply(turn, walk.global_rotations[:, JOINT["left_shoulder"]])[:, None]
    )
    before, after = joint_speeds(pieces), joint_speeds(with_smooth_edges(pieces, 4))
    wrist = JOINT["left_wrist"]
    assert before[:, wrist].argmax() == 3
    assert after[:, wrist].max() < 0.3 * before[3, wrist]


def test_pieces_do_not_tremble() -> None:
    walk = walking()
    signs = np.where(np.arange(len(walk)) % 2, 1.0, -1.0)
    shaken = rot.from_axis_angle((0.0, 0.0, 1.0), np.radians(0.4) * signs)
    shoulder = JOINT["left_shoulder"]
    trembling = walk.turned([shoulder], rot.multiply(shaken, walk.global_rotations[:, shoulder])[:, None])
    calm = with_smooth_edges(trembling, 4).joints - walk.joints
    assert np.abs((trembling.joints - walk.joints)[2:-2]).max() > 0.003
    assert np.abs(calm[2:-2]).max() < 0.002
