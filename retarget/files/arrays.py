"""Reading arrays from numpy's files, none of which is trusted: nothing is unpickled, and what an array claims to hold
is checked before any of it is unpacked."""

import json
import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

import numpy as np

from ..typing import Numbers

MAX_ARRAY = 1 << 30
"""Bytes of one array: those of SMPL-H's shapes are half of that."""
MAX_PACKED = 200
"""How many times its size in the file an array may have, above MAX_SMALL bytes; motion shrinks to a tenth at best."""
MAX_SMALL = 64 << 20
READ_ERRORS = (
    ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, OSError, EOFError, MemoryError,
    RecursionError, RuntimeError, NotImplementedError, SyntaxError, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""What numpy, zipfile and json raise on damaged files."""
FARTHEST = 1e9
"""Metres or radians, far beyond any motion; larger numbers turn into infinity where they are squared."""
_HEADERS: dict[Any, Callable[[IO[bytes]], Any]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_arrays(path: str | Path, names: Iterable[str]) -> dict[str, Numbers]:
    """The arrays of these names that an `.npz` holds.

    Raises one of READ_ERRORS for a file that is damaged, holds objects, or claims more than it can hold.
    """
    with zipfile.ZipFile(path) as archive:
        present = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        return {name: _read(archive, present[name]) for name in names if name in present}


def array_names(path: str | Path) -> list[str]:
    """The names of an `.npz`'s arrays. Raises one of READ_ERRORS."""
    with zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Numbers:
    if info.file_size > MAX_ARRAY or info.file_size > max(MAX_PACKED * info.compress_size, MAX_SMALL):
        raise ValueError(f"{info.filename} would unpack to {info.file_size / 1e6:.0f} MB")
    with archive.open(info) as file:
        array = read_array(file, info.file_size)
        if file.read(1):
            raise ValueError(f"{info.filename} holds more than its array")
        return array


def read_array(file: IO[bytes], size: int) -> Numbers:
    """The array of an open `.npy` of `size` bytes. Raises one of READ_ERRORS."""
    shape, fortran, dtype = read_header(file)
    count = math.prod(shape)
    if min(shape, default=0) < 0 or count * max(dtype.itemsize, 1) > size:
        raise ValueError(f"an array of shape {shape} in {size} bytes")
    if not count or not dtype.itemsize:
        return np.zeros(shape, dtype)
    array: Numbers = np.frombuffer(file.read(count * dtype.itemsize), dtype, count)
    array = array.reshape(shape[::-1] if fortran else shape)
    return array.T if fortran else array


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, "np.dtype[Any]"]:
    """Shape, whether columns come first, and dtype of an open `.npy`. Raises one of READ_ERRORS."""
    version = np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]
    if version not in _HEADERS:
        raise ValueError(f"version {version}")
    shape, fortran, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ValueError("Object arrays are not read, as unpickling them could run code")
    return shape, fortran, dtype


def finite(array: Numbers, what: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
    """Numbers as float64. Raises ValueError for text, for complex numbers, and for nan and infinity."""
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{what} holds no numbers")
    numbers = array.astype(np.float64)
    if not (np.abs(numbers) < FARTHEST).all():  # nan is not, either
        raise ValueError(f"some numbers of {what} are not finite")
    return numbers


def json_of(array: Numbers) -> Any:
    """The value of an array that holds one JSON text. Raises ValueError, nan and infinity included."""
    return json.loads(str(array), parse_constant=_refuse)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} in its text")
