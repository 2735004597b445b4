"""Building ONNX graphs whose weights stay in the safetensors files that the graph points into.

The weight of a linear layer is stored in one of two forms: as published, (out, in) in float16, bfloat16 or float32; or
quantised, see `quantization`. Graphs compute in float32.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from ..checkpoints.safetensors_file import SafetensorsFile
from ..checkpoints.tensors import Dtype
from .quantization import fused_name

OPSET = 21
_TYPES: dict[Dtype, int] = {
    "F32": TensorProto.FLOAT,
    "F16": TensorProto.FLOAT16,
    "BF16": TensorProto.BFLOAT16,
    "U8": TensorProto.UINT8,
}


class OnnxBuilder:
    """Builds one ONNX graph. Values are referred to by name; methods that add nodes return their outputs' names."""

    def __init__(self, weights: Mapping[str, SafetensorsFile]) -> None:
        """weights: file name -> safetensors file, searched in order for a tensor."""
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._names: dict[str, str] = {}
        self._initializers: dict[str, onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[int | str], kind: int = TensorProto.FLOAT) -> str:
        """Declare an input; a size given as a string is dynamic."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def output(self, value: str, name: str, shape: Sequence[int | str]) -> None:
        """Make a value an output. It is renamed when the graph is saved: an Identity node would cost time."""
        self._names[value] = name
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node with several outputs."""
        names = [f"{kind}_{len(self._nodes)}_{i}" for i in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """A small constant."""
        array = np.asarray(value, dtype)
        name = f"constant_{array.dtype}_{array.tolist()}"
        if name not in self._initializers:
            self._initializers[name] = onnx.numpy_helper.from_array(array, name)
        return name

    def shape(self, *sizes: int) -> str:
        """A shape for Reshape: 0 keeps a size, -1 is inferred."""
        return self.constant(sizes, np.int64)

    def stored(self, name: str) -> str:
        """A tensor of the weight files in its stored dtype."""
        if name not in self._initializers:
            file_name, file = next((n, f) for n, f in self._weights.items() if name in f.tensors)
            info = file.tensors[name]
            tensor = onnx.TensorProto(name=name, data_type=_TYPES[info.dtype], dims=info.shape)
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
        """x (..., in) times the transpose of a weight (out, in)."""
        quantized = self._quantized(name)
        if quantized is None:
            return self.op("MatMul", x, self.op("Transpose", self.weight(name), perm=[1, 0]))
        bits, (rows, blocks, size) = quantized
        block = size * 8 // bits
        parts = ("int8", "scale") if bits == 8 else ("int4", "scale", "zero")
        inputs = (x, *(self.stored(f"{name}.{part}") for part in parts))
        sizes = {"K": blocks * block, "N": rows, "bits": bits, "block_size": block}
        return self.op("MatMulNBits", *inputs, domain="com.microsoft", **sizes, accuracy_level=4)

    def linears(self, x: str, names: Sequence[str]) -> list[str]:
        """`linear` with each of several weights of one shape; a single product where they are stored fused."""
        fused = fused_name(names)
        if self._quantized(fused) is None:
            return [self.linear(x, name) for name in names]
        return self.ops("Split", self.linear(x, fused), outputs=len(names), axis=-1, num_outputs=len(names))

    def _quantized(self, name: str) -> tuple[int, tuple[int, ...]] | None:
        """Bits and shape of the integers of a quantised weight, if it has any."""
        for bits in (8, 4):
            for file in self._weights.values():
                if (info := file.tensors.get(f"{name}.int{bits}")) is not None:
                    return bits, info.shape
        return None

    def rms_norm(self, x: str, name: str, epsilon: float) -> str:
        """RMS normalisation over the last axis, as in T5 and LLaMA, times a weight."""
        # ONNX Runtime's own operator: ONNX's RMSNormalization needs a newer opset, for which 1.23 has no fused kernel.
        return self.op("SimplifiedLayerNormalization", x, self.weight(name), axis=-1, epsilon=epsilon, stash_type=1)

    def attention(
        self, q: str, k: str, v: str, heads: int, scale: float, bias: str = "", past: Sequence[str] = ()
    ) -> tuple[str, list[str]]:
        """Multi-head attention in one operator. q: (B, T, heads * width).  k, v: like q, or (B, heads, S, width).

        bias: (1, heads, T, P + T), added to the scores.  past: cached keys and values (B, heads, P, width).
        Returns (B, T, heads * width), and the keys and values with the new ones appended.
        """
        inputs = [q, k, v, "", "", bias, *past] if past else [q, k, v, "", "", bias] if bias else [q, k, v]
        options: dict[str, Any] = {"domain": "com.microsoft", "num_heads": heads, "scale": scale}
        mixed, *present = self.ops("MultiHeadAttention", *inputs, outputs=3 if past else 1, **options)
        return mixed, present

    def heads(self, x: str, count: int, width: int) -> str:
        """(B, T, heads * width) -> (B, heads, T, width)."""
        return self.op("Transpose", self.op("Reshape", x, self.shape(0, -1, count, width)), perm=[0, 2, 1, 3])

    def masked_attention(self, q: str, k: str, v: str, mask: str, scale: float) -> str:
        """Attention in basic operators, (B, heads, T, width) -> (B, T, heads * width). mask: added to the scores."""
        scores = self.op("MatMul", q, self.op("Transpose", k, perm=[0, 1, 3, 2]))
        scores = self.op("Add", self.op("Mul", scores, self.constant(scale)), mask)
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
