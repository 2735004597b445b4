"""safetensors files: read in pieces, written tensor by tensor.

Layout: the length of the header (8 bytes, little-endian), the header as JSON {name: {dtype, shape, data_offsets}}, the
data. Headers are padded on writing, so that the data starts on a page boundary and ONNX Runtime can map it.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, get_args

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Numbers
from .pickles import damaged
from .tensors import DTYPES, MAX_AXES, MAX_COUNT, PIECE_BYTES, Dtype, TensorFile, TensorInfo

MAX_HEADER = 100_000_000
_ALIGNMENT = 4096


class SafetensorsFile(TensorFile):
    """The tensors of one safetensors file. Raises MotionGPTError ("bad_checkpoint") for anything else.

    offsets: name -> byte of the file where the tensor's data starts.
    """

    _file: BinaryIO

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = open(path, "rb")  # noqa: SIM115 - closed by TensorFile.close
        except FileNotFoundError:
            raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
        except OSError as error:
            raise damaged(f"{path} can't be read: {error}") from error
        try:
            self._read_header(path.stat().st_size)
        except BaseException:
            self._file.close()
            raise

    def _read_header(self, size: int) -> None:
        length = int.from_bytes(self._file.read(8), "little")
        if not 2 <= length <= min(MAX_HEADER, size - 8):
            raise damaged(f"{self.path.name} is not a safetensors file")
        try:
            header = json.loads(self._file.read(length))
            entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
            self.tensors = {
                n: TensorInfo(_dtype(e["dtype"]), tuple(map(_count, e["shape"]))) for n, e in entries.items()
            }
            self.offsets = {n: (8 + length + _count(e["data_offsets"][0])) for n, e in entries.items()}
            ends = {n: 8 + length + _count(e["data_offsets"][1]) for n, e in entries.items()}
        except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, MemoryError) as error:
            raise damaged(f"the header of {self.path.name} can't be read: {error}") from error
        for name, info in self.tensors.items():
            if len(info.shape) > MAX_AXES:
                raise damaged(f"{name} has {len(info.shape)} axes")
            if ends[name] - self.offsets[name] != info.nbytes or ends[name] > size:
                raise damaged(f"{name} claims {math.prod(info.shape)} numbers, more than its data holds")
            if self.offsets[name] < 8 + length:
                raise damaged(f"the data of {name} overlaps the header")

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        position, left = self.offsets[name], self.tensors[name].nbytes
        while left:
            self._file.seek(position)
            piece = self._file.read(min(size, left))
            if not piece:
                raise damaged(f"{name} is truncated")
            position, left = position + len(piece), left - len(piece)
            yield piece


def _count(value: Any) -> int:
    """A whole number that counts or places something in a file. Raises ValueError for anything else."""
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise ValueError(f"{str(value)[:40]} is no size")
    return value


def _dtype(name: str) -> Dtype:
    if name not in get_args(Dtype):
        raise ValueError(f"dtype {name} is not supported")
    return name  # type: ignore[return-value]


class SafetensorsWriter:
    """A context that writes tensors in the order of `tensors`, with one `write` for each."""

    def __init__(self, path: Path, tensors: Mapping[str, TensorInfo]) -> None:
        header: dict[str, Any] = {}
        end = 0
        for name, info in tensors.items():
            start, end = end, end + info.nbytes
            header[name] = {"dtype": info.dtype, "shape": info.shape, "data_offsets": (start, end)}
        text = json.dumps(header).encode()
        text += b" " * (-(len(text) + 8) % _ALIGNMENT)
        self.tensors = dict(tensors)
        self._left = list(tensors)
        self._file: BinaryIO = open(path, "wb")  # noqa: SIM115 - closed on exit
        self._file.write(len(text).to_bytes(8, "little") + text)

    def write(self, name: str, pieces: Iterator[bytes]) -> None:
        """The bytes of the next tensor. Raises ValueError out of order, or for too many or too few bytes."""
        if not self._left or self._left.pop(0) != name:
            raise ValueError(f"{name} is written out of order")
        written = sum(self._file.write(piece) for piece in pieces)
        if written != self.tensors[name].nbytes:
            raise ValueError(f"{name} has {written} bytes, not {self.tensors[name].nbytes}")

    def write_array(self, name: str, values: Numbers) -> None:
        """`write` for an array of the declared dtype."""
        if values.dtype.itemsize != DTYPES[self.tensors[name].dtype].itemsize:
            raise ValueError(f"{name} has dtype {values.dtype}")
        self.write(name, iter([np.ascontiguousarray(values).tobytes()]))

    def __enter__(self) -> "SafetensorsWriter":
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        self._file.close()
        if kind is None and self._left:
            raise ValueError(f"not written: {self._left}")
