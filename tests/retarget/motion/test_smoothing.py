"""Smoothing over frames."""

import numpy as np
import pytest

from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.smoothing import median, spread_jumps, steadied


@pytest.mark.parametrize("frames", [1, 2, 3, 8, 9])
def test_the_median_is_numpys_to_the_bit(frames: int) -> None:
    values = np.random.default_rng(frames).normal(size=(frames, 4, 3))
    np.testing.assert_array_equal(median(values), np.median(values, axis=0))
    assert float(median(values[:, 0, 0])) == np.median(values[:, 0, 0])


def turning(degrees: np.ndarray) -> np.ndarray:
    """Two joints, of which one stays (T, 2, 4)."""
    still = np.zeros_like(degrees)
    return rot.from_rotation_vector(np.radians(np.stack([[still, degrees], [still, still], [still, still]]).T))


def steps(rotations: np.ndarray) -> np.ndarray:
    return np.degrees(rot.angle_between(rotations[:-1, 1], rotations[1:, 1]))


def test_a_jump_is_spread_over_the_frames_around_it() -> None:
    jump = turning(np.where(np.arange(16) < 8, 0.0, 60.0))
    spread = spread_jumps(jump, np.array([7]))
    assert steps(spread).max() < 20.0 and steps(spread).sum() == pytest.approx(60.0)
    np.testing.assert_allclose(spread[:5], jump[:5], atol=1e-12)
    np.testing.assert_allclose(spread[11:], jump[11:], atol=1e-12)
    np.testing.assert_array_equal(spread[:, 0], jump[:, 0])
    np.testing.assert_allclose(spread_jumps(jump, np.array([3, 11])), jump, atol=1e-12)  # the jump is elsewhere


@pytest.mark.parametrize("degrees", [20.0 * np.arange(16.0), 2.0 * np.sin(np.arange(16.0)), np.zeros(2), np.zeros(1)])
def test_fast_and_small_movements_stay(degrees: np.ndarray) -> None:
    given = turning(degrees)
    np.testing.assert_allclose(spread_jumps(given, np.arange(3, len(given), 4)), given, atol=1e-12)


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 30])
def test_trembling_goes_and_movement_stays(frames: int) -> None:
    time = np.arange(float(frames))
    swing = np.stack([np.sin(2.0 * np.pi * time / 20.0), 0.3 * time, np.ones(frames)], axis=-1)  # once a second
    tremble = 0.1 * np.where(time % 2, 1.0, -1.0)[:, None]
    assert np.abs(steadied(swing) - swing).max() < 0.02
    if frames > 4:
        inner = slice(2, -2)
        np.testing.assert_allclose(steadied(swing + tremble)[inner], steadied(swing)[inner], atol=1e-12)
