"""Precisions take turns, and the fastest step of each counts."""

from collections.abc import Sequence

import pytest

from motiongpt.backend.engines.measured.timing import MOST, STEADY, WARM_UP, seconds_per_token
from motiongpt.retarget.errors import MotionGPTError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Network:
    """Steps that take the times given, over and over."""

    def __init__(self, name: str, clock: Clock, times: Sequence[float], order: list[str]) -> None:
        self.name, self.clock, self.times, self.order, self.steps = name, clock, times, order, 0

    def start(self, prompt: Sequence[int], batch: int) -> None:
        assert batch == 1 and len(prompt) > 8

    def step(self, tokens: Sequence[int]) -> None:
        if self.steps >= WARM_UP:
            self.order.append(self.name)
        self.clock.now += self.times[self.steps % len(self.times)]
        self.steps += 1


def test_in_turns_by_the_fastest_step() -> None:
    clock, order = Clock(), list[str]()
    found = seconds_per_token(
        {
            "float32": lambda: Network("float32", clock, [9.0, 0.5, 0.3], order),
            "int8": lambda: Network("int8", clock, [0.2, 4.0], order),
        },
        clock,
    )
    assert found == pytest.approx({"float32": 0.3, "int8": 0.2})
    assert order == ["float32", "int8"] * (len(order) // 2)
    assert STEADY < len(order) // 2 < MOST  # until nothing gets faster


def test_it_ends_where_steps_get_faster_for_ever() -> None:
    clock, order = Clock(), list[str]()
    seconds_per_token({"int8": lambda: Network("int8", clock, [0.9**n for n in range(200)], order)}, clock)
    assert len(order) == MOST


def test_what_does_not_run_is_left_out() -> None:
    def failing() -> Network:
        raise RuntimeError("no kernel for 4 bits")

    clock = Clock()
    found = seconds_per_token({"int4": failing, "int8": lambda: Network("int8", clock, [0.2], [])}, clock)
    assert list(found) == ["int8"]
    with pytest.raises(MotionGPTError, match=r"runs in none of int4 \(no kernel"):
        seconds_per_token({"int4": failing}, clock)
