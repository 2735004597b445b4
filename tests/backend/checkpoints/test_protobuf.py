"""Fields of protocol buffers."""

import pytest

from motiongpt.backend.checkpoints.protobuf import fields, header, varint, written


def test_numbers_and_bytes_are_found_and_fixed_ones_passed_over():
    data = memoryview(b"\x08\x96\x01" + b"\x15\x00\x00\x80\x3f" + b"\x1a\x02hi" + b"\x21" + bytes(8) + b"\x28\x05")
    found = [(f.number, f.value, bytes(data[f.start : f.end])) for f in fields(data, 0, len(data))]
    assert found == [(1, 150, b""), (3, None, b"hi"), (5, 5, b"")]


@pytest.mark.parametrize("data", [b"\x08", b"\x1a\x05hi", b"\x0b", b"\x15\x00", b"\x08" + b"\xff" * 12])
def test_damage_is_noticed(data: bytes):
    with pytest.raises(ValueError, match=r"cut off|damaged"):
        list(fields(memoryview(data), 0, len(data)))


def test_numbers_may_take_several_bytes():
    assert varint(memoryview(b"\xac\x02\x07"), 0, 3) == (300, 2)


def test_what_is_written_is_read() -> None:
    values = (0, 127, 128, 2**40, "hi", bytes(300), b"")
    data = memoryview(b"".join(written(20 + place, value) for place, value in enumerate(values)))
    found = [f.value if f.value is not None else bytes(data[f.start : f.end]) for f in fields(data, 0, len(data))]
    assert found == [0, 127, 128, 2**40, b"hi", bytes(300), b""]
    assert header(5, 300) + bytes(300) == written(5, bytes(300))


def test_numbers_below_zero_are_written_in_64_bits() -> None:
    data = written(1, -2)
    assert data == b"\x08\xfe" + b"\xff" * 8 + b"\x01"
    assert next(fields(memoryview(data), 0, len(data))).value == 2**64 - 2
