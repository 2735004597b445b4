"""The fields of protocol buffers, read in place and written (https://protobuf.dev/programming-guides/encoding/)."""

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
        key, at = (data[at], at + 1) if data[at] < 0x80 else varint(data, at, end)
        kind, number = key & 7, key >> 3
        if kind == _VARINT:
            value, at = varint(data, at, end)
            yield Field(number, value, at, at)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        elif kind == _BYTES:
            size, at = (data[at], at + 1) if at < end and data[at] < 0x80 else varint(data, at, end)
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


def written(number: int, value: int | str | bytes) -> bytes:
    """A field as it is written. number: its own.  value: a whole number from 0, a text, or the bytes of a message.

    >>> written(1, 300).hex(), written(2, "hi")
    ('08ac02', b'\\x12\\x02hi')
    """
    if isinstance(value, int):
        return _number(number << 3 | _VARINT) + _number(value)
    held = value.encode() if isinstance(value, str) else value
    return header(number, len(held)) + held


def header(number: int, size: int) -> bytes:
    """What is before the bytes of a field."""
    return _number(number << 3 | _BYTES) + _number(size)


def _number(value: int) -> bytes:
    if value < 0:  # as 64 bits, of which the highest is set
        value += 1 << 64
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
