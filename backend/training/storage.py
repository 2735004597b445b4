"""How a graph's weights are stored: what takes little room in the file and nothing while the graph runs.

Each way is a function that changes a model in place. ONNX Runtime undoes all of them when it loads the graph, by
folding the nodes that depend on constants alone; only the products of `MatMulNBits` stay in 8 bits, which are faster.

`Packed` stores weights in blocks (`backend.checkpoints.blocks`), which `backend.checkpoints.onnx_graph` unpacks sooner
than ONNX Runtime does. Those of a tensor t are the constants t:scales and
t:numbers, or in 6 bits t:low and t:high; t:shape is its shape, but what is multiplied by is t:product, without one.
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
from ..checkpoints.blocks import BLOCK, ZERO, divide, quantize

Storage = Callable[[ModelProto], None]
Bits = Literal[6, 8, 16]

_SMALL = 4096  # elements; tensors up to this size stay float32
_INTEGERS = 4
"""The `accuracy_level` of int8 by int8 products. Without it, weights are converted to floats at every step, which is
ten times as slow."""


def halves(model: ModelProto) -> None:
    """Large float32 constants in float16."""
    _replace(model, {tensor.name: _half(tensor) for tensor in _large(model)})


def eight_bits(model: ModelProto) -> None:
    """The weights of matrix products in 8 bits, all other large constants in float16."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    settings = {"block_size": BLOCK, "is_symmetric": True, "bits": 8, "accuracy_level": _INTEGERS}
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

    def constant(self, value: NDArray[Any], part: str = "") -> str:
        name = f"{self._name}:{part or f'c{len(self.constants)}'}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def op(self, kind: str, *inputs: str, result: str = "", **attributes: Any) -> str:
        name = result or f"{self._name}:n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def reshape(self, value: str, shape: Sequence[int], part: str = "", result: str = "") -> str:
        return self.op("Reshape", value, self.constant(np.array(shape), part), result=result)

    def shift(self, value: str, by: Any, direction: str) -> str:
        return self.op("BitShift", value, self.constant(np.array(by, np.uint8)), direction=direction)

    def blocks(self, blocks: Float32s, bits: int) -> tuple[str, str]:
        """Numbers (n, 64) and scales (n, 1), read from what these blocks (n, 64) are stored as."""
        numbers, scales = quantize(blocks, bits)
        scale = self.op("Cast", self.constant(scales, "scales"), to=TensorProto.FLOAT)
        if bits == 8:
            return self.constant(numbers, "numbers"), scale
        low, high = map(self.constant, divide(numbers.ravel()), ("low", "high"))
        low = self.shift(self.shift(self.shift(low, [[0], [4]], "RIGHT"), 4, "LEFT"), 2, "RIGHT")
        high = self.shift(self.shift(high, [[0], [2], [4], [6]], "RIGHT"), 6, "LEFT")
        whole = self.op("BitwiseOr", self.reshape(low, [-1, BLOCK]), self.reshape(high, [-1, BLOCK]))
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
    blocks = np.pad(weights, ((0, 0), (0, -columns % BLOCK))).reshape(rows, -1, BLOCK)
    numbers, scale = packed.blocks(blocks.reshape(-1, BLOCK), bits)
    inputs = (
        product.input[0],
        packed.reshape(numbers, blocks.shape, result=f"{tensor.name}:product"),
        packed.reshape(scale, [-1]),
    )
    sizes: dict[str, Any] = {"K": columns, "N": rows, "bits": 8, "block_size": BLOCK, "accuracy_level": _INTEGERS}
    product.CopyFrom(helper.make_node("MatMulNBits", inputs, product.output, domain="com.microsoft", **sizes))
    return packed


def _packed_constant(tensor: TensorProto, bits: int) -> _Nodes:
    """Numbers that become the constant when the graph is loaded, in blocks along its elements."""
    flat, packed = numpy_helper.to_array(tensor).ravel(), _Nodes(tensor.name)
    numbers, scale = packed.blocks(np.pad(flat, (0, -len(flat) % BLOCK)).reshape(-1, BLOCK), bits)
    floats = packed.op("Cast", numbers, to=TensorProto.FLOAT)
    centred = packed.op("Sub", floats, packed.constant(np.array(ZERO, np.float32)))
    padded = packed.reshape(packed.op("Mul", centred, scale), [-1])
    ends = (packed.constant(np.array([end])) for end in (0, len(flat)))
    packed.reshape(packed.op("Slice", padded, *ends), list(tensor.dims), "shape", tensor.name)
    return packed


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
