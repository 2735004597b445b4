"""Smoothing over frames."""

import numpy as np
import pytest

from motiongpt.retarget.motion.smoothing import median


@pytest.mark.parametrize("frames", [1, 2, 3, 8, 9])
def test_the_median_is_numpys_to_the_bit(frames: int) -> None:
    values = np.random.default_rng(frames).normal(size=(frames, 4, 3))
    np.testing.assert_array_equal(median(values), np.median(values, axis=0))
    assert float(median(values[:, 0, 0])) == np.median(values[:, 0, 0])
