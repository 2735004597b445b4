"""The language models of the published systems behind one interface, and its implementation in ONNX Runtime.

A network reads a prompt, then takes one token per step for each of B answers and returns hidden states. `logits`
scores only the tokens asked for, so that no more of the large output matrix is read than needed. `torch_networks`
implements the same by transformers, for GPUs.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnxruntime import OrtValue

from ....retarget.typing import Float32s, Ints
from ...checkpoints.safetensors_file import SafetensorsFile
from ..measured.choice import WORDS
from .runtime import CachedDecoder, Table, open_session

WEIGHTS = "weights.safetensors"
"""File of a model folder: all weights in the checkpoint's precision."""
QUANTIZED = {8: "int8.safetensors", 4: "int4.safetensors"}
"""Files of the quantised matrices, by bits."""
ONNX_PRECISIONS = {"float32": WEIGHTS, "int8": QUANTIZED[8], "int4": QUANTIZED[4]}
"""What ONNX Runtime runs, and the file of the matrices."""
PROBE = "probe"
"""Graph of a decoder's first layers, in the folder of a model that is too large to be loaded for a measurement."""
_KEPT_ROWS = 4
"""Number of cached sets of output rows; a generation uses one or two."""


class Network(ABC):
    """A language model with its key-value cache. device: "cpu" or "cuda".  precision: "float32", "float16", "bfloat16",
    "int8" or "int4".

    shape: the sizes on the model's card, `settings["shape"]`.
    """

    def __init__(self, folder: Path, shape: Mapping[str, Any], device: str, precision: str) -> None:
        self.device, self.precision = device, precision
        self._folder, self._shape = folder, shape
        self._rows: dict[tuple[int, ...] | None, Any] = {}
        self.why = WORDS[precision]
        """The precision, for people; where it was measured, why it was taken."""

    @abstractmethod
    def start(self, prompt: Sequence[int], batch: int) -> Float32s | None:
        """Read a prompt for `batch` answers. Returns the hidden state after it (B, width), or None where the answer
        begins with a start token."""

    @abstractmethod
    def step(self, tokens: Sequence[int]) -> Float32s:
        """Feed each answer its next token; returns hidden states (B, width)."""

    def logits(self, hidden: Float32s, ids: tuple[int, ...] | None) -> Float32s:
        """Logits (B, len(ids)) of the tokens `ids`, or (B, vocabulary) for None."""
        if ids not in self._rows:
            if len(self._rows) >= _KEPT_ROWS:
                self._rows.clear()
            self._rows[ids] = self._output_rows(ids)
        return self._scores(hidden, self._rows[ids])

    @abstractmethod
    def _output_rows(self, ids: tuple[int, ...] | None) -> Any:
        """Rows of the output matrix, in the form that `_scores` takes."""

    @abstractmethod
    def _scores(self, hidden: Float32s, rows: Any) -> Float32s: ...

    def bytes_per_token(self) -> int:
        """Bytes of weights that a step reads, without the output matrix."""
        return decoder_bytes(self._folder, self.precision)


class _OnnxNetwork(Network):
    def __init__(self, folder: Path, shape: Mapping[str, Any], precision: str) -> None:
        super().__init__(folder, shape, "cpu", precision)
        self._suffix = "" if precision == "float32" else f"-{precision}"
        self._output, self._head = Table(folder / WEIGHTS, "lm_head.weight"), open_session(folder / "head.onnx")

    def _output_rows(self, ids: tuple[int, ...] | None) -> OrtValue:
        rows = self._output.rows(slice(None) if ids is None else list(ids))
        return OrtValue.ortvalue_from_numpy(np.ascontiguousarray(rows.T))

    def _scores(self, hidden: Float32s, rows: OrtValue) -> Float32s:
        inputs = {"hidden": OrtValue.ortvalue_from_numpy(hidden), "rows": rows}
        return np.asarray(self._head.run_with_ort_values(["scores"], inputs)[0].numpy())


class OnnxT5(_OnnxNetwork):
    """T5 1.1 in ONNX Runtime."""

    def __init__(self, folder: Path, shape: Mapping[str, Any], precision: str) -> None:
        super().__init__(folder, shape, precision)
        self._encoder = open_session(folder / f"encoder{self._suffix}.onnx")
        session = open_session(folder / f"decoder{self._suffix}.onnx")
        self._decoder = CachedDecoder(session, shape["heads"], shape["head_width"], shape["decoder_layers"])
        self._bias = {
            side: Table(folder / WEIGHTS, t5_bias_name(side)).rows(slice(None)) for side in ("encoder", "decoder")
        }  # each (buckets, heads)
        self._text: dict[str, OrtValue] = {}
        self._text_names = [f"text_{part}_{layer}" for layer in range(shape["decoder_layers"]) for part in "kv"]

    def start(self, prompt: Sequence[int], batch: int) -> None:
        positions = np.arange(len(prompt))
        inputs = {"ids": np.asarray([prompt], np.int64), "bias": self._position_bias("encoder", positions, positions)}
        values = {name: OrtValue.ortvalue_from_numpy(value) for name, value in inputs.items()}
        text = self._encoder.run_with_ort_values(self._text_names, values)
        if batch > 1:
            text = [OrtValue.ortvalue_from_numpy(np.repeat(value.numpy(), batch, axis=0)) for value in text]
        self._text = dict(zip(self._text_names, text, strict=True))
        self._decoder.reset(batch)

    def step(self, tokens: Sequence[int]) -> Float32s:
        past = self._decoder.length
        bias = self._position_bias("decoder", np.array([past]), np.arange(past + 1))
        inputs = {"ids": np.asarray(tokens, np.int64)[:, None], "bias": bias, **self._text}
        return np.asarray(self._decoder.step(inputs)[:, 0])

    def _position_bias(self, side: str, queries: Ints, keys: Ints) -> Float32s:
        """(1, heads, T, S) for queries at positions (T,) and keys at (S,)."""
        buckets = t5_buckets(side, queries, keys, self._shape)
        return np.ascontiguousarray(self._bias[side][buckets].transpose(2, 0, 1)[None])


def t5_bias_name(side: str) -> str:
    """The tensor (buckets, heads) of T5's position biases. side: "encoder" or "decoder"."""
    return f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"


def t5_buckets(side: str, queries: Ints, keys: Ints, shape: Mapping[str, Any]) -> Ints:
    """T5's relative position buckets (T, S) for queries at positions (T,) and keys at (S,) (Raffel et al. 2020).

    Near distances have a bucket each, far ones share buckets on a logarithmic scale; the encoder has separate buckets
    for keys behind the query.

    >>> t5_buckets("decoder", np.array([200]), np.array([0, 150, 190, 199, 200]), {"buckets": 32, "max_distance": 128})
    array([[31, 24, 10,  1,  0]])
    """
    distance, buckets = keys[None] - queries[:, None], shape["buckets"]
    offset = np.zeros_like(distance)
    if side == "encoder":
        buckets //= 2
        offset = np.where(distance > 0, buckets, 0)
        distance = np.abs(distance)
    else:
        distance = np.maximum(-distance, 0)
    exact = buckets // 2
    scale = math.log(shape["max_distance"] / exact)
    far = np.log(np.maximum(distance, 1).astype(np.float32) / exact) / scale * (buckets - exact)
    large = np.minimum(exact + far.astype(np.int64), buckets - 1)
    return np.asarray(offset + np.where(distance < exact, distance, large))


class OnnxLlama(_OnnxNetwork):
    """LLaMA in ONNX Runtime. graph: "decoder", or PROBE for its first layers alone.  layers: how many those are."""

    def __init__(self, folder: Path, shape: Mapping[str, Any], precision: str, graph: str = "decoder") -> None:
        super().__init__(folder, shape, precision)
        self._half = shape["width"] // shape["heads"] // 2
        session = open_session(folder / f"{graph}{self._suffix}.onnx")
        self.layers = sum(output.name.startswith("present_k") for output in session.get_outputs())
        self._decoder = CachedDecoder(session, shape["heads"], 2 * self._half, self.layers)

    def start(self, prompt: Sequence[int], batch: int) -> Float32s:
        self._decoder.reset(1)
        hidden = self._forward(np.asarray([prompt], np.int64))
        self._decoder.repeat(batch)
        return np.repeat(hidden, batch, axis=0)

    def step(self, tokens: Sequence[int]) -> Float32s:
        return self._forward(np.asarray(tokens, np.int64)[:, None])

    def _forward(self, ids: Ints) -> Float32s:
        """Hidden states (B, width) after the last of ids (B, T)."""
        past, count = self._decoder.length, ids.shape[1]
        queries, keys = np.arange(past, past + count), np.arange(past + count)
        cos, sin = rotary(queries, self._half)
        mask = np.where(keys[None] > queries[:, None], np.float32(-1e9), np.float32(0))[None, None]
        return np.asarray(self._decoder.step({"ids": ids, "cos": cos, "sin": sin, "mask": mask})[:, -1])


def rotary(positions: Ints, half: int) -> tuple[Float32s, Float32s]:
    """cos and sin (T, half) of LLaMA's rotary position embedding (Su et al. 2021), base 10,000."""
    angle = positions[:, None] / 10000.0 ** (np.arange(half) / half)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def decoder_bytes(folder: Path, precision: str) -> int:
    """Bytes of weights that one decoding step reads: no embeddings, nor layers that only read the prompt."""
    unread = ("encoder.", "EncDecAttention.k.", "EncDecAttention.v.", "shared.", "lm_head.", "transformer.wte.")
    with SafetensorsFile(folder / ONNX_PRECISIONS.get(precision, WEIGHTS)) as file:
        sizes = [info.nbytes for name, info in file.tensors.items() if not any(part in name for part in unread)]
    return sum(sizes) // (2 if precision in ("bfloat16", "float16") else 1)


ONNX_NETWORKS: dict[str, type[OnnxT5] | type[OnnxLlama]] = {"t5": OnnxT5, "llama": OnnxLlama}
