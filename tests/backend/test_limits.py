"""Limits: bad values are refused with a readable error."""

from typing import Any

import pytest

from motiongpt.backend import limits
from motiongpt.retarget.errors import MotionGPTError


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (limits.check_prompt, ["walk", "x" * limits.MAX_TEXT], ["", " \n", "x" * (limits.MAX_TEXT + 1)]),
        (limits.check_seconds, [0.05, limits.MAX_SECONDS], [0, -1, float("nan"), float("inf"), limits.MAX_SECONDS + 1]),
        (limits.check_fps, [1, 23.976, 240], [0, -30, float("nan"), 1e9]),
        (limits.check_variations, [1, limits.MAX_VARIATIONS], [0, -1, limits.MAX_VARIATIONS + 1]),
        (limits.check_seed, [0, limits.MAX_SEED], [-1, limits.MAX_SEED + 1]),
    ],
)
def test_checks_say_what_is_wrong_and_what_to_do(check: Any, good: list[Any], bad: list[Any]) -> None:
    for value in good:
        check(value)
    for value in bad:
        with pytest.raises(MotionGPTError) as caught:
            check(value)
        assert caught.value.message.endswith(".") and caught.value.cure.endswith(".")


@pytest.mark.parametrize(("frames", "fps"), [(1, 30.0), (4, 30.0), (199, 1000.0)])
def test_a_motion_too_short_to_describe_is_refused_in_words(frames: int, fps: float) -> None:
    with pytest.raises(MotionGPTError, match=r"too short to be described.*at least 0\.2 seconds"):
        limits.check_described(frames / fps)
    limits.check_described(0.2)
