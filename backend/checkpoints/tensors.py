"""What the readers and writers of weights share: types, shapes, bfloat16, and one interface over all files."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from ...retarget.typing import Float32s, Numbers

Dtype = Literal["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"]
DTYPES: dict[Dtype, "np.dtype[Any]"] = {
    "F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2"),
    "I64": np.dtype("<i8"), "I32": np.dtype("<i4"), "I16": np.dtype("<i2"), "I8": np.dtype("i1"),
    "U8": np.dtype("u1"), "BOOL": np.dtype("?"),
}  # fmt: skip
"""safetensors' names -> how numpy holds them; it has no bfloat16, whose bits are kept as uint16."""
PIECE_BYTES = 16 * 1024 * 1024
"""How much is read at a time."""


@dataclass(frozen=True)
class TensorInfo:
    """A tensor before it is read."""

    dtype: Dtype
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * DTYPES[self.dtype].itemsize


class TensorSource(Protocol):
    """Weights in a file: described at once, read one at a time."""

    tensors: dict[str, TensorInfo]

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]: ...

    def read(self, name: str) -> Numbers: ...


class Renamed:
    """Another file's tensors under other names. names: new name -> old."""

    def __init__(self, source: TensorSource, names: Mapping[str, str]) -> None:
        self._source, self._names = source, names
        self.tensors = {new: source.tensors[old] for new, old in names.items()}

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        """As `TorchFile.pieces`."""
        return self._source.pieces(self._names[name], size)

    def read(self, name: str) -> Numbers:
        """As `TorchFile.read`."""
        return self._source.read(self._names[name])


def below(source: TensorSource, prefix: str) -> Renamed:
    """The tensors whose names start with `prefix`, without it."""
    return Renamed(source, {name.removeprefix(prefix): name for name in source.tensors if name.startswith(prefix)})


def to_float32(values: Numbers, dtype: Dtype) -> Float32s:
    """Stored numbers as float32."""
    if dtype == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32)


def from_float32(values: Float32s, dtype: Dtype) -> Numbers:
    """float32 numbers as they are stored, rounded to nearest."""
    if dtype == "BF16":
        bits = values.view(np.uint32)
        rounded: Numbers = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
        return rounded
    return values.astype(DTYPES[dtype])


def read_float32(source: TensorSource, name: str) -> Float32s:
    """One tensor as float32, whole."""
    return to_float32(source.read(name), source.tensors[name].dtype)


PieceMaker = Callable[[], Iterator[bytes]]
