"""Sliding, jitter and freezes of motions whose answer is known."""

import math

import numpy as np
import pytest
from support.motions import t_pose

from motiongpt.backend.evaluation.measures import physics


def test_sliding_is_the_speed_of_feet_on_the_floor() -> None:
    stands = t_pose()
    assert physics.foot_sliding(stands) == 0.0
    way = np.zeros((40, 3))
    way[:, 2] = np.arange(40) * 0.01  # 0.2 m/s along the floor, height over the lowest 0: weight 2 - 2⁰ = 1
    assert physics.foot_sliding(stands.shifted(way)) == pytest.approx(0.2)
    way[20:, 1] = 0.5  # what is in the air does not slide
    assert physics.foot_sliding(stands.shifted(way)) == pytest.approx(0.2)
    up = np.zeros((40, 3))
    up[:, 2] = np.arange(40) * 0.01
    up[1:, 1] = 0.0125  # half of H: weight 2 - 2^½
    assert physics.foot_sliding(stands.shifted(up)) == pytest.approx(0.2 * (2 - math.sqrt(2)))


def test_jitter_and_freezes() -> None:
    stands = t_pose()
    cubic = np.zeros((40, 3))
    cubic[:, 0] = 5.0 * (np.arange(40) / 20.0) ** 3  # third derivative 30 m/s³
    assert physics.jitter(stands.shifted(cubic)) == pytest.approx(0.3)
    assert physics.jitter(stands) == 0.0
    assert physics.longest_freeze(stands) == pytest.approx(39 / 20)
    way = np.zeros((40, 3))
    way[10:20, 0] = np.arange(10) * 0.1
    way[20:, 0] = 0.9
    assert physics.longest_freeze(stands.shifted(way)) == pytest.approx(20 / 20)


def test_the_energy_of_trembling() -> None:
    way = np.zeros((40, 3))
    way[:, 0] = np.arange(40) * 0.01
    time = np.arange(120) / 30.0
    shares = []
    for hertz in (1.0, 11.0):
        shake = np.zeros((120, 3))
        shake[:, 0] = 0.01 * np.sin(2 * np.pi * hertz * time)
        shares.append(physics.high_frequency(t_pose(120, 30.0).shifted(shake)))
    assert shares[0] < 0.05 < 0.95 < shares[1]
    assert physics.largest_acceleration(t_pose(120, 30.0).shifted(shake)) == pytest.approx(35.0, abs=10.0)
    assert physics.mean_speed(t_pose().shifted(way)) == pytest.approx(0.2)
