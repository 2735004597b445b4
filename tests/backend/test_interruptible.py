"""Long computations yield all the while, and end when nobody waits for them."""

import threading
import time

import numpy as np
import pytest

from motiongpt.backend.engine import Progress, Result, Stage, last_result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.interruptible import interruptible
from motiongpt.backend.tasks import Continue, Describe, Generate, Inbetween, Task
from motiongpt.retarget.motion import Motion

WORKING = Progress(Stage.MOTION, 0.5)


def computations() -> int:
    return sum(thread.name == "computation" for thread in threading.enumerate())


def until_none_is_left(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while computations():
        assert time.monotonic() < deadline, "the computation goes on"
        time.sleep(0.02)


def test_it_yields_while_it_computes_and_returns_the_value() -> None:
    steps = interruptible(lambda: time.sleep(0.3) or 7, WORKING)
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as stop:
            assert stop.value == 7
            break
    assert seen and set(seen) == {WORKING}


def test_what_it_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(interruptible(lambda: 1 / 0, WORKING))


def test_closing_it_ends_the_computation() -> None:
    counted = []

    def endless() -> None:
        while True:
            counted.append(len(counted))

    steps = interruptible(endless, WORKING)
    next(steps)
    began = time.monotonic()
    steps.close()
    assert time.monotonic() - began < 0.5
    until_none_is_left(5.0)


def kept(count: int) -> tuple[int, ...]:
    return tuple(np.linspace(0, 19_999, count).astype(int).tolist())


@pytest.mark.parametrize(
    "task",
    [Inbetween(kept(3)), Inbetween(kept(400)), Continue(4.0, "a person walks"), Describe()],
    ids=["long gaps", "many gaps", "continue", "describe"],
)
def test_twenty_thousand_frames_are_given_up_at_once(starter_model, task: Task) -> None:
    engine = load_engine(str(starter_model))
    walk = last_result(engine.generate(Generate("a person walks", seconds=4.0, seed=1))).motions[0]
    # The longest that there may be: of an answer, the continuation is a part.
    long = walk.at(np.arange(19_880 if isinstance(task, Continue) else 20_000) % len(walk))
    long = Motion(long.rotations, long.root_position, 30.0, long.contacts)
    events = task.answer(engine, [long])
    waits = []  # CPU time: on a busy machine everything takes longer
    for _ in range(40 if isinstance(task, Inbetween) else 3):
        began = time.process_time()
        event = next(events)
        waits.append(time.process_time() - began)
        assert not isinstance(event, Result)
    began = time.process_time()
    events.close()
    # A single call of numpy or of the network on all frames is finished first.
    assert max(waits) < 2.0 and time.process_time() - began < 2.0
    until_none_is_left(20.0)


def test_only_the_beginning_of_a_long_motion_is_described(starter_model) -> None:
    engine = load_engine(str(starter_model))
    walk = last_result(engine.generate(Generate("a person walks", seconds=4.0, seed=1))).motions[0]
    first = walk.at(np.arange(20 * 60) % len(walk))
    long = walk.at(np.arange(19_000) % len(walk))
    began = time.monotonic()
    next(Describe().answer(engine, [long]))
    assert time.monotonic() - began < 2.0
    said = [last_result(engine.describe(Describe(), motion)).texts for motion in (long, first)]
    assert said[0] == said[1] != ()
