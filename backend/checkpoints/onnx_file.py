"""Which other files an ONNX graph reads its weights from, found without loading it.

ONNX lets a tensor lie in another file, at any path (`external_data`). Loading such a graph reads that file, wherever it
is, so the paths are read here first, from the protocol buffer itself
(fields as in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import mmap
from collections.abc import Iterator
from pathlib import Path

from ...retarget.errors import MotionGPTError
from .protobuf import fields

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
_LOCATION = b"location"
_DEEPEST = 64  # messages in messages


def external_files(path: Path) -> set[str]:
    """The locations of external data as the graph gives them. Raises MotionGPTError ("no_model") for a damaged file."""
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            view = memoryview(mapped)
            try:
                list(fields(view, 0, len(view)))  # raises for what is no message
                if mapped.find(_LOCATION) < 0:
                    return set()
                return set(_locations(view, 0, len(view), "model", 0))
            finally:
                view.release()
    except (ValueError, OSError) as error:
        raise MotionGPTError(f"{path} is no ONNX graph ({error}).", "Install the model again.", "no_model") from error


def _locations(data: memoryview, at: int, end: int, message: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise ValueError("its messages are nested too deeply")
    inside = _INSIDE[message]
    for number, value, start, stop in fields(data, at, end):
        if number not in inside or value is not None:
            continue
        if inside[number] == "entry":
            entry = {field.number: bytes(data[field.start : field.end]) for field in fields(data, start, stop)}
            if entry.get(1) == _LOCATION:
                yield entry.get(2, b"").decode("utf-8", "replace")
        else:
            yield from _locations(data, start, stop, inside[number], depth + 1)
