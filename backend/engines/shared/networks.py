"""The language models behind one interface, on ONNX Runtime; `torch_networks` has the same for GPUs.

A network reads a prompt, then takes one token a step for each of B answers at once, and gives hidden states;
`logits` turns these into scores of the tokens asked for, so that the large output matrix is read only as far as it
is needed.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ....retarget.typing import Float32s, Ints
from .runtime import CachedDecoder, Table, open_session

WEIGHTS = "weights.safetensors"


class Network(ABC):
    """A language model with its cache. device: "cpu" or "cuda". precision: "float32", "bfloat16" or "int8"."""

    device: str
    precision: str

    @abstractmethod
    def start(self, prompt: Sequence[int], batch: int) -> Float32s | None:
        """Read a prompt for `batch` answers. The hidden state after it (B, width), or None where a first token is
        due."""

    @abstractmethod
    def step(self, tokens: Sequence[int]) -> Float32s:
        """Take the next token of every answer; the hidden states (B, width)."""

    @abstractmethod
    def logits(self, hidden: Float32s, ids: tuple[int, ...] | None) -> Float32s:
        """Scores (B, len(ids)) of those tokens, or of all."""

    @abstractmethod
    def bytes_per_token(self) -> int:
        """Bytes of weights that a step reads, without the output matrix."""


class _OnnxNetwork(Network):
    device = "cpu"

    def __init__(self, folder: Path, precision: str, head: str) -> None:
        self.precision = precision
        self._suffix = "-int8" if precision == "int8" else ""
        self._folder = folder
        self._head, self._scores = Table(folder / WEIGHTS, head), open_session(folder / "head.onnx")
        self._rows: dict[tuple[int, ...] | None, onnxruntime.OrtValue] = {}

    def logits(self, hidden: Float32s, ids: tuple[int, ...] | None) -> Float32s:
        if ids not in self._rows:
            if len(self._rows) >= 4:  # generation uses one or two sets over and over
                self._rows.clear()
            rows = np.ascontiguousarray(self._head.rows(slice(None) if ids is None else list(ids)).T)
            self._rows[ids] = onnxruntime.OrtValue.ortvalue_from_numpy(rows)
        inputs = {"hidden": onnxruntime.OrtValue.ortvalue_from_numpy(hidden), "rows": self._rows[ids]}
        return np.asarray(self._scores.run_with_ort_values(["scores"], inputs)[0].numpy())

    def bytes_per_token(self) -> int:
        return decoder_bytes(self._folder, self.precision)


class OnnxT5(_OnnxNetwork):
    """shape: the card's `settings["shape"]`."""

    def __init__(self, folder: Path, shape: dict[str, Any], precision: str) -> None:
        super().__init__(folder, precision, "lm_head.weight")
        self._shape = shape
        self._encoder = open_session(folder / f"encoder{self._suffix}.onnx")
        session = open_session(folder / f"decoder{self._suffix}.onnx")
        self._decoder = CachedDecoder(session, shape["heads"], shape["head_width"], shape["decoder_layers"])
        self._bias = {
            side: Table(folder / WEIGHTS, f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight").rows(
                slice(None)
            )
            for side in ("encoder", "decoder")
        }  # each (buckets, heads)
        self._text: dict[str, onnxruntime.OrtValue] = {}
        self._names = [f"text_{p}_{layer}" for layer in range(shape["decoder_layers"]) for p in "kv"]

    def start(self, prompt: Sequence[int], batch: int) -> None:
        place = np.arange(len(prompt))
        inputs = {"ids": np.asarray([prompt], np.int64), "bias": self._bias_of("encoder", place[None] - place[:, None])}
        values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(value) for name, value in inputs.items()}
        found = self._encoder.run_with_ort_values(self._names, values)
        if batch > 1:
            found = [onnxruntime.OrtValue.ortvalue_from_numpy(np.repeat(v.numpy(), batch, axis=0)) for v in found]
        self._text = dict(zip(self._names, found, strict=True))
        self._decoder.reset(batch)

    def step(self, tokens: Sequence[int]) -> Float32s:
        distance = np.arange(self._decoder.length + 1) - self._decoder.length  # (T,), all of the past
        inputs = {
            "ids": np.asarray(tokens, np.int64)[:, None],
            "bias": self._bias_of("decoder", distance[None]),
            **self._text,
        }
        return np.asarray(self._decoder.step(inputs)[:, 0])

    def _bias_of(self, side: str, distance: Ints) -> Float32s:
        """(1, heads, T, S) of distances (T, S) from query to key."""
        buckets = t5_buckets(distance, side == "encoder", self._shape["buckets"], self._shape["max_distance"])
        return np.ascontiguousarray(self._bias[side][buckets].transpose(2, 0, 1)[None])


def t5_buckets(distance: Ints, both_ways: bool, buckets: int, most: int) -> Ints:
    """T5's relative positions: near ones apart, far ones together on a logarithmic scale (Raffel et al. 2020)."""
    offset = np.zeros_like(distance)
    if both_ways:
        buckets //= 2
        offset = np.where(distance > 0, buckets, 0)
        distance = np.abs(distance)
    else:
        distance = np.maximum(-distance, 0)
    exact = buckets // 2
    far = np.log(np.maximum(distance, 1).astype(np.float32) / exact) / math.log(most / exact) * (buckets - exact)
    large = np.minimum(exact + far.astype(np.int64), buckets - 1)
    found: Ints = offset + np.where(distance < exact, distance, large)
    return found


class OnnxLlama(_OnnxNetwork):
    """shape: the card's `settings["shape"]`."""

    def __init__(self, folder: Path, shape: dict[str, Any], precision: str) -> None:
        super().__init__(folder, precision, "lm_head.weight")
        self._half = shape["width"] // shape["heads"] // 2
        session = open_session(folder / f"decoder{self._suffix}.onnx")
        self._decoder = CachedDecoder(session, shape["heads"], 2 * self._half, shape["layers"])

    def start(self, prompt: Sequence[int], batch: int) -> Float32s:
        self._decoder.reset(1)
        hidden = self._forward(np.asarray([prompt], np.int64))
        self._decoder.repeat(batch)
        return np.repeat(hidden, batch, axis=0)

    def step(self, tokens: Sequence[int]) -> Float32s:
        return self._forward(np.asarray(tokens, np.int64)[:, None])

    def _forward(self, ids: Ints) -> Float32s:
        past, count = self._decoder.length, ids.shape[1]
        cos, sin = rotary(np.arange(past, past + count), self._half)
        later = np.arange(past + count)[None] > np.arange(past, past + count)[:, None]
        mask = np.where(later, np.float32(-1e9), np.float32(0))[None, None]
        return np.asarray(self._decoder.step({"ids": ids, "cos": cos, "sin": sin, "mask": mask})[:, -1])


def rotary(positions: Ints, half: int) -> tuple[Float32s, Float32s]:
    """cos and sin (T, half) of LLaMA's rotary embedding (Su et al. 2021), base 10,000."""
    angle = positions[:, None] / 10000.0 ** (np.arange(half) / half)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def decoder_bytes(folder: Path, precision: str) -> int:
    """Bytes of weights that one step of a decoder reads: its matrices, without those that read the prompt."""
    from ...checkpoints.safetensors_file import SafetensorsFile

    file_name = "int8.safetensors" if precision == "int8" else WEIGHTS
    once = ("encoder.", "EncDecAttention.k.", "EncDecAttention.v.", "shared.", "lm_head.", "transformer.wte.")
    with SafetensorsFile(folder / file_name) as file:
        sizes = [info.nbytes for name, info in file.tensors.items() if not any(part in name for part in once)]
    return sum(sizes) // (2 if precision == "bfloat16" else 1)
