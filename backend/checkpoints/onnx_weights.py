"""The weights of an ONNX graph, read and changed in the bytes of its file: without the package onnx, which Blender
lacks.

A weight may be stored as float32, as float16 behind a Cast, in 8 bits behind a DequantizeLinear (one scale in all, for
each index of an axis, or for each block along it), as the blocks of MatMulNBits, or as those of `blocks`, by the names
that `backend.training.storage` gives them. Changing it keeps the way that it is stored, and with that every size in the
file. Fields are numbered as in
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Float32s
from .blocks import BLOCK, ZERO, divide, join, quantize
from .protobuf import Field, fields, varint

_FLOAT, _UINT8, _INT8, _INT64, _HALF = 1, 2, 3, 7, 10
_TYPES: dict[int, np.dtype[Any]] = {
    _FLOAT: np.dtype("<f4"),
    _UINT8: np.dtype("u1"),
    _INT8: np.dtype("i1"),
    _INT64: np.dtype("<i8"),
    _HALF: np.dtype("<f2"),
}
_SCALES, _SHAPE, _PRODUCT = ":scales", ":shape", ":product"  # after the name of what is packed in blocks
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


@dataclass(frozen=True)
class _Tensor:
    kind: int
    dims: tuple[int, ...]
    start: int
    end: int


@dataclass(frozen=True)
class _Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    ints: Mapping[str, int]


class OnnxWeights:
    """data: the bytes of the file, with the changes."""

    def __init__(self, path: Path) -> None:
        """Raises MotionGPTError ("no_model") for a file that is no graph."""
        try:
            self.data = bytearray(path.read_bytes())
            self._tensors: dict[str, _Tensor] = {}
            self._nodes: list[_Node] = []
            with memoryview(self.data) as view:
                for graph in _messages(view, 0, len(view), 7):
                    self._read_graph(view, graph)
        except (OSError, ValueError) as error:
            raise MotionGPTError(
                f"{path} is no ONNX graph ({error}).", "Install the model again.", "no_model"
            ) from error
        self._from = {output: node for node in self._nodes for output in node.outputs}

    def _read_graph(self, view: memoryview, graph: Field) -> None:
        for field in fields(view, graph.start, graph.end):
            if field.number == 1:
                self._nodes.append(_node(view, field))
            elif field.number == 5:
                name, tensor = _tensor(view, field)
                self._tensors[name] = tensor

    def named(self, prefix: str) -> dict[str, Weight]:
        """The weights whose names begin so, without that beginning."""
        names = [name for name in (*self._tensors, *self._from) if ":" not in name]
        found = ((name, self._constant(name)) for name in names if name.startswith(prefix))
        behind = {i for node in self._nodes if self._is_storage(node) for i in node.inputs}
        return {name.removeprefix(prefix): weight for name, weight in found if weight and name not in behind}

    def matrices(self) -> list[Matrix]:
        """What inputs are multiplied by, in the order of the graph."""
        found = ((node, self._multiplied(node)) for node in self._nodes)
        return [Matrix(node.inputs[0], weight) for node, weight in found if weight]

    def _is_storage(self, node: _Node) -> bool:
        return node.kind in (*_SAME, "DequantizeLinear", "Transpose") and node.inputs[0] in self._tensors

    def _multiplied(self, node: _Node) -> Weight | None:
        if node.kind == "MatMulNBits":
            return self._of_blocks(node)
        if node.kind not in ("MatMul", "Gemm") or (weight := self._constant(node.inputs[1])) is None:
            return None
        return weight if node.ints.get("transB", 0) else weight.transposed

    def _constant(self, name: str) -> Weight | None:
        """The weight of that name; None for what is computed, and for whole numbers."""
        if name + _SCALES in self._tensors:
            return self._packed(name, self._get(name + _SHAPE), 1)
        if name in self._tensors:
            kind = self._tensors[name].kind
            return self._plain(name) if kind in (_FLOAT, _HALF) else None
        node = self._from.get(name)
        if node is None:
            return None
        if node.kind in _SAME:
            return self._constant(node.inputs[0])
        if node.kind == "Transpose" and (weight := self._constant(node.inputs[0])) is not None:
            return weight.transposed
        if node.kind == "DequantizeLinear" and node.inputs[0] in self._tensors:
            return self._of_steps(node)
        return None

    def _get(self, name: str) -> Any:
        """A tensor as an array over the bytes themselves."""
        tensor = self._tensors[name]
        flat = np.frombuffer(self.data, _TYPES[tensor.kind], int(np.prod(tensor.dims, dtype=np.int64)), tensor.start)
        return flat.reshape(tensor.dims)

    def _plain(self, name: str) -> Weight:
        def write(values: Float32s) -> None:
            self._get(name)[...] = values

        return Weight(lambda: self._get(name).astype(np.float32), write)

    def _of_steps(self, node: _Node) -> Weight:
        """Of DequantizeLinear: whole steps of a scale, from a zero point."""
        name, scale_name = node.inputs[:2]
        zero_name = node.inputs[2] if len(node.inputs) > 2 else ""
        axis, block = node.ints.get("axis", 1), node.ints.get("block_size", 0)

        def spread(array: Any) -> Any:
            shape = self._tensors[name].dims
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

    def _of_blocks(self, node: _Node) -> Weight | None:
        """Of MatMulNBits in 8 bits, symmetric: a scale for each block along the input."""
        _, name, scale_name = node.inputs[:3]
        rows, columns, block = node.ints["N"], node.ints["K"], node.ints["block_size"]
        asymmetric = len(node.inputs) > 3 and bool(node.inputs[3])
        if node.ints.get("bits", 4) != 8 or asymmetric:
            return None
        if name.endswith(_PRODUCT):
            return self._packed(name.removesuffix(_PRODUCT), (rows, columns), rows)

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

    def _packed(self, name: str, shape: Sequence[int], rows: int) -> Weight:
        """Of `blocks`, each row of them padded to whole ones."""
        columns = int(np.prod(shape)) // rows
        numbers, low, high = (f"{name}:{part}" for part in ("numbers", "low", "high"))
        bits: Literal[6, 8] = 8 if numbers in self._tensors else 6

        def read() -> Float32s:
            whole = self._get(numbers) if bits == 8 else join(self._get(low), self._get(high))
            steps = whole.reshape(-1, BLOCK).astype(np.float32) - ZERO
            values: Float32s = steps * self._get(name + _SCALES).astype(np.float32)
            return values.reshape(rows, -1)[:, :columns].reshape(shape)

        def write(values: Float32s) -> None:
            padded = np.pad(values.reshape(rows, -1), ((0, 0), (0, -columns % BLOCK)))
            whole, self._get(name + _SCALES)[...] = quantize(padded.reshape(-1, BLOCK), bits)
            if bits == 8:
                self._get(numbers)[...] = whole
            else:
                self._get(low)[...], self._get(high)[...] = divide(whole.ravel())

        return Weight(read, write)


def _messages(view: memoryview, at: int, end: int, number: int) -> list[Field]:
    return [field for field in fields(view, at, end) if field.number == number and field.value is None]


def _text(view: memoryview, field: Field) -> str:
    return bytes(view[field.start : field.end]).decode("utf-8", "replace")


def _node(view: memoryview, message: Field) -> _Node:
    inside = list(fields(view, message.start, message.end))
    names = {number: tuple(_text(view, f) for f in inside if f.number == number) for number in (1, 2, 4)}
    ints = {}
    for attribute in (f for f in inside if f.number == 5):
        held = {f.number: f for f in fields(view, attribute.start, attribute.end)}
        if 1 in held and 3 in held and (value := held[3].value) is not None:
            ints[_text(view, held[1])] = value
    return _Node("".join(names[4]), names[1], names[2], ints)


def _tensor(view: memoryview, message: Field) -> tuple[str, _Tensor]:
    name, kind, dims, start, end = "", 0, list[int](), 0, 0
    for field in fields(view, message.start, message.end):
        match field.number, field.value:
            case 1, None:  # packed
                at = field.start
                while at < field.end:
                    value, at = varint(view, at, field.end)
                    dims.append(value)
            case 1, int(value):
                dims.append(value)
            case 2, int(value):
                kind = value
            case 8, None:
                name = _text(view, field)
            case ((4 | 9), None):  # floats, or raw bytes
                start, end = field.start, field.end
    width = _TYPES[kind].itemsize if kind in _TYPES else 0
    if end - start != width * int(np.prod(dims, dtype=np.int64)):
        kind = 0  # stored in yet another way, or no weight
    return name, _Tensor(kind, tuple(dims), start, end)
