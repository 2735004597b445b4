"""The rule that picks a precision, on made-up timings."""

import pytest

from motiongpt.backend.engines.measured.choice import GAINS, WORDS, best


@pytest.mark.parametrize(
    ("milliseconds", "chosen"),
    [
        ({"float32": 30.0, "int8": 10.0, "int4": 9.0}, "int8"),  # fast 8-bit products
        ({"float32": 30.0, "int8": 15.0, "int4": 12.0}, "int8"),  # AVX-512 without VNNI
        ({"float32": 40.0, "int8": 14.0, "int4": 64.0}, "int8"),  # AVX2: 4 bits are slow
        ({"float32": 30.0, "int8": 62.0, "int4": 30.0}, "float32"),  # no 8-bit products at all
        ({"float32": 30.0, "int8": 29.0}, "float32"),  # not worth any rounding
        ({"float32": 30.0, "int8": 27.0}, "int8"),
        ({"float32": 30.0, "int8": 27.0, "int4": 11.5}, "int8"),
        ({"float32": 30.0, "int8": 27.0, "int4": 10.5}, "int4"),
        ({"float32": 30.0, "bfloat16": 16.0, "float16": 25.0, "int8": 15.5}, "bfloat16"),
        ({"float32": 30.0, "bfloat16": 22.0, "int8": 21.0}, "int8"),  # torch in every start must be worth it
        ({"float32": 30.0, "float16": 12.0, "int8": 28.0}, "float16"),
        ({"int4": 100.0}, "int4"),
        ({"int8": 50.0, "int4": 49.0}, "int8"),
    ],
)
def test_the_choice_follows_the_timings(milliseconds: dict[str, float], chosen: str) -> None:
    seconds = {name: value / 1000.0 for name, value in milliseconds.items()}
    assert best(seconds)[0] == chosen
    assert best(dict(reversed(seconds.items())))[0] == chosen  # whatever the order of the measurement


def test_the_reason_names_every_timing() -> None:
    why = best({"float32": 0.03, "int8": 0.0104, "int4": 0.5})[1]
    assert why == "8 bits: 10.4 ms a token (float32 30.0 ms, 4 bits 500.0 ms)"
    assert best({"float32": 0.03})[1] == "float32: 30.0 ms a token"
    assert GAINS.keys() == WORDS.keys()
