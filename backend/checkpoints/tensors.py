"""What the readers and writers of weights share: dtypes, shapes, bfloat16, and one interface over all files."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from ...retarget.typing import Float32s, Numbers

Dtype = Literal["F64", "F32", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL"]
DTYPES: dict[Dtype, "np.dtype[Any]"] = {
    "F64": np.dtype("<f8"), "F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2"),
    "I64": np.dtype("<i8"), "I32": np.dtype("<i4"), "I16": np.dtype("<i2"), "I8": np.dtype("i1"),
    "U8": np.dtype("u1"), "BOOL": np.dtype("?"),
}  # fmt: skip
"""safetensors' dtype names -> numpy's dtypes. numpy has no bfloat16: its bits are held as uint16."""
PIECE_BYTES = 16 * 1024 * 1024
"""How much is read at a time."""
MAX_COUNT = 1 << 63
"""The most numbers along an axis, or bytes of a file, that are believed."""
MAX_AXES = 8


@dataclass(frozen=True)
class TensorInfo:
    """What is known of a tensor before it is read."""

    dtype: Dtype
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * DTYPES[self.dtype].itemsize


class TensorSource(ABC):
    """Named tensors: all described up front, each read on demand."""

    tensors: dict[str, TensorInfo]

    @abstractmethod
    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        """A tensor's bytes in row-major order, about `size` at a time."""

    def read(self, name: str) -> Numbers:
        """A tensor as an array of its stored dtype; bfloat16 as uint16 (see `to_float32`)."""
        info = self.tensors[name]
        data, start = bytearray(info.nbytes), 0
        for piece in self.pieces(name):
            data[start : start + len(piece)] = piece
            start += len(piece)
        return np.frombuffer(data, DTYPES[info.dtype]).reshape(info.shape)

    def rows(self, name: str, count: int) -> Iterator[Float32s]:
        """A matrix as float32, `count` rows at a time."""
        info = self.tensors[name]
        for piece in self.pieces(name, info.nbytes // info.shape[0] * count):
            yield to_float32(np.frombuffer(piece, DTYPES[info.dtype]), info.dtype).reshape(-1, info.shape[1])

    def read_float32(self, name: str) -> Float32s:
        """A tensor as float32."""
        return to_float32(self.read(name), self.tensors[name].dtype)


class TensorFile(TensorSource):
    """Tensors of an open file, which `close` or the end of a `with` block closes."""

    path: Path
    _file: Any

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Renamed(TensorSource):
    """Some of another source's tensors under other names. names: new name -> name there."""

    def __init__(self, source: TensorSource, names: dict[str, str]) -> None:
        self._source, self._names = source, names
        self.tensors = {new: source.tensors[old] for new, old in names.items()}

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        return self._source.pieces(self._names[name], size)


class Joined(TensorSource):
    """The tensors of several sources."""

    def __init__(self, sources: Sequence[TensorSource]) -> None:
        self._where = {name: source for source in sources for name in source.tensors}
        self.tensors = {name: source.tensors[name] for name, source in self._where.items()}

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        return self._where[name].pieces(name, size)


class Arrays(TensorSource):
    """float32 arrays in memory, by name."""

    def __init__(self, arrays: dict[str, Float32s]) -> None:
        self._arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}
        self.tensors = {name: TensorInfo("F32", array.shape) for name, array in self._arrays.items()}

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        yield self._arrays[name].tobytes()


def with_prefix(source: TensorSource, prefix: str) -> Renamed:
    """The tensors whose names start with `prefix`, under their names without it."""
    return Renamed(source, {name.removeprefix(prefix): name for name in source.tensors if name.startswith(prefix)})


def to_float32(values: Numbers, dtype: Dtype) -> Float32s:
    """Values of a stored dtype as float32.

    >>> to_float32(np.array([0x3FC0], np.uint16), "BF16")
    array([1.5], dtype=float32)
    """
    if dtype == "BF16":
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(np.float32)


def from_float32(values: Float32s, dtype: Dtype) -> Numbers:
    """The inverse of `to_float32`, rounded to the nearest value, ties to even."""
    if dtype == "BF16":
        bits = values.view(np.uint32)
        return np.asarray((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16, np.uint16)
    return values.astype(DTYPES[dtype])
