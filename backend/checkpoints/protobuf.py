"""The fields of protocol buffers, read in place (https://protobuf.dev/programming-guides/encoding/)."""

from collections.abc import Iterator
from typing import NamedTuple

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Field(NamedTuple):
    """number: of the field.  value: of a whole number; None for any other kind.  start, end: where its bytes lie."""

    number: int
    value: int | None
    start: int
    end: int


def fields(data: memoryview, at: int, end: int) -> Iterator[Field]:
    """The whole numbers and the fields of bytes between two places. Raises ValueError for what is no message."""
    while at < end:
        key, at = varint(data, at, end)
        kind, number = key & 7, key >> 3
        if kind == _VARINT:
            value, at = varint(data, at, end)
            yield Field(number, value, at, at)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        elif kind == _BYTES:
            size, at = varint(data, at, end)
            if size > end - at:
                raise ValueError("it is cut off")
            yield Field(number, None, at, at + size)
            at += size
        else:
            raise ValueError("it is damaged")
    if at != end:
        raise ValueError("it is cut off")


def varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    """A whole number, and where it ends. Raises ValueError."""
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
