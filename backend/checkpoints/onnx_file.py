"""Which other files an ONNX graph reads its weights from, found without loading it.

ONNX lets a tensor lie in another file, at any path (`external_data`). Loading such a graph reads that file, wherever it
is, so the paths are read here first, from the protocol buffer itself
(https://protobuf.dev/programming-guides/encoding/; fields as in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

from ...retarget.errors import MotionGPTError

_INSIDE = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
    "entry": {},
}
"""Message -> field -> the message in it, for those that may hold a tensor; an entry is a key and a value."""
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_DEEPEST = 64  # messages in messages


def external_files(path: Path) -> set[str]:
    """The locations of external data as the graph gives them. Raises MotionGPTError ("no_model") for a damaged file."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            view = memoryview(mapped)
            try:
                return set(_locations(view, 0, len(view), "model", 0))
            finally:
                view.release()
    except (ValueError, OSError) as error:
        raise MotionGPTError(f"{path} is no ONNX graph ({error}).", "Install the model again.", "no_model") from error


def _locations(data: memoryview, at: int, end: int, message: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise ValueError("its messages are nested too deeply")
    inside = _INSIDE[message]
    for number, start, stop in _fields(data, at, end):
        if number not in inside:
            continue
        if inside[number] == "entry":
            entry = {key: bytes(data[a:b]) for key, a, b in _fields(data, start, stop)}
            if entry.get(1) == b"location":
                yield entry.get(2, b"").decode("utf-8", "replace")
        else:
            yield from _locations(data, start, stop, inside[number], depth + 1)


def _fields(data: memoryview, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number, start and end of each field that holds bytes. Raises ValueError."""
    while at < end:
        key, at = _varint(data, at, end)
        kind = key & 7
        if kind == _VARINT:
            _, at = _varint(data, at, end)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        elif kind == _BYTES:
            size, at = _varint(data, at, end)
            if size > end - at:
                raise ValueError("it is cut off")
            yield key >> 3, at, at + size
            at += size
        else:
            raise ValueError("it is damaged")
    if at != end:
        raise ValueError("it is cut off")


def _varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise ValueError("it is cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("it is damaged")
