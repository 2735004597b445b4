"""A tokenizer's encoder over whole data sets, optimised for a single core.

The codes are those of `MotionVqVae.encode`, except for latents halfway between two codes up to float rounding.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ....retarget.typing import Float32s, Ints
from ...features import POSE_WINDOW, Statistics, held_pose
from .net import FRAMES_PER_TOKEN, MotionVqVae, ResidualBlock, ResidualStack

_TOKENS = 2048  # in a batch of clips
_POSES = 256  # in a batch of poses
_Columns = Callable[[int], Tensor | None]  # place in time -> (N, C); None outside


class Encoding:
    """Encodes clips and poses with one tokenizer, which must not change meanwhile."""

    def __init__(self, model: MotionVqVae, statistics: Statistics) -> None:
        self._model, self._statistics = model, statistics
        self._encoders = [(_flat(encoder.model), encoder.linear, places) for encoder, places in model.encoders]
        self._weights: dict[tuple[nn.Conv1d, tuple[int, ...]], Tensor] = {}

    @torch.inference_mode()
    def clips(self, clips: Sequence[Float32s]) -> list[Ints]:
        """Codes (T // 4, levels) of each clip's features (T, 263); frames beyond a multiple of four are left out.

        Only clips of equal length are batched: padding would change the codes at their ends.
        """
        out = [np.empty((0, self._model.levels), np.int64)] * len(clips)
        same = defaultdict(list)  # number of tokens -> clips
        for i, clip in enumerate(clips):
            same[len(clip) // FRAMES_PER_TOKEN].append(i)
        same.pop(0, None)
        for tokens, places in same.items():
            size = max(1, _TOKENS // tokens)
            for some in (places[i : i + size] for i in range(0, len(places), size)):
                frames = np.stack([clips[i][: tokens * FRAMES_PER_TOKEN] for i in some])
                latents = self._latents(self._normal(frames))  # (B, N, code width)
                codes = self._model.quantizer.encode(latents.flatten(0, 1)).unflatten(0, latents.shape[:2])
                for i, row in zip(some, codes.numpy(), strict=True):
                    out[i] = row
        return out

    @torch.inference_mode()
    def poses(self, features: Float32s) -> Ints:
        """Codes (N, levels) of single poses, the rows of features (N, 263): each is held over a window, as the authors
        of the T5 system advise, and the window's middle token taken."""
        held = self._normal(held_pose(features))
        parts = [self._model.quantizer.encode(self._held(some)) for some in held.split(_POSES)]
        codes: Ints = torch.cat(parts).numpy()
        return codes

    def _normal(self, features: Float32s) -> Tensor:
        return torch.from_numpy(self._statistics.normalize(features).astype(np.float32))

    def _latents(self, rows: Tensor) -> Tensor:
        """(B, T / 4, code width) of rows (B, T, 263), as 2D convolutions of images one pixel high, which torch computes
        one and a half times as fast as 1D ones."""
        frames = rows.transpose(1, 2).unsqueeze(2)  # (B, C, 1, T), channels last in memory
        latents = []
        for layers, linear, places in self._encoders:
            own = x = frames if len(self._encoders) == 1 else frames[:, places]
            for layer in layers:
                x = _block(layer, x) if isinstance(layer, ResidualBlock) else _pixels(layer, x)
            latents.append(x + _pixels(linear, own))
        return torch.cat(latents, dim=1).squeeze(2).transpose(1, 2)

    def _held(self, rows: Tensor) -> Tensor:
        """(N, code width): the middle latent of each of rows (N, 263) held over POSE_WINDOW frames.

        Since all frames are equal, so are most of the window's columns in every layer, except where padding reaches in
        from the ends. Each distinct column is computed once, and only if the middle depends on it.
        """
        return torch.cat(
            [self._middle(rows[:, places], layers, linear) for layers, linear, places in self._encoders], dim=1
        )

    def _middle(self, rows: Tensor, layers: Sequence[nn.Module], linear: nn.Conv1d) -> Tensor:
        """The same by one encoder, of the features that it sees."""
        length, frames = POSE_WINDOW, _within(POSE_WINDOW, lambda _: rows)
        x = frames
        for layer in layers:
            if isinstance(layer, ResidualBlock):
                inner = self._convolved(layer.conv1, _each(F.relu, x), length)
                x = _sum(x, self._convolved(layer.conv2, _each(F.relu, inner), length))
            elif isinstance(layer, nn.Conv1d):
                length //= layer.stride[0]
                x = self._convolved(layer, x, length)
            else:
                x = _each(F.relu, x)
        middle = _sum(x, self._convolved(linear, frames, length))(length // 2)
        assert middle is not None
        return middle

    def _convolved(self, conv: nn.Conv1d, x: _Columns, length: int) -> _Columns:
        """The convolution's columns; equal columns are the same object, so that comparing ids is enough."""
        known: dict[tuple[tuple[int, ...], ...], Tensor] = {}

        def column(place: int) -> Tensor:
            first = conv.stride[0] * place - int(conv.padding[0])
            taps = defaultdict(list)  # columns -> which of the kernel's weights fall on them
            for k in range(conv.kernel_size[0]):
                if (source := x(first + k * conv.dilation[0])) is not None:
                    taps[source].append(k)
            key = tuple((id(source), *which) for source, which in taps.items())
            if key not in known:
                assert conv.bias is not None
                out = conv.bias.repeat(len(next(iter(taps))), 1)
                for source, which in taps.items():
                    out.addmm_(source, self._weight(conv, tuple(which)))
                known[key] = out
            return known[key]

        return _within(length, column)

    def _weight(self, conv: nn.Conv1d, taps: tuple[int, ...]) -> Tensor:
        """(in, out): the sum of some of a kernel's matrices."""
        if (conv, taps) not in self._weights:
            self._weights[conv, taps] = conv.weight[:, :, list(taps)].sum(dim=2).T.contiguous()
        return self._weights[conv, taps]


def _flat(module: nn.Module) -> Sequence[nn.Module]:
    """The convolutions, activations and residual blocks in order."""
    inside: list[nn.Module] = []
    for child in module.children():
        inside += _flat(child) if isinstance(child, nn.Sequential | ResidualStack) else [child]
    return inside


def _pixels(layer: nn.Module, x: Tensor) -> Tensor:
    if not isinstance(layer, nn.Conv1d):
        return F.relu(x)
    weight = layer.weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)
    padding, stride, dilation = int(layer.padding[0]), layer.stride[0], layer.dilation[0]
    return F.conv2d(x, weight, layer.bias, (1, stride), (0, padding), (1, dilation))


def _block(block: ResidualBlock, x: Tensor) -> Tensor:
    return x + _pixels(block.conv2, F.relu(_pixels(block.conv1, F.relu(x))))


def _within(length: int, column: Callable[[int], Tensor]) -> _Columns:
    return cache(lambda place: column(place) if 0 <= place < length else None)


def _each(function: Callable[[Tensor], Tensor], x: _Columns) -> _Columns:
    """The function applied to every column; equal columns stay the same object."""
    of = cache(function)
    return lambda place: None if (column := x(place)) is None else of(column)


def _sum(x: _Columns, y: _Columns) -> _Columns:
    of = cache(torch.add)
    return lambda place: None if (a := x(place)) is None or (b := y(place)) is None else of(a, b)
