"""Work in several threads, its events in one iterator."""

import threading
from collections.abc import Iterator

import pytest

from motiongpt.backend.engines.shared.lanes import in_lanes, processors


def test_all_events_of_all_groups_come() -> None:
    for lanes in (1, 2, 8):
        assert sorted(in_lanes([3, 4, 5], lambda n: iter(range(n)), lanes)) == sorted([*range(3), *range(4), *range(5)])
    assert processors() >= 1


def test_groups_run_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=10)

    def work(group: int) -> Iterator[int]:
        meeting.wait()
        yield group

    assert sorted(in_lanes([0, 1], work, 2)) == [0, 1]


def test_closing_ends_the_work_and_leaves_no_thread() -> None:
    before, ended = threading.active_count(), []

    def work(group: int) -> Iterator[int]:
        try:
            while True:
                yield group
        finally:
            ended.append(group)

    events = in_lanes([0, 1], work, 2)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert sorted(ended) in ([0, 1], [0], [1]) and threading.active_count() == before


def test_a_failure_is_raised() -> None:
    def work(group: int) -> Iterator[int]:
        yield group
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(in_lanes([0, 1, 2], work, 2))
