"""Weights in blocks of 64: numbers of 8 bits, or of the highest 6 of them, around 128, and a scale in float16, so that
w = (number - 128) * scale.

Numbers of 6 bits are divided over two arrays: bits 2 to 5 of two numbers are in a byte of the one, bits 6 and 7 of four
numbers in a byte of the other.
"""

import numpy as np
from numpy.typing import NDArray

from ...retarget.typing import Float32s

BLOCK = 64
ZERO = 128
"""The number that stands for 0."""
_LEAST = 2.0**-20  # scale: far below, float16 has no more numbers
_SHRUNK = np.linspace(0.7, 1.0, 13)
"""Scales that are tried for a block: of less than its largest weight, which is then clipped, all others are finer."""

Numbers8 = NDArray[np.uint8]


def quantize(blocks: Float32s, bits: int) -> tuple[Numbers8, NDArray[np.float16]]:
    """Numbers (n, 64) of which only the highest bits are set, and scales (n, 1), of blocks (n, 64): of the scales that
    are tried, those with the least squared error."""
    step = 1 << (8 - bits)
    most = (1 << (bits - 1)) - 1
    top = np.abs(blocks).max(axis=1, keepdims=True)
    found = np.zeros(blocks.shape, np.float32)
    scales = np.zeros(top.shape, np.float16)
    least = np.full(top.shape, np.inf, np.float32)
    for share in _SHRUNK:
        scale = np.maximum(top * np.float32(share / most / step), _LEAST).astype(np.float16)
        size = scale.astype(np.float32) * step
        rounded = np.clip(np.rint(blocks / size), -most - 1, most)
        error = np.square(rounded * size - blocks).sum(axis=1, keepdims=True)
        better = error < least
        found, scales, least = (np.where(better, a, b) for a, b in ((rounded, found), (scale, scales), (error, least)))
    return (found * step + ZERO).astype(np.uint8), scales


def floats(numbers: Numbers8, scales: NDArray[np.float16]) -> Float32s:
    """What numbers (n * 64,) and scales (n, 1) stand for, (n, 64)."""
    values: Float32s = (numbers.reshape(-1, BLOCK).astype(np.float32) - ZERO) * scales.astype(np.float32)
    return values


def divide(numbers: Numbers8) -> tuple[Numbers8, Numbers8]:
    """Bits 2 to 5 of numbers (n,) in n / 2 bytes, and bits 6 and 7 in n / 4.

    >>> low, high = divide(np.array([4, 8, 64, 192], np.uint8))
    >>> [f"{byte:08b}" for byte in (*low, *high)]
    ['00000001', '00000010', '11010000']
    """
    low, high = (numbers >> 2 & 15).reshape(2, -1), (numbers >> 6).reshape(4, -1)
    return low[0] | low[1] << 4, high[0] | high[1] << 2 | high[2] << 4 | high[3] << 6


def join(low: Numbers8, high: Numbers8) -> Numbers8:
    """What was divided."""
    whole = np.empty(2 * len(low), np.uint8)
    whole[: len(low)], whole[len(low) :] = low << 2 & 60, low >> 2 & 60
    for part, place in zip(whole.reshape(4, -1), (6, 4, 2, 0), strict=True):
        part |= high << place & 192
    return whole
