"""A changed motion knows the positions that it would compute."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT, PARENTS, REST_OFFSETS
from motiongpt.retarget.typing import Floats

FRAMES = 12


def turns(count: int, seed: int) -> Floats:
    """Smooth random rotations (T, count, 4)."""
    steps = np.random.default_rng(seed).normal(scale=0.2, size=(FRAMES, count, 3)).cumsum(axis=0)
    return rot.from_rotation_vector(steps)


@pytest.fixture
def motion() -> Motion:
    """Random poses, of which global rotations and joints are known."""
    made = Motion(turns(22, 0), np.random.default_rng(1).normal(size=(FRAMES, 3)), 20.0, np.zeros((FRAMES, 4)))
    assert made.joints.shape == (FRAMES, 22, 3)
    return made


CHANGES: dict[str, Callable[[Motion], Motion]] = {
    "turned": lambda m: m.turned([JOINT["left_hip"], JOINT["left_knee"], JOINT["right_wrist"]], turns(3, 2)),
    "trunk": lambda m: m.turned([JOINT["spine1"], JOINT["neck"]], turns(2, 3)),
    "shifted": lambda m: m.shifted(np.linspace((0.0, 0.0, 0.0), (1.0, 2.0, 3.0), FRAMES)),
    "touching": lambda m: m.touching(np.ones((FRAMES, 4))),
    "on another body": lambda m: m.on_body(1.3 * REST_OFFSETS, m.root_position + 1.0),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_known_is_what_would_be_computed(motion: Motion, change: str) -> None:
    changed = CHANGES[change](motion)
    afresh = replace(changed, rotations=changed.rotations.copy())
    np.testing.assert_allclose(changed.joints, afresh.joints, atol=1e-12)
    assert rot.angle_between(changed.global_rotations, afresh.global_rotations).max() < 1e-7


def test_turned_joints_take_what_hangs_from_them_along(motion: Motion) -> None:
    knee = JOINT["left_knee"]
    turned = motion.turned([knee], turns(1, 4))
    assert rot.angle_between(turned.global_rotations[:, knee], turns(1, 4)[:, 0]).max() < 1e-7
    below = {knee, JOINT["left_ankle"], JOINT["left_foot"]}
    others = [joint for joint in range(len(PARENTS)) if joint not in below]
    np.testing.assert_allclose(turned.joints[:, others], motion.joints[:, others])
    np.testing.assert_allclose(np.abs(turned.rotations[:, [7, 10]]), np.abs(motion.rotations[:, [7, 10]]))
