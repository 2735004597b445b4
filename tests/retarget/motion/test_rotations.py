"""Quick ways to rotate are `rotate`."""

import numpy as np

from motiongpt.retarget.motion import rotations as rot

RANDOM = np.random.default_rng(0)
QUATERNIONS = rot.normalize(RANDOM.normal(size=(7, 4)))
POINTS = RANDOM.normal(size=(5, 3))


def test_matrices_and_many_points_turn_as_quaternions_do() -> None:
    one_by_one = np.array([[rot.rotate(q, p) for p in POINTS] for q in QUATERNIONS])  # (7, 5, 3)
    np.testing.assert_allclose(rot.rotate_all(QUATERNIONS, POINTS).swapaxes(1, 2), one_by_one, atol=1e-14)
    np.testing.assert_allclose(np.einsum("tij,kj->tki", rot.to_matrix(QUATERNIONS), POINTS), one_by_one, atol=1e-14)
    np.testing.assert_allclose(rot.upwards(QUATERNIONS) @ POINTS.T, one_by_one[..., 1], atol=1e-14)


def test_rotations_that_need_no_other_sign_stay_as_they_are() -> None:
    steady = rot.from_axis_angle((0.0, 1.0, 0.0), np.linspace(0.0, 3.0, 9))
    unflipped = rot.unflip(steady)
    np.testing.assert_array_equal(unflipped, steady)
    assert unflipped is not steady
    np.testing.assert_array_equal(rot.unflip(steady * np.where(np.arange(9) > 4, -1.0, 1.0)[:, None]), steady)
