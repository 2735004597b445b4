"""Building ONNX graphs by hand, their weights left where they are: in safetensors files that the graph points into.

A linear layer's weight comes in one of two forms: as published, (out, in) in float16, bfloat16 or float32; or as
eight-bit integers in blocks of 64 or 32 along the input with a float32 scale a block, which ONNX Runtime multiplies
directly (MatMulNBits, com.microsoft). Graphs compute in float32.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from ...retarget.typing import Float32s, Numbers
from ..checkpoints.safetensors_file import SafetensorsFile
from ..checkpoints.tensors import DTYPES, Dtype, TensorInfo, TensorSource, to_float32

OPSET = 21
BLOCKS = (64, 32)
"""Sizes of blocks, the first that divides a weight's input is taken. Of 32 only, a T5's scores move by 3.2 % instead of
3.5 %, and a token takes 6 % longer; of 128 only, by 4.1 %, and 4 % less long."""
ZERO = 128
"""Eight-bit weights are stored unsigned; this is their zero."""
_TYPES: dict[Dtype, int] = {
    "F32": TensorProto.FLOAT, "F16": TensorProto.FLOAT16, "BF16": TensorProto.BFLOAT16, "U8": TensorProto.UINT8,
}  # fmt: skip


def joined_name(names: Sequence[str]) -> str:
    """What several weights are called that are stored as one, the rows of each below those of the one before."""
    return "+".join(names)


def is_blocked(shape: Sequence[int]) -> bool:
    """Whether a weight (out, in) can be stored in blocks."""
    return len(shape) == 2 and shape[1] % BLOCKS[-1] == 0


def block_of(columns: int) -> int:
    """The size of blocks of a weight with so many inputs."""
    return next(block for block in BLOCKS if columns % block == 0)


def blocked_infos(name: str, shape: Sequence[int]) -> dict[str, TensorInfo]:
    """What the eight-bit form of a weight (out, in) consists of."""
    rows, columns = shape
    block = block_of(columns)
    return {
        f"{name}.int8": TensorInfo("U8", (rows, columns // block, block)),
        f"{name}.scale": TensorInfo("F32", (rows, columns // block)),
    }


def to_blocks(weight: Float32s) -> tuple[NDArray[np.uint8], Float32s]:
    """Weight (out, in) as integers (out, in / b, b) and scales (out, in / b): w = (integer - 128) * scale."""
    blocks = weight.reshape(weight.shape[0], -1, block_of(weight.shape[1]))  # (out, in / b, b)
    scale = np.abs(blocks).max(axis=2) / 127.0
    whole = np.rint(blocks / np.maximum(scale, 1e-30)[..., None])
    return (whole + ZERO).astype(np.uint8), scale.astype(np.float32)


def stream_blocks(source: TensorSource, name: str, rows: int) -> Iterator[tuple[Numbers, Numbers]]:
    """The eight-bit form of a stored weight, `rows` of it at a time."""
    info = source.tensors[name]
    for piece in source.pieces(name, info.nbytes // info.shape[0] * rows):
        values = np.frombuffer(piece, DTYPES[info.dtype])
        yield to_blocks(to_float32(values, info.dtype).reshape(-1, info.shape[1]))


class Graph:
    """One ONNX graph in the making. Values are known by their names, which the methods return."""

    def __init__(self, weights: Mapping[str, SafetensorsFile]) -> None:
        """weights: file name -> safetensors file; a tensor is looked for in each."""
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._names: dict[str, str] = {}
        self._initializers: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[int | str], kind: int = TensorProto.FLOAT) -> str:
        """Declare an input; words in its shape are sizes that vary."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def output(self, value: str, name: str, shape: Sequence[int | str]) -> None:
        """Give a value out under that name, which in the end replaces its own: a node that copies it takes time."""
        self._names[value] = name
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """One node with one output."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """One node with several outputs."""
        names = [f"{kind}_{len(self._nodes)}_{i}" for i in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """A small number or array."""
        array = np.asarray(value, dtype)
        name = f"constant_{array.dtype}_{array.tolist()}"
        if name not in self._initializers:
            self._initializers[name] = onnx.numpy_helper.from_array(array, name)
        return name

    def shape(self, *sizes: int) -> str:
        """A shape for Reshape; 0 keeps a size, -1 is worked out."""
        return self.constant(sizes, np.int64)

    def stored(self, name: str, shape: Sequence[int] | None = None) -> str:
        """A tensor of the weight files as it is stored. shape: another view of it."""
        if name not in self._initializers:
            file_name, file = next((n, f) for n, f in self._weights.items() if name in f.tensors)
            info = file.tensors[name]
            tensor = onnx.TensorProto(name=name, data_type=_TYPES[info.dtype], dims=shape or info.shape)
            tensor.data_location = TensorProto.EXTERNAL
            for key, value in (("location", file_name), ("offset", file.offsets[name]), ("length", info.nbytes)):
                tensor.external_data.add(key=key, value=str(value))
            self._initializers[name] = tensor
        return name

    def weight(self, name: str) -> str:
        """A tensor of the weight files as float32."""
        stored = self.stored(name)
        is_float = self._initializers[name].data_type == TensorProto.FLOAT
        return stored if is_float else self.op("Cast", stored, to=TensorProto.FLOAT)

    def linear(self, x: str, name: str) -> str:
        """x (..., in) times the weight (out, in), transposed."""
        blocked = self._blocked(name)
        if blocked is None:
            return self.op("MatMul", x, self.op("Transpose", self.weight(name), perm=[1, 0]))
        rows, blocks, width = blocked.shape
        return self.op(
            "MatMulNBits", x, self.stored(f"{name}.int8"), self.stored(f"{name}.scale"), domain="com.microsoft",
            K=blocks * width, N=rows, bits=8, block_size=width, accuracy_level=4,
        )  # fmt: skip

    def linears(self, x: str, names: Sequence[str]) -> list[str]:
        """x times each of several weights of the same shape; in one product where they are stored joined."""
        joined = joined_name(names)
        if self._blocked(joined) is None:
            return [self.linear(x, name) for name in names]
        return self.ops("Split", self.linear(x, joined), outputs=len(names), axis=-1, num_outputs=len(names))

    def _blocked(self, name: str) -> TensorInfo | None:
        """The eight-bit form of a weight, where there is one."""
        name = f"{name}.int8"
        return next((file.tensors[name] for file in self._weights.values() if name in file.tensors), None)

    def rms_norm(self, x: str, name: str, epsilon: float) -> str:
        """x over the root mean square of its last axis, times a weight (T5's and LLaMA's normalisation)."""
        # ONNX Runtime's own, older than ONNX's RMSNormalization, which needs an opset that 1.23 runs in steps.
        return self.op("SimplifiedLayerNormalization", x, self.weight(name), axis=-1, epsilon=epsilon, stash_type=1)

    def attention(
        self, q: str, k: str, v: str, heads: int, scale: float, bias: str = "", past: Sequence[str] = ()
    ) -> tuple[str, list[str]]:
        """Attention of q (B, T, heads * width) on k and v of the same form, or (B, heads, S, width).

        bias: (1, heads, T, all keys), added to the scores.  past: earlier keys and values (B, heads, P, width).
        Returns (B, T, heads * width), and keys and values up to now.
        """
        inputs = [q, k, v, "", "", bias, *past] if past else [q, k, v, "", "", bias] if bias else [q, k, v]
        mixed, *present = self.ops(
            "MultiHeadAttention", *inputs, outputs=3 if past else 1, domain="com.microsoft", num_heads=heads,
            scale=scale,
        )  # fmt: skip
        return mixed, present

    def heads(self, x: str, count: int, width: int) -> str:
        """(B, T, heads * width) -> (B, heads, T, width)."""
        return self.op("Transpose", self.op("Reshape", x, self.shape(0, -1, count, width)), perm=[0, 2, 1, 3])

    def attend(self, q: str, k: str, v: str, bias: str | None, scale: float = 1.0) -> str:
        """Attention of (B, heads, T, width) -> (B, T, heads * width). bias: added to the scores."""
        scores = self.op("MatMul", q, self.op("Transpose", k, perm=[0, 1, 3, 2]))
        if scale != 1.0:
            scores = self.op("Mul", scores, self.constant(scale))
        if bias is not None:
            scores = self.op("Add", scores, bias)
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), v)
        return self.op("Reshape", self.op("Transpose", mixed, perm=[0, 2, 1, 3]), self.shape(0, 0, -1))

    def save(self, path: Path) -> None:
        """Write the graph beside its weight files."""
        for node in self._nodes:
            for names in (node.input, node.output):
                names[:] = [self._names.get(name, name) for name in names]
        graph = helper.make_graph(
            self._nodes, path.stem, self._inputs, self._outputs, list(self._initializers.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
        path.write_bytes(model.SerializeToString())
