"""Weights in blocks of numbers."""

import numpy as np

from motiongpt.backend.checkpoints.blocks import divide, join, quantize


def test_blocks_keep_their_own_scales_and_single_large_weights() -> None:
    rng = np.random.default_rng(0)
    blocks = rng.normal(scale=0.1, size=(3, 64)).astype(np.float32) * np.array([[1e-4], [1.0], [1e3]], np.float32)
    blocks[1, 7] = 3.0
    for bits in (6, 8):
        numbers, scales = quantize(blocks, bits)
        back = (numbers.astype(np.float32) - 128.0) * scales.astype(np.float32)
        assert (numbers % (1 << (8 - bits)) == 0).all()
        assert (np.abs(back - blocks).max(axis=1) <= np.abs(blocks).max(axis=1) * 0.35).all()
        assert abs(back[1, 7] - 3.0) < 0.05
    assert (quantize(np.zeros((1, 64), np.float32), 6)[0] == 128).all()


def test_two_arrays_hold_every_number_of_six_bits() -> None:
    numbers = np.random.default_rng(0).permutation(np.arange(0, 256, 4, dtype=np.uint8))
    low, high = divide(numbers)
    assert len(low) + len(high) == 48
    np.testing.assert_array_equal(join(low, high), numbers)
