"""Keys fall on the model's frames."""

import numpy as np
import pytest
from support.motions import wandering

from motiongpt.backend.inbetween.exact import whole_poses
from motiongpt.backend.inbetween.grid import Grid
from motiongpt.retarget.motion import rotations as rot


@pytest.mark.parametrize("fps", [12.0, 24.0, 25.0, 29.97, 30.0, 60.0])
def test_keys_fall_on_the_grid_at_every_rate(fps: float) -> None:
    motion = wandering(100, 0.3, fps=fps)
    known = whole_poses(np.array([0, 1, 2, 3, 4, 5, 37, 39, 98]), 100)
    grid = Grid.of(known, fps, 30.0)
    assert {0, 5, 37, 39, 98} <= set(np.round(grid.times, 9))
    assert (np.diff(grid.times) > 0).all()
    poses, given = grid.poses(motion, known)
    back = grid.to_scene(poses, 100)
    keys = [5, 37, 39, 98]
    assert rot.angle_between(back.rotations[keys], motion.rotations[keys]).max() < 1e-6
    assert given.any(axis=1).sum() >= 5
