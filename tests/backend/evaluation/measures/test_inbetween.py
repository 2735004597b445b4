"""The benchmark's measures of in-betweening on data whose answer is known."""

import numpy as np
import pytest

from motiongpt.backend.evaluation.measures.inbetween import l2p, l2q, npss
from motiongpt.retarget.motion import rotations as rot


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
