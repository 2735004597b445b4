"""The queue is fair between clients, and one of them can't fill it."""

import pytest
from support.motions import standing

from motiongpt.backend import limits
from motiongpt.backend.process.fair_queue import FairQueue
from motiongpt.backend.process.worker import Job
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.errors import MotionGPTError


def job(client: str, name: str = "") -> Job:
    return Job(client.encode(), name, Generate("walk"), ())


def taken(queue: FairQueue) -> list[str]:
    jobs = []
    while (one := queue.get()) is not None:
        jobs.append(one.peer.decode() + one.id)
    return jobs


def test_clients_take_turns() -> None:
    queue = FairQueue()
    positions = [queue.put(job(*name)) for name in ("a1", "a2", "a3", "b1", "c1", "b2")]
    assert positions == [0, 1, 2, 1, 2, 4]
    assert [one.peer.decode() + one.id for one in queue] == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert len(queue) == 6
    assert taken(queue) == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert len(queue) == 0


def test_who_comes_back_waits_for_the_others() -> None:
    queue = FairQueue()
    for name in ("a1", "a2", "b1"):
        queue.put(job(*name))
    assert queue.get().id == "1"
    queue.put(job("a", "3"))
    assert taken(queue) == ["b1", "a2", "a3"]


def test_a_job_can_be_taken_out_once() -> None:
    queue = FairQueue()
    first, second = job("a", "1"), job("a", "2")
    queue.put(first), queue.put(second)
    assert queue.remove(first) and not queue.remove(first) and not queue.remove(job("b"))
    assert taken(queue) == ["a2"] and not queue.remove(second)


def test_one_client_has_eight_places_and_others_their_own() -> None:
    queue = FairQueue()
    for number in range(limits.MAX_QUEUE):
        queue.put(job("greedy", str(number)))
    with pytest.raises(MotionGPTError) as caught:
        queue.put(job("greedy", "more"))
    assert caught.value.kind == "busy"
    assert queue.put(job("patient")) == 1


def test_the_fuller_it_is_the_less_one_client_gets_and_it_has_an_end() -> None:
    queue = FairQueue()
    held: dict[str, int] = {}
    for client in range(200):
        name = str(client)
        for number in range(limits.MAX_QUEUE):
            try:
                queue.put(job(name, str(number)))
            except MotionGPTError as error:
                assert error.kind == "busy"
                break
            held[name] = held.get(name, 0) + 1
    assert sum(held.values()) == limits.MAX_WAITING == len(queue)
    assert len(held) > limits.MAX_WAITING // limits.MAX_QUEUE  # not the first eight alone


def test_a_batch_takes_no_job_before_another_of_its_client() -> None:
    queue = FairQueue()
    for name in ("a1", "b!", "a2", "b2", "c1", "a3"):
        queue.put(job(*name))
    fitting = queue.take(lambda one: one.id != "!", 3)
    assert [one.peer.decode() + one.id for one in fitting] == ["a1", "c1", "a2"]
    assert taken(queue) == ["b!", "a3", "b2"]


def test_a_batch_is_taken_from_the_front() -> None:
    queue = FairQueue()
    for number in range(12):
        queue.put(job(chr(ord("a") + number), "!" if number < 5 else "1"))
    assert [one.peer.decode() for one in queue.take(lambda one: one.id != "!", 3)] == ["f"]
    assert len(queue) == 11


def test_motion_that_waits_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    queue, walk = FairQueue(), standing(100)
    one = Job(b"a", "1", Generate("walk"), (walk,))
    monkeypatch.setattr(limits, "MAX_WAITING_BYTES", 2 * one.size)
    assert one.size > 100 * 22 * 4 * 4
    for client in (b"a", b"b"):
        queue.put(Job(client, "1", Generate("walk"), (walk,)))
    with pytest.raises(MotionGPTError, match="waiting already"):
        queue.put(Job(b"c", "1", Generate("walk"), (walk,)))
    queue.put(Job(b"c", "1", Generate("walk"), ()))
