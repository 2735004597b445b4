"""Pickles are read without running anything: what is understood, what stays inert, what is refused."""

import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motiongpt.backend.checkpoints.pickles import Global, Inert, read_pickle
from motiongpt.retarget.errors import MotionGPTError

torch = pytest.importorskip("torch", reason="torch makes the files that these tests read")


def test_nested_calls_by_hand_are_refused() -> None:
    # cos\nsystem — the oldest form, with the result of a call called again.
    for index in (
        b"cos\nsystem\n(S'true'\ntR.",
        b"(S'true'\nios\nsystem\n.",
        b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R.",
        b"c__builtin__\ngetattr\n(cos\nS'system'\ntR.",
        b"\x80\x02cbuiltins\ndict\n)R(S'x'\ntR.",
        b"\x80\x02cmy_module\nMyFunction\n)R.",
        b"\x80\x02\x82\x01.",
    ):
        with pytest.raises(MotionGPTError, match="would run code"):
            read_pickle(index)


class Settings:
    """Like a framework's settings object."""

    def __init__(self) -> None:
        self.rate = 0.1

    def __setstate__(self, state: Any) -> None:
        raise AssertionError("this must never be called")


def test_other_objects_are_inert() -> None:
    found = read_pickle(pickle.dumps({"hyper_parameters": Settings(), "weights": {"a": 1}}, protocol=2))
    assert isinstance(found["hyper_parameters"], Inert)
    assert found["hyper_parameters"].kind == Global(__name__, "Settings")
    assert found["weights"] == {"a": 1}


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_plain_containers_come_through(protocol: int) -> None:
    value = {
        "a": [1, -2, 2**40, 2**80, 3.5, True, None], "b": ("x", b"y" if protocol >= 3 else "y", ()), "c": {"d": {1: 2}},
        "e": [[], [[]]], "f": {1, 2} if protocol >= 4 else [1, 2], "long": list(range(2000)), "é": "日本",
    }  # fmt: skip
    assert read_pickle(pickle.dumps(value, protocol=protocol)) == value


def deep_and_wide() -> Iterator[bytes]:
    yield b"]" * 10 + b"." * 1
    yield b"(" * 100_000 + b"."
    yield b"\x80\x02" + b"]a" * 50_000 + b"."
    yield b"\x80\x02" + b"}" + b"q\x00" + b"".join(b"h\x00\x85" for _ in range(10_000)) + b"."


def test_strange_pickles_end_in_an_error_or_a_value() -> None:
    for index in deep_and_wide():
        try:
            read_pickle(index)
        except MotionGPTError as error:
            assert error.kind == "bad_checkpoint"


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_refused(data: bytes) -> None:
    try:
        read_pickle(data)
    except MotionGPTError as error:
        assert error.kind == "bad_checkpoint"
