"""The in-betweening benchmark on motions whose answer is known."""

import numpy as np
import pytest

from motiongpt.backend.evaluation.inbetween import (
    Window,
    bezier,
    foot_sliding,
    interpolation,
    measure,
    velocity_changes,
)
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT


def still(frames: int) -> Motion:
    return Motion(
        np.tile(rot.IDENTITY, (frames, 22, 1)), np.tile([0.0, 0.93, 0.0], (frames, 1)), 30.0, np.zeros((frames, 4))
    ).on_floor()


def test_sliding_and_velocity_changes_of_known_motion() -> None:
    true = still(31)
    root = true.root_position.copy()
    root[:, 2] += np.where(np.arange(31) > 15, (np.arange(31) - 15) * 0.01, 0.0)  # 0.3 m/s from frame 15 on
    made = Motion(true.rotations, root, 30.0, true.contacts)
    assert foot_sliding(true, true) == 0.0
    assert foot_sliding(made, true) == pytest.approx(15.0)  # 30 cm/s in half of the steps
    changes = velocity_changes(made)
    assert changes[14, 22] == pytest.approx(0.3) and np.delete(changes[:, 22], 14).max() < 1e-9


def test_measures_of_the_truth_are_zero_and_of_interpolation_are_not() -> None:
    rng = np.random.default_rng(0)
    time = np.arange(26)[:, None, None] / 30.0
    vectors = 0.5 * np.sin(6.0 * time + rng.uniform(0, 6, (1, 22, 3)))
    motion = Motion(rot.from_rotation_vector(vectors), still(26).root_position, 30.0, np.zeros((26, 4)))
    window = Window(motion, 10, "")
    limits = np.full(23, 1e9)
    zero = measure([motion], [window], np.ones(66), limits)
    assert zero["l2p"] == 0.0 and zero["l2q"] == 0.0 and zero["npss"] == pytest.approx(0.0, abs=1e-9)
    assert zero["jerky"] == 0.0
    for method in (interpolation, bezier):
        made = method(motion, window.keep, "")
        np.testing.assert_allclose(made.joints[window.keep], motion.joints[window.keep], atol=1e-9)
        row = measure([made], [window], np.ones(66), limits)
        assert row["l2p"] > 0.1 and row["l2q"] > 0.1 and row["npss"] > 0.001


def test_elbows_swing_less_in_interpolation() -> None:
    """A sanity check of what the shares mean: a full swing within the gap is lost between its ends."""
    motion = still(32)
    rotations = motion.rotations.copy()
    rotations[:, JOINT["left_elbow"]] = rot.from_axis_angle((0, 1, 0), np.sin(np.linspace(0, 2 * np.pi, 32)))
    swing = Motion(rotations, motion.root_position, 30.0, motion.contacts)
    made = interpolation(swing, np.array([0, 31]), "")
    assert rot.angle_between(made.rotations[8, 18], rot.IDENTITY) < 1e-6
