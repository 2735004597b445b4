"""Requests that are decoded together: the same bytes as alone, whatever else is in the batch."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from motiongpt.backend.engine import Engine, Progress, Result, last_result
from motiongpt.backend.engines import load_engine
from motiongpt.backend.engines.shared import tokens
from motiongpt.backend.engines.starter import engine as starter
from motiongpt.backend.engines.starter.vocabulary import CODES, MOST_LEVELS, unpack
from motiongpt.backend.engines.starter.writing import Answer, rows_are_independent
from motiongpt.backend.tasks import Continue, Generate
from motiongpt.retarget.motion import Motion

TASKS = [
    Generate("a person walks forward", 1.0, seed=1),
    Generate("jumps", None, seed=2, variations=2),
    Generate("someone bows deeply and slowly, then stands up again and looks around to the left", 0.8, seed=3),
    Generate("a person waves the right hand", 2.2, seed=4),
    Generate("a person kicks", 1.0, seed=5, temperature=0.5),
    Generate("a person waves the right hand", 2.2, seed=6, top_p=0.5),
    Generate("runs in a circle", 0.3, seed=7),
]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine("starter")


@pytest.fixture(scope="module")
def alone(engine: Engine) -> list[tuple[Motion, ...]]:
    return [last_result(task.answer(engine)).motions for task in TASKS]


def together(
    engine: Engine, tasks: list[Generate], dropped: Callable[[int], bool] = lambda number: False
) -> dict[int, tuple[Motion, ...]]:
    found: dict[int, tuple[Motion, ...]] = {}
    for number, event in engine.answer_batch(tasks, dropped):
        assert not isinstance(event, Exception), event
        assert number not in found
        if isinstance(event, Result):
            found[number] = event.motions
    return found


def bits(motions: tuple[Motion, ...]) -> list[tuple[bytes, ...]]:
    return [(m.rotations.tobytes(), m.root_position.tobytes(), m.contacts.tobytes(), repr(m.meta).encode())
            for m in motions]  # fmt: skip


@pytest.mark.parametrize("levels", [2, 7, MOST_LEVELS])
def test_a_token_keeps_its_codes_however_many_levels_it_has(levels: int) -> None:
    start: Any = SimpleNamespace(levels=levels)
    answer = Answer(start, 1, [np.random.default_rng(0)] * 3, 2)
    tokens = np.random.default_rng(1).integers(CODES // 2, CODES, (2, levels, 3))
    for token in tokens:
        answer.add(token)
    found = [[unpack(code, levels) for code in row] for row in answer.codes]
    assert np.array_equal(np.array(found), tokens.transpose(2, 0, 1))


@pytest.mark.parametrize(("processors", "rows"), [(1, 96), (2, 24), (16, 24)])
def test_results_are_the_same_alone_and_in_a_batch(
    engine: Engine, alone: list[tuple[Motion, ...]], monkeypatch: pytest.MonkeyPatch, processors: int, rows: int
) -> None:
    monkeypatch.setattr(starter, "processors", lambda: processors)
    monkeypatch.setattr(starter, "_BATCH_ROWS", rows)
    for order in (range(len(TASKS)), reversed(range(len(TASKS)))):
        numbers = list(order)
        found = together(engine, [TASKS[n] for n in numbers])
        assert [bits(found[i]) for i in range(len(numbers))] == [bits(alone[n]) for n in numbers]


def test_a_dropped_task_gets_no_more_events_and_the_others_are_unchanged(
    engine: Engine, alone: list[tuple[Motion, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starter, "processors", lambda: 1)
    monkeypatch.setattr(starter, "_BATCH_ROWS", 96)
    seen = dict.fromkeys(range(len(TASKS)), 0)
    motions = {}
    for number, event in engine.answer_batch(TASKS, lambda number: number == 3 and seen[3] >= 4):
        seen[number] += 1
        if isinstance(event, Result):
            motions[number] = event.motions
    assert seen[3] == 4  # of two dozen
    assert {n: bits(m) for n, m in motions.items()} == {n: bits(m) for n, m in enumerate(alone) if n != 3}


def test_where_rows_are_not_independent_every_task_has_its_own_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starter, "rows_are_independent", lambda *_: False)
    engine = load_engine("starter")
    assert engine._groups(TASKS) == [[number] for number in range(len(TASKS))]  # type: ignore[attr-defined]


def test_dependence_of_rows_is_found(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = engine._decoder  # type: ignore[attr-defined]
    assert isinstance(rows_are_independent(decoder, 2, 8), bool)
    graph = decoder.step

    class Dependent:
        def run(self, names: object, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            logits, *rest = graph.run(names, inputs)
            return [logits * np.float32(1.0 + 1e-6 * (len(logits) > 4)), *rest]

    monkeypatch.setattr(decoder, "step", Dependent())
    assert not rows_are_independent(decoder, 2, 8)


def test_what_can_be_batched(engine: Engine) -> None:
    assert all(engine.batches(task) for task in TASKS)
    assert not engine.batches(Generate("a person walks", 60.0))
    assert not engine.batches(Generate("a person walks", 4.0, variations=3))
    assert not engine.batches(Continue(2.0))


def test_events_of_a_batch_are_interleaved(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a cancel is seen within one token, and all progress bars move."""
    monkeypatch.setattr(starter, "processors", lambda: 1)
    numbers = [n for n, event in engine.answer_batch(TASKS[3:4] * 2) if isinstance(event, Progress)]
    assert numbers == [0, 1] * (len(numbers) // 2)


def test_previews_of_a_batch_take_turns(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """They would take a good part of the time, for figures that hardly move."""
    monkeypatch.setattr(starter, "processors", lambda: 1)
    clock = iter(range(10**6))
    monkeypatch.setattr(tokens.time, "monotonic", lambda: 0.01 * next(clock))
    alone = [event for event in TASKS[3].answer(engine) if isinstance(event, Progress) and event.motion]
    found = [n for n, event in engine.answer_batch([TASKS[3]] * 3) if isinstance(event, Progress) and event.motion]
    assert alone and 0 < len(found) <= len(alone) + 2
    assert found[0] == 0 and len(set(found)) > 1


def test_a_text_is_read_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    decoder, read = engine._decoder, []  # type: ignore[attr-defined]
    words = decoder._words

    class Counting:
        def run(self, names: object, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
            read.append(inputs["ids"].tolist())
            return words.run(names, inputs)

    monkeypatch.setattr(decoder, "_words", Counting())
    text = "a person walks as nobody has been asked to walk before"
    for seed in (1, 2):
        last_result(Generate(text, 0.3, seed=seed).answer(engine))
        together(engine, [Generate(text, 0.3, seed=seed), Generate(text, 0.3, seed=seed + 9)])
    assert len(read) == 1


def test_guidance_reaches_further_codes_where_it_is_asked_to(
    engine: Engine, alone: list[tuple[Motion, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alone and in a batch alike."""
    monkeypatch.setattr(engine, "_detail_guidance", 3.0)
    pushed = [last_result(task.answer(engine)).motions for task in TASKS[:2]]
    assert all(bits(one) != bits(other) for one, other in zip(pushed, alone, strict=False))
    found = together(engine, TASKS[:2])
    assert [bits(found[number]) for number in range(2)] == [bits(one) for one in pushed]
