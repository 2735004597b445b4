"""How long the extension waits at each stage, and what it does with a server that was started anew; by a clock that the
test sets, with a process and a connection that are imitated."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from motiongpt.addon.jobs import service as service_module
from motiongpt.addon.jobs.service import ANSWER_LIMIT, LOAD_LIMIT, START_LIMIT, STUCK, Service, Startup
from motiongpt.backend.process import client as client_module
from motiongpt.backend.process import protocol
from motiongpt.backend.process.child import State
from motiongpt.backend.process.protocol import ModelState, ServerInfo
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.errors import MotionGPTError


class ImitatedProcess:
    """handover: None until it is up."""

    pid, log_path = 1, Path("log.txt")

    def __init__(self, handover: object) -> None:
        self.handover, self.killed = handover, 0

    def poll(self) -> State:
        return State.DEAD if self.killed else State.READY

    def kill(self) -> None:
        self.killed += 1

    stop = kill


class ImitatedClient:
    """Answers every question about the server, and no request."""

    info = ServerInfo("1", "starter", "cpu", ModelState.READY)

    def __init__(self, handover: object) -> None:
        self._replies: list[protocol.Packet] = []

    def send(self, message: Any, motions: Any = ()) -> str:
        identifier = uuid4().hex
        if isinstance(message, protocol.Hello | protocol.Status):
            self._replies.append(protocol.Packet(identifier, protocol.Result(server=self.info)))
        return identifier

    def poll(self) -> list[protocol.Packet]:
        replies, self._replies = self._replies, []
        return replies

    def close(self) -> None:
        pass


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(service_module, "time", clock)
    monkeypatch.setattr(client_module, "Client", ImitatedClient)
    monkeypatch.setattr(ImitatedClient, "info", ImitatedClient.info)
    return clock


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> ImitatedProcess:
    process = ImitatedProcess("keys")
    imitated = SimpleNamespace(start=lambda *rest: process, Elsewhere=lambda *rest: process, dependency_paths=list)
    monkeypatch.setattr(service_module, "_backend_process", lambda: imitated)
    return process


@pytest.fixture
def service(clock: Clock, process: ImitatedProcess) -> Iterator[Service]:
    service = Service()
    yield service
    service.stop()


def given_up(clock: Clock, look: Any) -> tuple[float, MotionGPTError]:
    """Look every half second until it raises; returns when it does, and the error."""
    began = clock.now
    while clock.now - began < 2_000.0:
        clock.now += 0.5
        try:
            look()
        except MotionGPTError as error:
            return clock.now - began, error
    raise AssertionError("it waits for ever")


def test_a_process_that_does_not_start_is_given_up(service: Service, clock: Clock, process: ImitatedProcess) -> None:
    process.handover = None
    service.start(Startup(Path("log.txt")))
    seconds, error = given_up(clock, service.ready)
    assert seconds == pytest.approx(START_LIMIT, abs=2.0) and "has not started within 120 seconds" in error.message
    assert process.killed and "log.txt" in error.cure and service.status().failed


def test_a_model_that_does_not_load_in_time_is_given_up(
    service: Service, clock: Clock, process: ImitatedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImitatedClient, "info", ServerInfo("1", "starter", "cpu", ModelState.LOADING))
    service.start(Startup(Path("log.txt")))
    seconds, error = given_up(clock, service.ready)
    assert seconds == pytest.approx(LOAD_LIMIT, abs=2.0) and "has not loaded its model within 900" in error.message
    assert process.killed


def asked(service: Service, clock: Clock) -> str:
    while not service.ready():
        clock.now += 0.1
    return service.ask(Generate("a person walks"))


def test_a_request_without_progress_is_given_up_though_the_server_answers(
    service: Service, clock: Clock, process: ImitatedProcess
) -> None:
    service.start(Startup(Path("log.txt")))
    request = asked(service, clock)
    seconds, error = given_up(clock, lambda: service.poll(request))
    assert seconds == pytest.approx(ANSWER_LIMIT, abs=2.0) and error.kind == STUCK  # another does it once
    assert "has not got on with a request for 300 seconds" in error.message and process.killed


def test_a_request_to_a_server_that_was_started_anew_is_given_up_at_once(
    service: Service, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (ServerInfo("1", "starter", "cpu", ModelState.READY, instance=name) for name in "ab")
    monkeypatch.setattr(ImitatedClient, "info", first)
    service.start(Startup(Path("log.txt"), server=Path("anna.json")))
    request = asked(service, clock)
    monkeypatch.setattr(ImitatedClient, "info", second)
    seconds, error = given_up(clock, lambda: service.poll(request))
    assert seconds < 5.0 and error.kind == STUCK and "started anew" in error.message
    assert error.cure == "See whether the server runs, and whether this machine reaches it."


def test_a_server_that_was_started_anew_while_nothing_was_asked_goes_unnoticed(
    service: Service, clock: Clock, process: ImitatedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImitatedClient, "info", ServerInfo("1", "starter", "cpu", ModelState.READY, instance="a"))
    service.start(Startup(Path("log.txt"), server=Path("anna.json")))
    while not service.ready():
        clock.now += 0.1
    monkeypatch.setattr(ImitatedClient, "info", ServerInfo("1", "starter", "cpu", ModelState.READY, instance="b"))
    for _ in range(20):
        clock.now += 0.5
        service.watch()
    assert not service.status().failed and not process.killed
    assert service.info is not None and service.info.instance == "b"
