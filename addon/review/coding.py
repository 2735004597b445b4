"""The F-curves of a take as text, small enough to be saved in the file with it, and back again bit by bit.

Each property of all keys is one column. What keys have in common (the next frame, Blender's own handles, one
interpolation) becomes zeros: values are stored as differences of their bits from the key before, handles as differences
from where Blender would put them. Then every column is split into its bytes and compressed.
"""

import base64
import binascii
import json
import lzma
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Bools, Numbers
from ..action.fcurves import Points, choice, complete
from ..translation.saying import say

CurveName = tuple[str, int]
"""Data path and index of an F-curve."""
Curves = dict[CurveName, Points]
"""F-curves with all their keys."""

_VERSION = 1
_HELD = 8  # takes: as many as are made in one go
_PRESET = 2  # of lzma; more takes longer and gains nothing here
_FLOATS, _WHOLE = np.dtype(np.float32), np.dtype(np.uint32)
_STORED: dict[str, np.dtype[Any]] = {"f": _WHOLE, "i": np.dtype(np.int16), "b": np.dtype(np.uint8)}
_REAL: dict[str, np.dtype[Any]] = {"f": _FLOATS, "i": np.dtype(np.int32), "b": np.dtype(np.bool_)}
"""Types by their kind: as they are stored, and as Blender takes them. All of Blender's machines are little-endian."""


def pack(curves: Curves) -> str:
    """The F-curves as ASCII text. Touches no Blender data."""
    names = list(curves)
    counts = [len(curves[name]["co"]) for name in names]
    keys = _joined(list(curves.values()))
    columns = []
    for name, width, kind in _layout():
        values = np.ascontiguousarray(keys[name], _REAL[kind]).reshape(-1, width)
        columns += [_to_differences(name, values[:, i], keys, i) for i in range(width)]
    head = json.dumps({"version": _VERSION, "curves": [[*name, n] for name, n in zip(names, counts, strict=True)]})
    body = b"".join(column.view(np.uint8).reshape(len(column), -1).T.tobytes() for column in columns)
    return base64.b64encode(lzma.compress(head.encode() + b"\n" + body, preset=_PRESET)).decode()


@lru_cache(maxsize=_HELD)
def unpack(text: str) -> Curves:
    """The inverse of `pack`, which is remembered of the last few, and can't be written to. Touches no Blender data.
    Raises MotionGPTError for text that is damaged."""
    try:
        head, _, body = lzma.decompress(base64.b64decode(text, validate=True)).partition(b"\n")
        named = [(str(path), int(index), int(count)) for path, index, count in json.loads(head)["curves"]]
        keys = _read_keys(body, sum(count for *_, count in named))
    except (lzma.LZMAError, binascii.Error, ValueError, KeyError, TypeError) as error:
        raise MotionGPTError(
            say("A take that was saved with the file is damaged ({error}).", error=error), "Reject it."
        ) from error
    ends = np.cumsum([0, *(count for *_, count in named)])
    for values in keys.values():
        values.flags.writeable = False
    return {
        (path, index): {name: values[a:b] for name, values in keys.items()}
        for (path, index, _), (a, b) in zip(named, pairwise(ends), strict=True)
    }


def same(one: Points, other: Points) -> bool:
    """Whether two F-curves have the same keys, bit by bit. Which of them are selected does not matter, nor where
    handles are that Blender itself places."""
    if len(one["co"]) != len(other["co"]):
        return False
    for name, kind in _compared():
        mine, theirs = (np.asarray(p[name], _REAL[kind]) for p in (one, other))
        if mine.tobytes() == theirs.tobytes():
            continue
        if name not in ("handle_left", "handle_right"):
            return False
        fixed = _placed_by_hand(one[f"{name}_type"])
        if fixed.any() and mine[fixed].tobytes() != theirs[fixed].tobytes():
            return False
    return True


@cache
def _compared() -> list[tuple[str, str]]:
    return [(name, kind) for name, _, kind in _layout() if not name.startswith("select_")]


def _placed_by_hand(types: Numbers) -> Bools:
    free, aligned = choice("handle_left_type", "FREE"), choice("handle_left_type", "ALIGNED")
    return np.asarray((types == free) | (types == aligned))


@cache
def _layout() -> list[tuple[str, int, str]]:
    """Property, width and kind of everything that a key has, places first."""
    template = complete({"co": np.zeros((1, 2), np.float32)} | _choices(), "KEYFRAME")
    names = ["co", *sorted(name for name in template if name != "co")]
    return [(name, template[name].size, template[name].dtype.kind) for name in names]


def _choices() -> Points:
    return {name: np.zeros(1, np.int32) for name in ("interpolation", "handle_left_type", "handle_right_type")}


def _joined(curves: list[Points]) -> Points:
    if not curves:
        return complete({"co": np.zeros((0, 2), np.float32)} | {n: c[:0] for n, c in _choices().items()}, "KEYFRAME")
    return {name: np.concatenate([points[name] for points in curves]) for name in curves[0]}


def _to_differences(name: str, values: Numbers, keys: Points, column: int) -> Numbers:
    if values.dtype == _FLOATS:
        bits = np.ascontiguousarray(values).view(_WHOLE)
        if name == "co":
            return np.diff(bits, prepend=np.uint32(0))
        return bits ^ _expected(name, keys, column)
    return values.astype(_STORED[values.dtype.kind])


def _expected(name: str, keys: Points, column: int) -> Numbers:
    """The bits of what a key has where nothing else was chosen."""
    plain = complete({"co": np.asarray(keys["co"], _FLOATS)} | _choices(), "KEYFRAME")
    values = plain[name].reshape(len(plain["co"]), -1)[:, column]
    return np.ascontiguousarray(values, _FLOATS).view(_WHOLE)


def _read_keys(body: bytes, count: int) -> Points:
    keys: Points = {}
    at = 0
    for name, width, kind in _layout():
        columns = []
        for i in range(width):
            stored = _STORED[kind]
            raw = body[at : at + count * stored.itemsize]
            at += count * stored.itemsize
            planes = np.frombuffer(raw, np.uint8).reshape(stored.itemsize, count)
            column = np.ascontiguousarray(planes.T).view(stored).reshape(count)
            if kind == "f" and name == "co":
                column = np.cumsum(column, dtype=_WHOLE).view(_FLOATS)
            elif kind == "f":
                column = (column ^ _expected(name, keys, i)).view(_FLOATS)
            columns.append(column.astype(_REAL[kind]))
        keys[name] = np.stack(columns, axis=1) if width > 1 else columns[0]
    if at != len(body):
        raise ValueError(f"{len(body)} bytes instead of {at}")
    return keys
