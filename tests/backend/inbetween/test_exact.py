"""Channels pinned to keys exactly, smoothly around them."""

import numpy as np
import pytest
from support.motions import wandering

from motiongpt.backend.inbetween.exact import pinned, softened, spread, whole_poses
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot


def test_spread_passes_through_its_values_with_a_continuous_slope() -> None:
    keys = np.array([10, 11, 12, 40, 60, 61])
    values = np.array([0.0, 1.0, 2.0, 3.0, 3.5, 3.4])[:, None]
    fine = spread(keys * 100, values, 8000, 1200.0)[:, 0]
    np.testing.assert_allclose(fine[keys * 100], values[:, 0], atol=1e-12)
    assert np.abs(np.diff(fine, n=2)).max() < 1e-3  # a kink would be as large as the slopes, 1e-2
    assert fine[0] == pytest.approx(fine[100], abs=1e-9)  # the slope has died away


def test_spread_does_not_overshoot_between_keys_that_rise() -> None:
    out = spread(np.array([0, 20, 25, 60]), np.array([0.0, 1.0, 4.0, 4.2])[:, None], 61, 12.0)[:, 0]
    assert np.diff(out).min() > -1e-9


def test_pinned_channels_are_bit_for_bit_and_others_are_left() -> None:
    made, target = wandering(90, 0.1), wandering(90, 0.4, seed=1)
    known = np.zeros((90, 23), dtype=bool)
    known[[0, 1, 2, 30, 32, 89]] = True
    known[60, [3, 6, 9, 20]] = True
    known[:, 15] = False  # the head is never known
    out = softened(pinned(made, target, known), known)
    joints, root = known[:, :22], known[:, 22]
    np.testing.assert_array_equal(out.rotations[joints], target.rotations[joints])
    np.testing.assert_array_equal(out.root_position[root], target.root_position[root])
    assert rot.angle_between(out.rotations[:, 15], made.rotations[:, 15]).max() < 1e-7


def test_pinned_motion_keeps_its_velocity_through_keys() -> None:
    """The same motion with an offset that grows from key to key: no key may show in its second derivative."""
    made = wandering(120, 0.2)
    lift = np.zeros((120, 3))
    lift[:, 1] = np.linspace(0.0, 0.5, 120)
    target = Motion(made.rotations, made.root_position + lift, 30.0, made.contacts)
    out = pinned(made, target, whole_poses(np.array([0, 40, 80, 119]), 120))
    extra = np.diff(out.root_position - made.root_position, n=2, axis=0)
    # A smoothstep between keys would stop at each key: its second derivative is 6 * step / gap^2.
    assert np.abs(extra[30:90]).max() < 0.35 * 6 * (0.5 / 3) / 40**2


def test_softened_takes_jerks_away_from_keys() -> None:
    motion = wandering(61, 0.05)
    bent = motion.root_position.copy()
    bent[:, 0] += np.abs(np.arange(61) - 30) * 0.05  # reverses within a frame, at 3 m/s
    jerky = Motion(motion.rotations, bent, 30.0, motion.contacts)
    known = whole_poses(np.array([0, 30, 60]), 61)
    out = softened(jerky, known)
    before, after = (np.abs(np.diff(m.root_position, n=2, axis=0)).max() for m in (jerky, out))
    assert before > 0.09 and after < 0.04
    np.testing.assert_array_equal(out.root_position[[0, 30, 60]], bent[[0, 30, 60]])
