"""What sinks, floats and slides, of motions whose answer is known."""

import numpy as np
import pytest
from support.motions import t_pose

from motiongpt.retarget.motion.feet.grounding import Grounding, floating, penetration, stance_speed

STANDS = t_pose()


def test_penetration_is_the_depth_of_the_lowest_joint() -> None:
    sunk = np.zeros((40, 3))
    sunk[10:20, 1] = -0.04
    assert penetration(STANDS).max() == pytest.approx(0.0, abs=1e-9)
    assert penetration(STANDS.shifted(sunk)).max() == pytest.approx(0.04)
    assert np.count_nonzero(penetration(STANDS.shifted(sunk)) > 0.03) == 10


def test_floating_is_what_no_jump_explains() -> None:
    up = np.zeros((40, 3))
    up[5:17, 1] = 0.3  # 0.6 s
    assert floating(STANDS.shifted(up)).max() == 0.0
    up[5:30, 1] = 0.3  # 1.25 s
    assert floating(STANDS.shifted(up))[10] == pytest.approx(0.3)
    assert floating(STANDS).max() == 0.0
    assert floating(STANDS.shifted(np.array([0.0, 0.2, 0.0]))).min() == pytest.approx(0.2)


def test_the_standing_toe() -> None:
    way = np.zeros((40, 3))
    way[:, 0] = np.arange(40) * 0.01
    assert stance_speed(STANDS.shifted(way)) == pytest.approx(0.2)


def test_faults_are_named() -> None:
    assert Grounding.of(STANDS).faults == ()
    assert Grounding.of(STANDS.shifted(np.array([0.0, -0.1, 0.0]))).faults == ("sinks",)
    assert Grounding.of(STANDS.shifted(np.array([0.0, 0.2, 0.0]))).faults == ("floats",)
    assert Grounding.of(STANDS.shifted(np.outer(np.arange(40), (0.0, 0.0, 0.05)))).faults == ("slides",)
