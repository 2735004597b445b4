"""How a graph's weights are stored: what takes little room in the file and nothing while the graph runs.

Each way is a function that changes a model in place. ONNX Runtime undoes all of them when it loads the graph, by
folding the nodes that depend on constants alone; only the products of `MatMulNBits` stay in 8 bits, which are faster.

`Packed` stores blocks of 64 weights as numbers of 8 bits, or of the highest 6 of them, around 128, and a scale in
float16: w = (number - 128) * scale. Numbers of 6 bits are divided over two arrays, bits 2 to 5 of two numbers in a byte
of the one, bits 6 and 7 of four numbers in a byte of the other.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Float32s

Storage = Callable[[ModelProto], None]
Bits = Literal[6, 8, 16]

_BLOCK = 64
_SMALL = 4096  # elements; tensors up to this size stay float32
_ZERO = 128
_LEAST = 2.0**-20  # scale: far below, float16 has no more numbers
_INTEGERS = 4
"""The `accuracy_level` of int8 by int8 products. Without it, weights are converted to floats at every step, which is
ten times as slow."""
_SHRUNK = np.linspace(0.7, 1.0, 13)
"""Scales that are tried for a block: of less than its largest weight, which is then clipped, all others are finer."""

_Numbers = NDArray[np.uint8]


def halves(model: ModelProto) -> None:
    """Large float32 constants in float16."""
    _replace(model, {tensor.name: _half(tensor) for tensor in _large(model)})


def eight_bits(model: ModelProto) -> None:
    """The weights of matrix products in 8 bits, all other large constants in float16."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    settings = {"block_size": _BLOCK, "is_symmetric": True, "bits": 8, "accuracy_level": _INTEGERS}
    quantizer = MatMulNBitsQuantizer(model, **settings)
    quantizer.process()
    model.CopyFrom(quantizer.model.model)
    halves(model)


@dataclass(frozen=True)
class Packed:
    """Large constants in blocks of numbers. bits: 8 or 6.  but: other bits, or 16 for float16, for constants with this
    in their names."""

    bits: Bits
    but: Mapping[str, Bits] = field(default_factory=dict)

    def __call__(self, model: ModelProto) -> None:
        """Raises MotionGPTError for weights that are not finite."""
        if not any(used.domain == "com.microsoft" for used in model.opset_import):
            model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
        products = {node.input[1]: node for node in model.graph.node if node.op_type == "MatMul"}
        uses = Counter(name for node in model.graph.node for name in node.input)
        packed: dict[str, _Nodes] = {}
        for tensor in _large(model):
            if not np.isfinite(numpy_helper.to_array(tensor)).all():
                raise MotionGPTError(f"The weights {tensor.name} are not finite.", "Train with a lower rate.")
            bits = next((bits for part, bits in self.but.items() if part in tensor.name), self.bits)
            if bits == 16:
                packed[tensor.name] = _half(tensor)
            elif tensor.name in products and uses[tensor.name] == 1 and len(tensor.dims) == 2:
                packed[tensor.name] = _packed_product(tensor, products[tensor.name], bits)
            else:
                packed[tensor.name] = _packed_constant(tensor, bits)
        _replace(model, packed)


class _Nodes:
    """The constants and nodes that stand for one tensor, named after it."""

    def __init__(self, name: str) -> None:
        self._name, self.constants, self.nodes = name, list[TensorProto](), list[NodeProto]()

    def constant(self, value: NDArray[Any]) -> str:
        name = f"{self._name}:c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def op(self, kind: str, *inputs: str, result: str = "", **attributes: Any) -> str:
        name = result or f"{self._name}:n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def reshape(self, value: str, shape: Sequence[int], result: str = "") -> str:
        return self.op("Reshape", value, self.constant(np.array(shape)), result=result)

    def shift(self, value: str, by: Any, direction: str) -> str:
        return self.op("BitShift", value, self.constant(np.array(by, np.uint8)), direction=direction)

    def blocks(self, blocks: Float32s, bits: int) -> tuple[str, str]:
        """Numbers (n, 64) and scales (n, 1), read from what these blocks (n, 64) are stored as."""
        numbers, scales = quantize(blocks, bits)
        scale = self.op("Cast", self.constant(scales), to=TensorProto.FLOAT)
        if bits == 8:
            return self.constant(numbers), scale
        low, high = (self.constant(part) for part in divide(numbers.ravel()))
        low = self.shift(self.shift(self.shift(low, [[0], [4]], "RIGHT"), 4, "LEFT"), 2, "RIGHT")
        high = self.shift(self.shift(high, [[0], [2], [4], [6]], "RIGHT"), 6, "LEFT")
        whole = self.op("BitwiseOr", self.reshape(low, [-1, _BLOCK]), self.reshape(high, [-1, _BLOCK]))
        return whole, scale


def _half(tensor: TensorProto) -> _Nodes:
    half = _Nodes(tensor.name)
    value = half.constant(numpy_helper.to_array(tensor).astype(np.float16))
    half.op("Cast", value, result=tensor.name, to=TensorProto.FLOAT)
    return half


def _packed_product(tensor: TensorProto, product: NodeProto, bits: int) -> _Nodes:
    """Numbers that `MatMulNBits` multiplies as they are, in blocks along the inputs."""
    weights, packed = numpy_helper.to_array(tensor).T, _Nodes(tensor.name)
    rows, columns = weights.shape
    blocks = np.pad(weights, ((0, 0), (0, -columns % _BLOCK))).reshape(rows, -1, _BLOCK)
    numbers, scale = packed.blocks(blocks.reshape(-1, _BLOCK), bits)
    inputs = (product.input[0], packed.reshape(numbers, blocks.shape), packed.reshape(scale, [-1]))
    sizes: dict[str, Any] = {"K": columns, "N": rows, "bits": 8, "block_size": _BLOCK, "accuracy_level": _INTEGERS}
    product.CopyFrom(helper.make_node("MatMulNBits", inputs, product.output, domain="com.microsoft", **sizes))
    return packed


def _packed_constant(tensor: TensorProto, bits: int) -> _Nodes:
    """Numbers that become the constant when the graph is loaded, in blocks along its elements."""
    flat, packed = numpy_helper.to_array(tensor).ravel(), _Nodes(tensor.name)
    numbers, scale = packed.blocks(np.pad(flat, (0, -len(flat) % _BLOCK)).reshape(-1, _BLOCK), bits)
    floats = packed.op("Cast", numbers, to=TensorProto.FLOAT)
    centred = packed.op("Sub", floats, packed.constant(np.array(_ZERO, np.float32)))
    padded = packed.reshape(packed.op("Mul", centred, scale), [-1])
    ends = (packed.constant(np.array([end])) for end in (0, len(flat)))
    packed.reshape(packed.op("Slice", padded, *ends), list(tensor.dims), result=tensor.name)
    return packed


def quantize(blocks: Float32s, bits: int) -> tuple[_Numbers, NDArray[np.float16]]:
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
    return (found * step + _ZERO).astype(np.uint8), scales


def divide(numbers: _Numbers) -> tuple[_Numbers, _Numbers]:
    """Bits 2 to 5 of numbers (n,) in n / 2 bytes, and bits 6 and 7 in n / 4.

    >>> low, high = divide(np.array([4, 8, 64, 192], np.uint8))
    >>> [f"{byte:08b}" for byte in (*low, *high)]
    ['00000001', '00000010', '11010000']
    """
    low, high = (numbers >> 2 & 15).reshape(2, -1), (numbers >> 6).reshape(4, -1)
    return low[0] | low[1] << 4, high[0] | high[1] << 2 | high[2] << 4 | high[3] << 6


def _large(model: ModelProto) -> list[TensorProto]:
    return [t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT and np.prod(t.dims) > _SMALL]


def _replace(model: ModelProto, packed: Mapping[str, _Nodes]) -> None:
    """Put constants and nodes in the place of the constants of these names."""
    graph = model.graph
    kept = [tensor for tensor in graph.initializer if tensor.name not in packed]
    constants = [constant for nodes in packed.values() for constant in nodes.constants]
    ordered = [*(node for nodes in packed.values() for node in nodes.nodes), *graph.node]
    del graph.initializer[:], graph.node[:], graph.value_info[:]
    graph.initializer.extend([*kept, *constants])
    graph.node.extend(ordered)
