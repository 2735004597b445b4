"""Fields of protocol buffers."""

import pytest

from motiongpt.backend.checkpoints.protobuf import fields, varint


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
