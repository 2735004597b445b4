"""A trained motion tokenizer as graphs: `motion.onnx`, codes to features, and `codes.onnx`, features to codes."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...engines.starter.vocabulary import MAX_TOKENS
from ...features import DIMENSIONS, Statistics
from ..graphs import axis, export_graph
from ..storage import Packed
from .net import FRAMES_PER_TOKEN, MotionVqVae

_CODES = Packed(6, {"codebook": 16})
_MOTION = Packed(8, {"codebook": 16, "decoder.linear": 16, "decoder.model.4": 16, "decoder.model.6": 16})
"""What is nearest to the frames is finer: in 8 bits it would make feet tremble, by 13.4 mm instead of 11.0 mm."""


class _MotionGraph(nn.Module):
    """codes (B, N, levels) -> features (B, 4 N, 263), denormalised."""

    mean: Tensor
    std: Tensor

    def __init__(self, tokenizer: MotionVqVae, statistics: Statistics) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.register_buffer("mean", torch.from_numpy(np.asarray(statistics.mean, dtype=np.float32)))
        self.register_buffer("std", torch.from_numpy(np.asarray(statistics.std, dtype=np.float32)))

    def forward(self, codes: Tensor) -> Tensor:
        return self.tokenizer.decode(codes) * self.std + self.mean


class _CodesGraph(_MotionGraph):
    """features (B, 4 N, 263) -> codes (B, N, levels)."""

    def forward(self, features: Tensor) -> Tensor:
        return self.tokenizer.encode((features - self.mean) / self.std)


def export_tokenizer(tokenizer: MotionVqVae, statistics: Statistics, folder: Path) -> None:
    """Write `motion.onnx`, codes to features, and `codes.onnx`, features to codes."""
    batch, tokens = axis("b", 64), axis("n", MAX_TOKENS)
    codes = {"codes": torch.zeros(2, 5, tokenizer.levels, dtype=torch.long)}
    axes: dict[str, Any] = {"codes": {0: batch, 1: tokens}}
    export_graph(_MotionGraph(tokenizer, statistics), codes, ["features"], axes, folder / "motion.onnx", _MOTION)
    frames = FRAMES_PER_TOKEN * axis("n", 4 * MAX_TOKENS)
    features = {"features": torch.zeros(2, 5 * FRAMES_PER_TOKEN, DIMENSIONS)}
    axes = {"features": {0: batch, 1: frames}}
    export_graph(_CodesGraph(tokenizer, statistics), features, ["codes"], axes, folder / "codes.onnx", _CODES)
