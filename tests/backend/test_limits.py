"""Limits: bad values are refused with a readable error."""

from typing import Any

import numpy as np
import pytest

from motiongpt.backend import limits
from motiongpt.backend.tasks import Continue, Describe, Generate, Inbetween, Task
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion


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
        limits.check_described(frames / fps, fps)
    limits.check_described(0.2, 30.0)


def test_motion_of_a_frame_a_second_is_refused_in_words() -> None:
    with pytest.raises(MotionGPTError, match=r"1 frames a second are too few.*at least 5 frames a second"):
        limits.check_described(60.0, 1.0)
    limits.check_described(60.0, 5.0)


def long(frames: int, fps: float) -> Motion:
    return Motion(np.ones((frames, 22, 4)) / 2, np.zeros((frames, 3)), fps, np.zeros((frames, 4)))


@pytest.mark.parametrize("fps", [1e-3, 1e-9, 0.999, 1_001.0, 32_767.0, float("inf")])
@pytest.mark.parametrize("task", [Describe(), Inbetween((0, 89)), Continue(1.0)], ids=lambda task: task.name())
def test_a_rate_that_would_take_all_memory_is_refused_by_every_task(fps: float, task: Task) -> None:
    with pytest.raises(MotionGPTError, match="1 to 1000 frames per second"):
        task.check_motions([long(90, fps)])
    task.check_motions([long(90, 30.0)])


@pytest.mark.parametrize(
    ("task", "motion"),
    [
        (Inbetween((0,)), long(20_001, 30.0)),
        (Describe(), long(20_000, 1.0)),
        (Continue(600.0), long(90, 1_000.0)),
        (Continue(1.0), long(20_000, 30.0)),
        (Inbetween((0,), variations=16), long(20_000, 30.0)),
        (Inbetween((0,), variations=16), long(400, 1.0)),
    ],
    ids=str,
)
def test_what_would_have_to_be_made_is_bounded_before_it_is(task: Task, motion: Motion) -> None:
    with pytest.raises(MotionGPTError) as caught:
        task.check_motions([motion])
    assert caught.value.kind == "too_large" and caught.value.cure


def test_candidates_times_length_is_bounded() -> None:
    Generate("walk", 600.0).check()
    with pytest.raises(MotionGPTError, match="too much at once"):
        Generate("walk", 600.0, variations=16).check()


def test_resampling_never_makes_more_than_fits_in_memory() -> None:
    for motion, fps, frames in ((long(90, 1e-9), 20.0, None), (long(2, 1.0), 1e300, None), (long(2, 1.0), 2.0, 10**9)):
        with pytest.raises(MotionGPTError, match="too many frames"):
            motion.resample(fps, frames)
    with pytest.raises(MotionGPTError, match="would be written"):
        limits.check_resampling([long(2_000, 1.0)], 1_000.0)


@pytest.mark.parametrize("text", ["a \ud800 b", "\udcff"])
def test_a_text_that_is_no_utf8_is_refused(text: str) -> None:
    with pytest.raises(MotionGPTError, match="UTF-8"):
        limits.check_prompt(text)
