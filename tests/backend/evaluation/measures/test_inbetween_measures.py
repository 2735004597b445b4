"""The benchmark's measures on data whose answer is known, and Blender's curves beside Blender itself."""

from collections.abc import Callable
from typing import Any

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
from motiongpt.backend.evaluation.measures.bezier import auto_clamped
from motiongpt.backend.evaluation.measures.inbetween import l2p, l2q, npss, placed_window, position_statistics
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT


def still(frames: int) -> Motion:
    return Motion(
        np.tile(rot.IDENTITY, (frames, 22, 1)), np.tile([0.0, 0.93, 0.0], (frames, 1)), 30.0, np.zeros((frames, 4))
    ).on_floor()


def test_l2p_of_a_shift() -> None:
    true = np.zeros((2, 5, 22, 3))
    made = true + [0.3, 0.0, 0.0]
    assert l2p(made, true, np.full(66, 0.1)) == pytest.approx(3.0 * np.sqrt(22))


def test_l2q_of_one_turned_joint_whatever_the_signs() -> None:
    true = np.tile(rot.IDENTITY, (1, 3, 22, 1))
    made = -true
    made[:, :, 4] = rot.from_axis_angle((1, 0, 0), 0.8)
    assert l2q(-true, true) == 0.0
    assert l2q(made, true) == pytest.approx(2.0 * np.sin(0.2))


def test_npss_of_a_doubled_frequency() -> None:
    time = np.arange(32) / 32
    true, made = (np.cos(2 * np.pi * f * time)[None, :, None] for f in (3, 5))
    assert npss(true, true) == pytest.approx(0.0, abs=1e-9)
    # Half the power moves up by two bins, its mirror image down by two: a distance of 2 in all.
    assert npss(made, true) == pytest.approx(2.0)


def test_npss_weighs_by_power() -> None:
    time = np.arange(32) / 32
    loud, quiet = 3.0 * np.cos(2 * np.pi * 2 * time), np.cos(2 * np.pi * 2 * time)
    true = np.stack([loud, quiet], axis=-1)[None]
    made = np.stack([loud, np.cos(2 * np.pi * 4 * time)], axis=-1)[None]
    assert npss(made, true) == pytest.approx(2.0 * 1.0 / 10.0)


def test_windows_are_placed_as_the_benchmark_does() -> None:
    motion = still(20).placed(np.array([4.0, 0.0, -7.0]), rot.from_axis_angle((0, 1, 0), 2.0))
    placed = placed_window(motion.rotations, motion.root_position, 9)
    np.testing.assert_allclose(placed.root_position.mean(axis=0)[[0, 2]], 0.0, atol=1e-12)
    np.testing.assert_allclose(rot.yaw(placed.rotations[9, 0]), rot.IDENTITY, atol=1e-12)


def test_statistics_are_over_frames() -> None:
    joints = np.zeros((4, 22, 3))
    joints[:2, :, 1] = 2.0
    mean, std = position_statistics([joints[:1], joints[1:]])
    assert mean[1] == 1.0 and std[1] == 1.0 and std[0] == 1e-3


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


_IN_BLENDER = """
import sys, json
import bpy
curves = json.loads(sys.argv[1])
out = []
for times, values in curves:
    action = bpy.data.actions.new("a")
    if hasattr(action, "slots"):
        slot = action.slots.new("OBJECT", "o")
        strip = action.layers.new("l").strips.new(type="KEYFRAME")
        curve = strip.channelbag(slot, ensure=True).fcurves.new("location", index=0)
    else:
        curve = action.fcurves.new("location", index=0)
    curve.auto_smoothing = "NONE"
    for time, value in zip(times, values):
        key = curve.keyframe_points.insert(time, value)
        key.interpolation = "BEZIER"
        key.handle_left_type = key.handle_right_type = "AUTO_CLAMPED"
    curve.update()
    out.append([curve.evaluate(t) for t in range(int(times[0]), int(times[-1]) + 1)])
emit(out)
"""


def test_bezier_is_what_blender_draws(run_bpy: Callable[..., Any]) -> None:
    import json

    rng = np.random.default_rng(0)
    curves = []
    for trial in range(24):
        count = int(rng.integers(2, 7))
        times = np.cumsum(rng.integers(1, 14, count)).tolist()
        values = rng.normal(size=count)
        curves.append((times, (np.cumsum(np.abs(values)) if trial % 2 else values).tolist()))
    drawn = run_bpy(_IN_BLENDER, json.dumps(curves))
    for (times, values), expected in zip(curves, drawn, strict=True):
        at = np.arange(times[0], times[-1] + 1.0)
        ours = auto_clamped(np.array(times, float), np.array(values)[:, None], at)[:, 0]
        np.testing.assert_allclose(ours, expected, atol=1e-5)


def test_elbows_swing_less_in_interpolation() -> None:
    """A sanity check of what the shares mean: a full swing within the gap is lost between its ends."""
    motion = still(32)
    rotations = motion.rotations.copy()
    rotations[:, JOINT["left_elbow"]] = rot.from_axis_angle((0, 1, 0), np.sin(np.linspace(0, 2 * np.pi, 32)))
    swing = Motion(rotations, motion.root_position, 30.0, motion.contacts)
    made = interpolation(swing, np.array([0, 31]), "")
    assert rot.angle_between(made.rotations[8, 18], rot.IDENTITY) < 1e-6
