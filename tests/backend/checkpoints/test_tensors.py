"""Rounding between number formats, as torch does it."""

import numpy as np
import pytest

from motiongpt.backend.checkpoints.tensors import from_float32, to_float32

torch = pytest.importorskip("torch", reason="torch makes the files that these tests read")


def test_bfloat16_rounds_as_torch_does() -> None:
    values = np.random.default_rng(0).standard_normal(10_000).astype(np.float32) * 1e3
    ours = to_float32(from_float32(values, "BF16"), "BF16")
    assert np.array_equal(ours, torch.from_numpy(values).bfloat16().float().numpy())
