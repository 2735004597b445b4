"""The gateway over real sockets with a cluster of threads whose replicas die, are stuck, or have other models."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.imitated_cluster import ImitatedCluster

from motiongpt.backend.cluster import member as member_module
from motiongpt.backend.cluster import pool as pool_module
from motiongpt.backend.cluster.pool import ATTEMPTS, Pool, Size
from motiongpt.backend.process import protocol
from motiongpt.backend.process import server as server_module
from motiongpt.backend.process.client import Client, ask
from motiongpt.backend.process.server import Server
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.errors import MotionGPTError

WAIT = 20.0
Start = Callable[..., Client]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(pool_module, "TICK", 0.01)
    monkeypatch.setattr(member_module, "ASK_INTERVAL", 0.02)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a gateway; returns a client. They end with the test."""
    ends: list[Callable[[], Any]] = []

    def run(cluster: ImitatedCluster, size: Size = Size(), model: str = "fake", **options: Any) -> Client:  # noqa: B008
        make = lambda wake: Pool(cluster, model, size, wake)  # noqa: E731
        server = Server(None, model, workers=make, **options)  # type: ignore[arg-type]
        thread = threading.Thread(target=server.run)
        thread.start()
        client = Client(server.handover)
        ends.extend([client.close, lambda: thread.join(WAIT), server.stop, cluster.close])
        return client

    yield run
    for end in reversed(ends):
        end()


def until(condition: Callable[[], bool]) -> None:
    """Wait for a condition, with a limit."""
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def answers(client: Client, wanted: int) -> Counter[tuple[str, str]]:
    """How often each request got each kind of last answer, until so many have one, and for a moment more."""
    found: Counter[tuple[str, str]] = Counter()
    deadline = time.monotonic() + 3 * WAIT
    while time.monotonic() < deadline and len({identifier for identifier, _ in found}) < wanted:
        client.wait(0.1)
        found.update(_last(client))
    time.sleep(0.3)
    found.update(_last(client))
    return found


def _last(client: Client) -> list[tuple[str, str]]:
    kinds = {protocol.Result: "result", protocol.Error: "error"}
    packets = [p for p in client.poll(1000) if type(p.message) in kinds]
    return [(p.id, getattr(p.message, "code", "result")) for p in packets]


def state(client: Client) -> protocol.ServerInfo:
    return ask(client, protocol.Status()).message.server  # type: ignore[union-attr, return-value]


def test_replicas_answer_at_the_same_time(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = ImitatedCluster(monkeypatch)
    client = start(cluster, Size(3, 3))
    until(lambda: "3 ×" in state(client).device)
    for seed in range(3):
        client.send(Generate("slow", seconds=10.0, seed=seed))
    first: set[str] = set()
    deadline = time.monotonic() + WAIT
    while len(first) < 3 and time.monotonic() < deadline:
        client.wait(0.1)
        for packet in client.poll():
            assert not isinstance(packet.message, protocol.Result), "one has ended before the others began"
            if isinstance(packet.message, protocol.Progress):
                first.add(packet.id)
    assert len(first) == 3


def test_jobs_of_replicas_that_die_are_done_once(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight requests always wait while replicas are killed at random moments."""
    monkeypatch.setattr(pool_module, "ATTEMPTS", 100)
    cluster = ImitatedCluster(monkeypatch, loading=0.01)
    client = start(cluster, Size(2, 2))
    chance, kills, sent, found = random.Random(5), 0, 0, Counter[tuple[str, str]]()
    monkeypatch.setenv("FAKE_BATCHES", "1")
    deadline = time.monotonic() + 3 * WAIT
    while kills < 60 and time.monotonic() < deadline:
        while sent - len(found) < 8:
            client.send(Generate("slow" if sent % 3 else "walks", seconds=0.6, seed=sent))
            sent += 1
        client.wait(chance.uniform(0.0, 0.05))
        found.update(_last(client))
        if cluster.alive and chance.random() < 0.5:
            chance.choice(list(cluster.alive)).kill()
            kills += 1
    found += answers(client, sent - len(found))
    assert kills == 60
    assert len(found) == sent
    assert set(found.values()) == {1}
    assert {kind for _, kind in found} == {"result"}


def test_a_request_that_ends_every_replica_is_answered_so(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = ImitatedCluster(monkeypatch)
    client = start(cluster)
    until(lambda: state(client).state == "ready")
    deadly = client.send(Generate("slow", seconds=10.0))
    deaths = 0
    found: list[tuple[str, str]] = []
    deadline = time.monotonic() + WAIT
    while not found and time.monotonic() < deadline:
        client.wait(0.02)
        packets = client.poll(1000)
        if any(isinstance(p.message, protocol.Progress) for p in packets) and cluster.alive:
            cluster.alive[0].kill()
            deaths += 1
            time.sleep(0.2)
            packets += client.poll(1000)  # the progress that it had sent is not the next one's
        found += [(p.id, p.message.code) for p in packets if isinstance(p.message, protocol.Error)]
    assert found == [(deadly, "worker_died")]
    assert deaths == ATTEMPTS
    assert ask(client, Generate("a person walks", seconds=1.0), timeout=WAIT).motions


def test_a_replica_that_is_stuck_is_ended_and_its_job_done(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_module, "SILENCE_LIMIT", 0.3)
    cluster = ImitatedCluster(monkeypatch)
    client = start(cluster)
    until(lambda: state(client).state == "ready")
    stuck = cluster.alive[0]
    stuck.stopped_at = time.monotonic()
    assert ask(client, Generate("a person walks", seconds=1.0), timeout=WAIT).motions
    assert stuck.dead.is_set()


def test_an_idle_replica_that_dies_is_replaced(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = ImitatedCluster(monkeypatch)
    client = start(cluster, Size(2, 2))
    until(lambda: "2 ×" in state(client).device)
    cluster.alive[0].kill()
    until(lambda: len(cluster.started) == 3)
    until(lambda: "2 ×" in state(client).device)


def test_cancels_reach_the_replica(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    client = start(ImitatedCluster(monkeypatch))
    until(lambda: state(client).state == "ready")
    identifier = client.send(Generate("slow", seconds=10.0))
    until(lambda: client.wait(0.1) and any(isinstance(p.message, protocol.Progress) for p in client.poll()))
    began = time.monotonic()
    client.send(protocol.Cancel(identifier))
    assert answers(client, 1) == {(identifier, "cancelled"): 1}
    assert time.monotonic() - began < 2.0  # of the two and a half that were left, in a fraction


def test_the_number_of_replicas_follows_the_queue(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = ImitatedCluster(monkeypatch)
    client = start(cluster, Size(1, 3, idle_seconds=0.2))
    until(lambda: state(client).state == "ready")
    assert len(cluster.alive) == 1
    others = [client.send(Generate("slow", seconds=2.0, seed=seed)) for seed in range(8)]
    until(lambda: len(cluster.alive) == 3)
    assert len(answers(client, len(others))) == 8
    until(lambda: len(cluster.alive) == 1)


def test_another_model_gets_a_replica_or_takes_the_place_of_an_idle_one(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = ImitatedCluster(monkeypatch, room_for=1)
    client = start(cluster, Size(1, 2))
    until(lambda: state(client).state == "ready")
    for model in ("other", "fake", "other"):
        assert ask(client, Generate("walks", seconds=1.0, model=model), timeout=WAIT).motions
    assert cluster.started == ["fake", "other", "fake", "other"]
    cluster.room_for = 2
    assert ask(client, Generate("walks", seconds=1.0, model="fake"), timeout=WAIT).motions
    assert ask(client, Generate("walks", seconds=1.0, model="other"), timeout=WAIT).motions
    assert len(cluster.started) == 5


def test_a_model_that_does_not_load_is_said_and_costs_no_other(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = ImitatedCluster(monkeypatch)
    client = start(cluster, Size(1, 2))
    until(lambda: state(client).state == "ready")
    with pytest.raises(MotionGPTError, match="damaged"):
        ask(client, Generate("walks", seconds=1.0, model="broken"), timeout=WAIT)
    assert ask(client, Generate("walks", seconds=1.0), timeout=WAIT).motions


def test_a_model_whose_replicas_die_while_they_load_is_given_up(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = ImitatedCluster(monkeypatch)
    cluster.deadly.add("large")
    client = start(cluster, Size(1, 2))
    until(lambda: state(client).state == "ready")
    with pytest.raises(MotionGPTError, match="died while it loaded the model"):
        ask(client, Generate("walks", seconds=1.0, model="large"), timeout=WAIT)
    assert cluster.started.count("large") == ATTEMPTS
    assert ask(client, Generate("walks", seconds=1.0), timeout=WAIT).motions


def test_a_default_model_that_does_not_load_is_the_servers_state(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    client = start(ImitatedCluster(monkeypatch), model="broken")
    until(lambda: state(client).state == "failed")
    assert "damaged" in state(client).message


def test_texts_that_wait_are_answered_in_one_batch(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_BATCHES", "1")
    client = start(ImitatedCluster(monkeypatch))
    until(lambda: state(client).state == "ready")
    for seed in range(6):
        client.send(Generate("slow", seconds=1.0, seed=seed))
    assert len(answers(client, 6)) == 6
    assert state(client).figures.together >= 4
