"""ONNX graphs, read and changed without the package onnx, which Blender lacks.

Fields are numbered as in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. What is not understood is kept as the
bytes that it was.
"""

import functools
import mmap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...retarget.errors import MotionGPTError
from .blocks import BLOCK, floats, join
from .protobuf import Field, fields, header, varint, written

_FLOAT = 1
_INPUT, _OUTPUT = 11, 12  # fields of a graph
_TYPES: dict[int, np.dtype[Any]] = {
    _FLOAT: np.dtype("<f4"),
    2: np.dtype("u1"),
    3: np.dtype("i1"),
    7: np.dtype("<i8"),
    10: np.dtype("<f2"),
}
_KINDS = {dtype: kind for kind, dtype in _TYPES.items()}
_NAMES = (1, 2, 4)  # of a node: its inputs, its outputs, its kind
_SCALES, _SHAPE, _PRODUCT = ":scales", ":shape", ":product"  # after the name of what `training.storage` packs in blocks


@dataclass(frozen=True)
class Node:
    """raw: its bytes."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    raw: bytes = field(repr=False)

    @functools.cached_property
    def ints(self) -> Mapping[str, int]:
        """Its attributes that are whole numbers."""
        found: dict[str, int] = {}
        with memoryview(self.raw) as view:
            for attribute in (one for one in fields(view, 0, len(view)) if one.number == 5):
                held = {one.number: one for one in fields(view, attribute.start, attribute.end)}
                if 1 in held and 3 in held and (value := held[3].value) is not None:
                    found[_text(view, held[1])] = value - (value >> 63 << 64)  # the highest of 64 bits is its sign
        return found


class OnnxGraph:
    """nodes: in an order in which they can be computed.  tensors: constants, which may be written to and replaced."""

    def __init__(self, path: Path) -> None:
        """Raises MotionGPTError ("no_model") for a file that is no graph."""
        self.nodes: list[Node] = []
        self.tensors: dict[str, NDArray[Any]] = {}
        self._ends: dict[tuple[int, str], bytes] = {}  # inputs and outputs, by field and name
        self._else: list[bytes] = []  # of the graph
        try:
            data = bytearray(path.read_bytes())
            view = memoryview(data)
            model = list(fields(view, 0, len(view)))
            self._model = [_again(view, one) for one in model if one.number != 7]
            for graph in (one for one in model if one.number == 7 and one.value is None):
                self._read(view, graph)
        except (OSError, ValueError) as error:
            raise MotionGPTError(
                f"{path} is no ONNX graph ({error}).", "Install the model again.", "no_model"
            ) from error

    def _read(self, view: memoryview, graph: Field) -> None:
        for one in fields(view, graph.start, graph.end):
            if one.number == 1:
                self.nodes.append(_node(view, one))
            elif one.number == 5 and (found := _tensor(view, one)) is not None:
                self.tensors[found[0]] = found[1]
            elif one.number in (_INPUT, _OUTPUT):
                name = "".join(_text(view, f) for f in fields(view, one.start, one.end) if f.number == 1)
                self._ends[one.number, name] = bytes(view[one.start : one.end])
            else:
                self._else.append(_again(view, one))

    @property
    def data(self) -> bytes:
        """The graph as the bytes of a file."""
        parts = [written(1, node.raw) for node in self.nodes]
        for name, values in self.tensors.items():
            parts += _tensor_parts(name, values)
        parts += [*(written(number, held) for (number, _), held in self._ends.items()), *self._else]
        return b"".join([*self._model, header(7, sum(map(len, parts))), *parts])

    def uses(self, name: str) -> list[Node]:
        """The nodes that take a value."""
        return [node for node in self.nodes if name in node.inputs]

    def source(self, name: str) -> Node | None:
        """The node that a value comes from."""
        return next((node for node in self.nodes if name in node.outputs), None)

    def free(self, name: str, rank: int) -> None:
        """Let an output of floats be of any size along each of its axes, whatever others are."""
        sizes = b"".join(written(1, written(2, f"{name}_{axis}")) for axis in range(rank))
        kind = written(1, written(1, _FLOAT) + written(2, sizes))
        self._ends[_OUTPUT, name] = written(1, name) + written(2, kind)


def unpack_blocks(graph: OnnxGraph) -> None:
    """Put weights in the place of what `training.storage` packed: floats, or where `MatMulNBits` multiplies by them,
    its own blocks of 8 bits. ONNX Runtime would come to the same, node by node, in five times the time."""
    products = {node.inputs[1]: node for node in graph.nodes if node.kind == "MatMulNBits"}
    packed = [name.removesuffix(_SCALES) for name in graph.tensors if name.endswith(_SCALES)]
    unpacked: dict[str, NDArray[Any]] = {}
    for name in packed:
        held = {part: graph.tensors.get(f"{name}:{part}") for part in ("numbers", "low", "high")}
        scales = graph.tensors[name + _SCALES]
        low, high = held["low"], held["high"]
        numbers = join(low, high) if low is not None and high is not None else held["numbers"]
        assert numbers is not None
        if (node := products.get(name + _PRODUCT)) is not None:
            unpacked[node.inputs[1]] = numbers.reshape(node.ints["N"], -1, BLOCK)
            unpacked[node.inputs[2]] = scales.astype(np.float32).ravel()
        else:
            shape = graph.tensors[name + _SHAPE]
            unpacked[name] = floats(numbers, scales).ravel()[: int(np.prod(shape))].reshape(shape)
    gone = set(packed)

    def is_left(name: str) -> bool:
        return name not in gone and name.rpartition(":")[0] not in gone

    graph.nodes = [node for node in graph.nodes if is_left(node.outputs[0])]
    graph.tensors = {name: values for name, values in graph.tensors.items() if is_left(name)} | unpacked


def has_blocks(path: Path) -> bool:
    """Whether a graph may hold weights that `unpack_blocks` unpacks."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        return mapped.find(_SCALES.encode()) >= 0


def _again(view: memoryview, one: Field) -> bytes:
    """A field as it was, in bytes."""
    return written(one.number, bytes(view[one.start : one.end]) if one.value is None else one.value)


def _text(view: memoryview, one: Field) -> str:
    return bytes(view[one.start : one.end]).decode("utf-8", "replace")


def _node(view: memoryview, message: Field) -> Node:
    inside = [
        (one.number, _text(view, one)) for one in fields(view, message.start, message.end) if one.number in _NAMES
    ]
    inputs, outputs, kinds = (tuple(text for number, text in inside if number == wanted) for wanted in _NAMES)
    return Node("".join(kinds), inputs, outputs, bytes(view[message.start : message.end]))


def _tensor(view: memoryview, message: Field) -> tuple[str, NDArray[Any]] | None:
    """Its name, and its values as an array over the bytes themselves; None if they are stored in a way of which nothing
    is known."""
    name, kind, dims, start, end = "", 0, list[int](), 0, 0
    for one in fields(view, message.start, message.end):
        match one.number, one.value:
            case 1, None:  # packed
                at = one.start
                while at < one.end:
                    value, at = varint(view, at, one.end)
                    dims.append(value)
            case 1, int(value):
                dims.append(value)
            case 2, int(value):
                kind = value
            case 8, None:
                name = _text(view, one)
            case ((4 | 9), None):  # floats, or raw bytes
                start, end = one.start, one.end
    if kind not in _TYPES or end - start != _TYPES[kind].itemsize * int(np.prod(dims, dtype=np.int64)):
        return None
    return name, np.frombuffer(view[start:end], _TYPES[kind]).reshape(dims)


def _tensor_parts(name: str, values: NDArray[Any]) -> list[bytes]:
    """The field of a tensor, in pieces: large ones would be copied with every join."""
    sizes = b"".join(written(1, size) for size in values.shape)
    held = values.tobytes()
    head = sizes + written(2, _KINDS[values.dtype]) + written(8, name) + header(9, len(held))
    return [header(5, len(head) + len(held)), head, held]
