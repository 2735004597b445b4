"""What a replica sends in one message, and when."""

from typing import Any

import pytest
from support import fake_engine

from motiongpt.backend.cluster import replica as replica_module
from motiongpt.backend.cluster.replica import PREVIEW_SECONDS, TOGETHER_SECONDS, Replica, _Bundle
from motiongpt.backend.process import protocol
from motiongpt.backend.process.worker import Job, Outcome
from motiongpt.backend.tasks import Generate

JOB = Job(b"", "a", Generate("walks", seconds=1.0), ())
TEXT, MOTION = [b"header"], [b"header", b"rotations"]


def outcome(frames: list[bytes], last: bool = False) -> Outcome:
    return Outcome(JOB, frames, last)


def test_the_first_motion_and_the_answer_are_sent_at_once_and_the_rest_now_and_then() -> None:
    bundle = _Bundle(1, 10.0)
    bundle.add(0, outcome(TEXT), 10.0)
    assert bundle.due == pytest.approx(10.0 + PREVIEW_SECONDS)
    bundle.add(0, outcome(MOTION), 10.01)
    assert bundle.due == 10.01
    assert bundle.taken(10.01) == [(0, MOTION, False, "")]
    newest = [b"newest", b"rotations"]
    for now, frames in ((10.02, MOTION), (10.05, newest), (10.06, TEXT)):  # no text hides the motion before it
        bundle.add(0, outcome(frames), now)
    assert bundle.due == pytest.approx(10.01 + PREVIEW_SECONDS)
    bundle.add(0, outcome([b"answer", b"rotations"], last=True), 10.07)
    assert (bundle.due, bundle.open_jobs) == (10.07, 0)
    assert bundle.taken(10.07) == [(0, [b"answer", b"rotations"], True, "")]


def test_answers_of_a_batch_wait_a_moment_for_each_other() -> None:
    bundle = _Bundle(2, 10.0)
    bundle.add(0, outcome(MOTION, last=True), 10.0)
    assert bundle.due == pytest.approx(10.0 + TOGETHER_SECONDS)
    bundle.add(1, outcome(MOTION, last=True), 10.01)
    assert bundle.due == 10.01  # nothing is left to wait for
    assert len(bundle.taken(10.01)) == 2


@pytest.mark.parametrize("batches", ["0", "1"])
def test_every_request_has_one_last_reply_and_few_messages(monkeypatch: pytest.MonkeyPatch, batches: str) -> None:
    monkeypatch.setenv("FAKE_BATCHES", batches)
    monkeypatch.setattr(replica_module, "load_engine", lambda name, *rest: fake_engine.make(name, "cpu"))
    replica = Replica("fake", "cpu", "auto", 0)
    replica.about()
    tasks = [Generate("walks", seconds=1.0 + seed, seed=seed) for seed in range(4)]
    messages = list(replica.answer([(n, protocol.encode(f"r{n}", task)) for n, task in enumerate(tasks)]))
    replies = [reply for message in messages for reply in message]
    assert sorted(number for number, _, last, _ in replies if last) == [0, 1, 2, 3]
    assert [number for number, _, last, _ in replies if last and not _is_result(number, replies)] == []
    assert len(messages) <= len(replies) <= 4 * 4


def _is_result(number: int, replies: list[Any]) -> bool:
    frames = next(frames for n, frames, last, _ in replies if n == number and last)
    packet = protocol.decode(frames)
    return isinstance(packet.message, protocol.Result) and packet.id == f"r{number}" and bool(packet.motions)


def test_a_replica_whose_engine_has_ended_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica_module, "load_engine", lambda name, *rest: fake_engine.make(name, "cpu"))
    replica = Replica("fake", "cpu", "auto", 0)
    replica.about()
    replica._worker.jobs.put(None)
    replica._worker.join(5.0)
    with pytest.raises(RuntimeError, match="thread has ended"):
        list(replica.answer([(0, protocol.encode("r0", Generate("walks", seconds=1.0)))]))
