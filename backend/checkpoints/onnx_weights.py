"""The weights of an ONNX graph, read and changed in it.

A weight may be stored as float32, as float16 behind a Cast, in 8 bits behind a DequantizeLinear (one scale in all, for
each index of an axis, or for each block along it), or as the blocks of MatMulNBits; what `backend.training.storage`
packs is unpacked into these first. Changing a weight keeps the way that it is stored.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...retarget.typing import Float32s
from .blocks import ZERO
from .onnx_graph import Node, OnnxGraph, unpack_blocks

_SAME = ("Cast", "Identity")


@dataclass(frozen=True)
class Weight:
    """A constant that a graph computes with. read: its values.  write: puts others of the same shape in their place."""

    read: Callable[[], Float32s]
    write: Callable[[Float32s], None]

    @property
    def transposed(self) -> "Weight":
        """The same, rows for columns."""
        return Weight(lambda: self.read().T, lambda values: self.write(values.T))


@dataclass(frozen=True)
class Matrix:
    """A matrix that a graph multiplies by, (out, in) as in torch. input: the name of what is multiplied."""

    input: str
    weight: Weight


class OnnxWeights:
    """The weights of a graph, which changes with them."""

    def __init__(self, graph: OnnxGraph) -> None:
        unpack_blocks(graph)
        self._graph = graph
        self._from = {output: node for node in graph.nodes for output in node.outputs}

    def named(self, prefix: str) -> dict[str, Weight]:
        """The weights whose names begin so, without that beginning."""
        names = [name for name in (*self._graph.tensors, *self._from) if ":" not in name]
        found = ((name, self._constant(name)) for name in names if name.startswith(prefix))
        behind = {i for node in self._graph.nodes if self._is_storage(node) for i in node.inputs}
        return {name.removeprefix(prefix): weight for name, weight in found if weight and name not in behind}

    def matrices(self) -> list[Matrix]:
        """What inputs are multiplied by, in the order of the graph."""
        found = ((node, self._multiplied(node)) for node in self._graph.nodes)
        return [Matrix(node.inputs[0], weight) for node, weight in found if weight]

    def _is_storage(self, node: Node) -> bool:
        return node.kind in (*_SAME, "DequantizeLinear", "Transpose") and node.inputs[0] in self._graph.tensors

    def _multiplied(self, node: Node) -> Weight | None:
        if node.kind == "MatMulNBits":
            return self._of_blocks(node)
        if node.kind not in ("MatMul", "Gemm") or (weight := self._constant(node.inputs[1])) is None:
            return None
        return weight if node.ints.get("transB", 0) else weight.transposed

    def _constant(self, name: str) -> Weight | None:
        """The weight of that name; None for what is computed, and for whole numbers."""
        if name in self._graph.tensors:
            return self._plain(name) if np.issubdtype(self._get(name).dtype, np.floating) else None
        node = self._from.get(name)
        if node is None:
            return None
        if node.kind in _SAME:
            return self._constant(node.inputs[0])
        if node.kind == "Transpose" and (weight := self._constant(node.inputs[0])) is not None:
            return weight.transposed
        if node.kind == "DequantizeLinear" and node.inputs[0] in self._graph.tensors:
            return self._of_steps(node)
        return None

    def _get(self, name: str) -> Any:
        return self._graph.tensors[name]

    def _plain(self, name: str) -> Weight:
        def write(values: Float32s) -> None:
            self._get(name)[...] = values

        return Weight(lambda: self._get(name).astype(np.float32), write)

    def _of_steps(self, node: Node) -> Weight:
        """Of DequantizeLinear: whole steps of a scale, from a zero point."""
        name, scale_name = node.inputs[:2]
        zero_name = node.inputs[2] if len(node.inputs) > 2 else ""
        axis, block = node.ints.get("axis", 1), node.ints.get("block_size", 0)

        def spread(array: Any) -> Any:
            shape = self._get(name).shape
            if array.ndim == len(shape) and block:
                return np.repeat(array, block, axis=axis)[tuple(slice(n) for n in shape)]
            if array.ndim == 1 and len(array) > 1:
                return array.reshape([-1 if place == axis % len(shape) else 1 for place in range(len(shape))])
            return array

        def zero() -> Any:
            return spread(self._get(zero_name)).astype(np.float32) if zero_name else np.float32(0.0)

        def read() -> Float32s:
            steps = self._get(name).astype(np.float32) - zero()
            out: Float32s = steps * spread(self._get(scale_name)).astype(np.float32)
            return out

        def write(values: Float32s) -> None:
            kept = self._get(name)
            low, high = np.iinfo(kept.dtype).min, np.iinfo(kept.dtype).max
            grown = np.abs(values) / np.maximum(spread(self._get(scale_name)).astype(np.float32), 1e-12)
            self._scale_up(scale_name, grown, min(high, -low) if low else 127, axis, block)
            scale = np.maximum(spread(self._get(scale_name)).astype(np.float32), 1e-12)
            kept[...] = np.clip(np.round(values / scale + zero()), low, high)

        return Weight(read, write)

    def _scale_up(self, name: str, steps: Float32s, most: int, axis: int, block: int) -> None:
        """Make the scales of what takes more steps than there are as much larger. steps: of each value."""
        scale = self._get(name)
        if scale.size == 1:
            scale *= max(1.0, float(steps.max()) / most)
            return
        axis %= steps.ndim
        if block:
            starts = np.arange(0, steps.shape[axis], block)
            largest = np.maximum.reduceat(steps, starts, axis=axis)
        else:
            largest = steps.max(axis=tuple(place for place in range(steps.ndim) if place != axis))
        scale *= np.maximum(1.0, largest.reshape(scale.shape) / most).astype(scale.dtype)

    def _of_blocks(self, node: Node) -> Weight | None:
        """Of MatMulNBits in 8 bits, symmetric: a scale for each block along the input."""
        _, name, scale_name = node.inputs[:3]
        rows, columns, block = node.ints["N"], node.ints["K"], node.ints["block_size"]
        asymmetric = len(node.inputs) > 3 and bool(node.inputs[3])
        if node.ints.get("bits", 4) != 8 or asymmetric:
            return None

        def scales() -> Any:
            return self._get(scale_name).reshape(rows, -1)

        def read() -> Float32s:
            steps = self._get(name).astype(np.float32) - ZERO  # (out, blocks, block)
            values: Float32s = (steps * scales()[..., None].astype(np.float32)).reshape(rows, -1)[:, :columns]
            return values

        def write(values: Float32s) -> None:
            padded = np.pad(values, ((0, 0), (0, -columns % block))).reshape(rows, -1, block)
            scale = np.maximum(np.abs(padded).max(axis=2) / 127.0, 1e-12)
            scales()[...] = scale
            self._get(name)[...] = np.round(padded / scale[..., None]) + ZERO

        return Weight(read, write)
