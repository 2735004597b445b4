"""Motion longer than the model makes, in pieces that belong together, and descriptions in parts."""

import numpy as np
import pytest
from support import fake_engine

from motiongpt.backend.engine import Progress, last_result
from motiongpt.backend.pieces import piece_count
from motiongpt.backend.tasks import Continue, Describe, Generate, Task
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion

EVERY = "generate inbetween continue caption"


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch):
    """A model whose longest motion has 10 seconds."""
    monkeypatch.setenv("FAKE_TASKS", EVERY)
    return fake_engine.make("fake", "cpu")


def answered(engine, task: Task, *motions: Motion):
    shares: list[float] = []

    def show(progress: Progress) -> None:
        shares.append(progress.fraction)

    result = last_result(task.answer(engine, motions), show)
    assert shares == sorted(shares) and shares[-1] <= 1.0
    return result


@pytest.mark.parametrize("seconds", [10.5, 17.0, 30.0, 61.3])
def test_long_motion_is_made_in_pieces_that_join(engine, seconds: float) -> None:
    one, two = answered(engine, Generate("a person walks", seconds, seed=4, variations=2)).motions
    assert abs(one.duration - seconds) < 0.3 and len(one) == len(two)
    steps = np.abs(np.diff(one.root_position, axis=0)).max(axis=1)
    assert steps.max() < 0.1  # nothing jumps where two pieces meet
    assert not np.allclose(one.root_position, two.root_position)
    assert [m.meta["variation"] for m in (one, two)] == [0, 1]
    assert one.meta["seed"] == 4 and one.meta["text"] == "a person walks"
    asked = [request for request in engine.requests if isinstance(request, Continue)]
    assert {request.prompt for request in asked} == {"a person walks"}
    assert all(request.seconds <= engine.max_seconds for request in engine.requests)
    assert len({request.seed for request in asked}) == len(asked)
    again = answered(engine, Generate("a person walks", seconds, seed=4, variations=2)).motions[0]
    assert np.array_equal(again.root_position, one.root_position)


def test_single_precision_is_not_too_long(engine) -> None:
    seconds = float(np.float32(engine.max_seconds)) * (1.0 + 1e-7)
    answered(engine, Generate("a person walks", seconds))
    assert [request.seconds for request in engine.requests] == [engine.max_seconds]


def test_continuing_for_longer_than_the_model(engine) -> None:
    walk = answered(engine, Generate("a person walks", 2.0)).motions[0]
    longer = answered(engine, Continue(31.0, "a person walks"), walk).motions[0]
    assert abs(longer.duration - 33.0) < 0.1
    assert np.array_equal(longer.root_position[: len(walk)], walk.root_position)


def test_long_motion_is_described_in_parts(engine) -> None:
    long = answered(engine, Generate("a person walks", 30.0)).motions[0]
    (text,) = answered(engine, Describe(), long).texts
    assert text == "a person moves for 10.00 seconds"  # three times the same is said once
    (text,) = answered(engine, Describe(), long.slice(0, 330)).texts
    assert text.count("a person moves for") in (1, 2) and (", then " in text) == (text.count("moves") == 2)


def test_a_model_that_can_not_continue_says_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    from motiongpt.backend.engines.shared.tokens import TokenEngine

    class OnlyText(TokenEngine):
        name, device, tasks, max_seconds, _fps, _most = "small", "cpu", ("generate",), 10.0, 20.0, 50

        def __init__(self) -> None:
            pass

        def text_to_codes(self, text, count, sampling):
            raise AssertionError

        codes_after = codes_between = text_to_codes

    with pytest.raises(MotionGPTError, match="at most 10"):
        last_result(Generate("a person walks", 30.0).answer(OnlyText()))


def test_pieces_are_counted_before_anything_is_made() -> None:
    assert [piece_count(s, 12.8) for s in (4.0, 12.8, float(np.float32(12.8)), 12.9, 30.0)] == [1, 1, 1, 2, 4]
    assert piece_count(500.0, 0.0) == 1
