"""Jumps of a recording are cut, fast movement is not."""

from dataclasses import replace

import numpy as np
import pytest
from support.motions import walking

from motiongpt.backend.dataset.importing.cuts import jumps, without_jumps
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT


def punching(seconds: float, fps: float = 30.0) -> Motion:
    """A straight arm that sweeps by 160° in so many seconds, gathering speed and losing it."""
    frames = round(2.0 * fps)
    time = np.clip((np.arange(frames) / fps - 0.8) / seconds, 0.0, 1.0)
    angle = np.radians(160.0) * (0.5 - 0.5 * np.cos(np.pi * time))
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    rotations[:, JOINT["left_shoulder"]] = rot.from_axis_angle((0.0, 1.0, 0.0), angle)
    return Motion(rotations, np.tile((0.0, 0.95, 0.0), (frames, 1)), fps, np.zeros((frames, 4)))


def fastest(motion: Motion) -> float:
    return float(np.linalg.norm(np.diff(motion.joints, axis=0), axis=-1).max() * motion.fps)


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
def test_fast_strikes_stay(fps: float) -> None:
    strike = punching(0.1, fps)
    assert fastest(strike) > 18.0
    assert not jumps(strike).any() and without_jumps(strike) is strike


@pytest.mark.parametrize("fps", [30.0, 60.0, 120.0])
def test_an_arm_that_is_elsewhere_in_the_next_frame_is_cut(fps: float) -> None:
    jump = punching(0.001, fps)
    assert len(without_jumps(jump)) < len(jump)


def test_calibration_pose_at_the_start_goes() -> None:
    walk = walking()
    moved = walk.root_position.copy()
    moved[0] += (5.0, 0.0, 0.0)
    kept = without_jumps(replace(walk, root_position=moved))
    assert len(kept) == len(walk) - 1
    assert np.allclose(kept.root_position, walk.root_position[1:])
