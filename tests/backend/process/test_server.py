"""The server over real loopback sockets, in a thread of the test, with an engine that is stepped token by token."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import zmq
from support import fake_engine

from motiongpt.backend import limits
from motiongpt.backend.process import protocol
from motiongpt.backend.process import server as server_module
from motiongpt.backend.process import worker as worker_module
from motiongpt.backend.process.client import Client, ask
from motiongpt.backend.process.connection import Handover, connect, read_handover
from motiongpt.backend.process.server import Server
from motiongpt.backend.tasks import Continue, Describe, Generate, Inbetween
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion

WAIT = 10.0


class Running:
    """A server and its engine, which makes tokens only on step(n), n at a time, until `open` lets it run freely."""

    def __init__(self, load: Callable[[str], Any] | None = None) -> None:
        self._permits = threading.Semaphore(0)
        self._open = False
        self.engine = fake_engine.make("fake", "cpu", self._gate)
        self.server = Server(load or (lambda name: self.engine), "fake", models=("fake", "other"))
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def _gate(self) -> None:
        if not self._open and not self._permits.acquire(timeout=WAIT):
            raise RuntimeError("the test let no token through")

    def step(self, tokens: int = 1) -> None:
        self._permits.release(tokens)

    def open(self) -> None:
        self._open = True
        self._permits.release(1000)

    def close(self) -> None:
        self.server.stop()
        self.open()
        self.thread.join(WAIT)
        assert not self.thread.is_alive()


@pytest.fixture(autouse=True)
def quick_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "POLL_SECONDS", 0.02)  # how long `stop` may take


@pytest.fixture
def running() -> Iterator[Running]:
    server = Running()
    yield server
    server.close()


@pytest.fixture
def client(running: Running) -> Iterator[Client]:
    client = Client(running.server.handover)
    yield client
    client.close()


def next_packet(client: Client, identifier: str, kind: type[Any]) -> protocol.Packet:
    """The next reply of that kind to that request; others before it are dropped."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        client.wait(0.1)
        for packet in client.poll(most=1):
            if packet.id == identifier and isinstance(packet.message, kind):
                return packet
    raise AssertionError(f"no {kind.__name__} for {identifier}")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_hello_returns_the_state_of_the_server(running: Running, client: Client) -> None:
    until(lambda: ask(client, protocol.Hello("test")).message.server.state == "ready")
    info = ask(client, protocol.Status()).message.server
    assert (info.model, info.tasks, info.max_seconds, info.models) == ("fake", ("generate",), 10.0, ("fake", "other"))
    assert not info.running and info.waiting == 0


def test_hello_is_answered_while_the_model_loads() -> None:
    loaded = threading.Event()

    def load(name: str) -> Any:
        assert loaded.wait(WAIT)
        return fake_engine.make(name, "cpu")

    running = Running(load)
    client = Client(running.server.handover)
    assert ask(client, protocol.Hello()).message.server.state == "loading"
    identifier = client.send(Generate("walk"))
    next_packet(client, identifier, protocol.Accepted)
    loaded.set()
    assert next_packet(client, identifier, protocol.Result).motions
    assert ask(client, protocol.Hello()).message.server.state == "ready"
    client.close()
    running.close()


@pytest.mark.parametrize(
    ("error", "code"),
    [(MotionGPTError("No such model.", "Install it.", "no_model"), "no_model"), (ValueError("a bug"), "internal")],
)
def test_a_model_that_fails_to_load_is_reported_and_tried_again(error: Exception, code: str) -> None:
    attempts = []

    def load(name: str) -> Any:
        attempts.append(name)
        if len(attempts) < 3:
            raise error
        return fake_engine.make(name, "cpu")

    running = Running(load)
    client = Client(running.server.handover)
    until(lambda: ask(client, protocol.Hello()).message.server.state == "failed")
    info = ask(client, protocol.Hello()).message.server
    assert str(error.args[0]).split(".")[0] in info.message and info.cure
    with pytest.raises(MotionGPTError) as caught:
        ask(client, Generate("walk"))
    assert caught.value.kind == code
    assert len(ask(client, Generate("walk")).motions) == 1
    client.close()
    running.close()


def test_another_model_is_loaded_when_asked_for() -> None:
    names = []

    def load(name: str) -> Any:
        names.append(name)
        return fake_engine.make(name, "cpu")

    running = Running(load)
    client = Client(running.server.handover)
    for model in ("", "other", "other", "fake"):
        motion = ask(client, Generate("walk", model=model)).motions[0]
        assert motion.meta["model"] == (model or "fake")
    assert names == ["fake", "other", "fake"]
    client.close()
    running.close()


def test_generate_gives_progress_with_partial_motion_then_the_result(running: Running, client: Client) -> None:
    identifier = client.send(Generate("walk", seconds=2.0, seed=7, variations=3, top_p=0.5))
    assert next_packet(client, identifier, protocol.Accepted).message.position == 0
    running.step()
    progress = next_packet(client, identifier, protocol.Progress)
    assert progress.message == protocol.Progress("tokens", 0.0)
    assert len(progress.motions[0]) == fake_engine.FRAMES_A_TOKEN
    assert ask(client, protocol.Status()).message.server.running
    running.open()
    result = next_packet(client, identifier, protocol.Result)
    direct = [e for e in fake_engine.make("fake", "cpu").generate(running.engine.requests[0]) if hasattr(e, "motions")]
    assert len(result.motions) == 3
    for ours, theirs in zip(result.motions, direct[0].motions, strict=True):
        np.testing.assert_array_equal(ours.rotations, theirs.rotations)
        assert ours.meta == theirs.meta
    request = running.engine.requests[0]
    assert (request.prompt, request.seconds, request.seed, request.variations) == ("walk", 2.0, 7, 3)
    assert (request.temperature, request.top_p) == (None, 0.5)


def test_cancel_takes_effect_within_one_token(running: Running, client: Client) -> None:
    identifier = client.send(Generate("walk", seconds=10.0))
    running.step(3)
    until(lambda: running.engine.tokens == 3)
    ask(client, protocol.Cancel(identifier))
    running.step(10)
    assert next_packet(client, identifier, protocol.Error).message.code == "cancelled"
    assert running.engine.tokens <= 4
    running.open()
    assert ask(client, Generate("walk")).motions  # and the next request runs


def test_requests_queue_and_run_in_order(running: Running, client: Client) -> None:
    ids = [client.send(Generate(f"walk {i}", seconds=0.4)) for i in range(3)]
    positions = [next_packet(client, identifier, protocol.Accepted).message.position for identifier in ids]
    assert positions == [0, 1, 2]
    ask(client, protocol.Cancel(ids[1]))
    assert next_packet(client, ids[1], protocol.Error).message.code == "cancelled"
    assert ask(client, protocol.Status()).message.server.waiting == 1
    running.open()
    for identifier, text in ((ids[0], "walk 0"), (ids[2], "walk 2")):
        assert next_packet(client, identifier, protocol.Result).motions[0].meta["text"] == text
    assert [r.prompt for r in running.engine.requests] == ["walk 0", "walk 2"]


def test_a_full_queue_refuses(running: Running, client: Client) -> None:
    ids = [client.send(Generate("walk")) for _ in range(1 + limits.MAX_QUEUE)]
    for identifier in ids:
        next_packet(client, identifier, protocol.Accepted)
    with pytest.raises(MotionGPTError) as caught:
        ask(client, Generate("walk"))
    assert caught.value.kind == "busy"
    ask(client, protocol.Cancel(ids[-1]))
    next_packet(client, client.send(Generate("walk")), protocol.Accepted)


@pytest.mark.parametrize(
    ("message", "motions", "code"),
    [
        (Generate(" "), 0, "bad_input"),
        (Generate("walk"), 1, "protocol"),
        (Describe(), 0, "protocol"),
        (Describe(), 1, "unsupported"),
        (Inbetween((0,)), 1, "unsupported"),
        (Continue(1.0), 1, "unsupported"),
        (protocol.Cancel("nothing"), 0, "unknown_request"),
        (protocol.Accepted(), 0, "protocol"),
        (Generate("fail"), 0, "bad_input"),
        (Generate("crash"), 0, "internal"),
    ],
    ids=str,
)
def test_errors_are_answered(running: Running, client: Client, message: Any, motions: int, code: str) -> None:
    running.open()
    motion = Motion(np.ones((2, 22, 4)) / 2, np.zeros((2, 3)), 20.0, np.zeros((2, 4)))
    with pytest.raises(MotionGPTError) as caught:
        ask(client, message, [motion] * motions)
    assert caught.value.kind == code
    if code == "unsupported":
        assert "it can make motion from text" in caught.value.message
    assert ask(client, Generate("walk")).motions  # the server still runs


def test_a_bug_in_the_engine_leaves_its_traceback_in_the_log(
    running: Running, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    running.open()
    with pytest.raises(MotionGPTError, match="ZeroDivisionError"):
        ask(client, Generate("crash"))
    assert "fake_engine.py" in caplog.text and "Traceback" in caplog.text


def test_an_id_that_is_in_use_is_refused(running: Running, client: Client) -> None:
    client.send(Generate("walk"), identifier="same")
    next_packet(client, "same", protocol.Accepted)
    client.send(Generate("walk"), identifier="same")
    assert next_packet(client, "same", protocol.Error).message.code == "protocol"


def test_noise_never_ends_the_server(running: Running, client: Client) -> None:
    rng = random.Random(2)
    socket = connect(zmq.Context.instance(), running.server.handover)
    for _ in range(500):
        socket.send_multipart([rng.randbytes(rng.randrange(60)) for _ in range(rng.randrange(1, 200))])
    socket.send_multipart([b"x" * 1000] * 5000)
    good = protocol.encode("late", protocol.Status())
    socket.send_multipart(good)
    replies = []
    while socket.poll(int(WAIT * 1000)):
        replies.append(protocol.decode(socket.recv_multipart()))
        if replies[-1].id == "late":
            break
    assert len(replies) == 502  # one answer each
    assert all(isinstance(reply.message, protocol.Error) for reply in replies[:-1])
    socket.close(0)
    running.open()
    assert ask(client, Generate("walk")).motions


def test_a_frame_over_the_limit_is_cut_off_by_the_transport(running: Running, client: Client) -> None:
    socket = connect(zmq.Context.instance(), running.server.handover)
    socket.send_multipart([protocol.encode("big", protocol.Status())[0], bytes(limits.MAX_ARRAY_BYTES + 10_000)])
    assert not socket.poll(500)
    socket.close(0)
    assert ask(client, protocol.Status()).message.server


def test_another_major_version_gets_a_readable_error(running: Running) -> None:
    socket = connect(zmq.Context.instance(), running.server.handover)
    socket.send(msgspec.msgpack.encode({"protocol": [9, 0], "id": "new", "message": {"kind": "sing"}}))
    assert socket.poll(int(WAIT * 1000))
    reply = protocol.decode(socket.recv_multipart())
    assert reply.id == "new"
    assert reply.message.code == "protocol" and "9.0" in reply.message.message
    socket.close(0)


def gets_an_answer(handover: Handover, seconds: float) -> bool:
    client = Client(handover)
    client.send(protocol.Hello())
    answered = client.wait(seconds)
    client.close()
    return answered


def test_only_the_keys_that_were_handed_over_get_in(running: Running) -> None:
    handover = running.server.handover
    assert gets_an_answer(handover, WAIT)
    other_public, other_secret = (key.decode() for key in zmq.curve_keypair())
    assert not gets_an_answer(replace_keys(handover, client_key=other_public, client_secret=other_secret), 0.7)
    assert not gets_an_answer(replace_keys(handover, server_key=other_public), 0.7)
    plain = zmq.Context.instance().socket(zmq.DEALER)
    plain.connect(handover.endpoint)
    plain.send_multipart(protocol.encode("x", protocol.Hello()))
    assert not plain.poll(700)
    plain.close(0)
    assert gets_an_answer(handover, WAIT)


def replace_keys(handover: Handover, **keys: str) -> Handover:
    return msgspec.structs.replace(handover, **keys)


def test_a_client_that_goes_away_loses_its_requests(running: Running, client: Client) -> None:
    leaving = Client(running.server.handover)
    first = leaving.send(Generate("walk", seconds=10.0))
    leaving.send(Generate("run", seconds=10.0))
    running.step()
    next_packet(leaving, first, protocol.Progress)
    leaving.close()
    mine = client.send(Generate("jump", seconds=0.4))

    def jumps() -> bool:
        running.step()
        time.sleep(worker_module.PROGRESS_INTERVAL)  # sending progress is how the server notices
        return len(running.engine.requests) == 2

    until(jumps)
    assert [r.prompt for r in running.engine.requests] == ["walk", "jump"]
    assert running.engine.tokens < 40  # of the 50 that were asked for first
    running.open()
    assert next_packet(client, mine, protocol.Result).motions[0].meta["text"] == "jump"


def test_shutdown_ends_the_server(running: Running, client: Client) -> None:
    client.send(Generate("walk"))
    ask(client, protocol.Shutdown())
    running.open()
    running.thread.join(WAIT)
    assert not running.thread.is_alive()


def test_the_server_ends_with_its_parent() -> None:
    gone = threading.Event()
    server = Server(lambda name: fake_engine.make(name, "cpu"), "fake", parent_gone=gone.is_set)
    thread = threading.Thread(target=server.run)
    thread.start()
    assert gets_an_answer(server.handover, WAIT)
    gone.set()
    thread.join(WAIT)
    assert not thread.is_alive()


def test_progress_messages_are_limited(running: Running, client: Client) -> None:
    running.open()
    shown: list[protocol.Packet] = []
    ask(client, Generate("walk", seconds=10.0), on_progress=shown.append)
    moved = [p for p in shown if isinstance(p.message, protocol.Progress)]
    assert 1 <= len(moved) < 50  # of 50 tokens
    assert moved[0].motions[0].fps == 20.0


@pytest.mark.parametrize("error", [MotionGPTError("No such model.", "Install it.", "no_model"), KeyError("layers")])
def test_a_bad_model_name_leaves_the_loaded_engine(error: Exception) -> None:
    loaded = []

    def load(name: str) -> Any:
        if name.startswith("bad"):
            raise error
        loaded.append(name)
        return fake_engine.make(name, "cpu")

    running = Running(load)
    client = Client(running.server.handover)
    assert ask(client, Generate("walk")).motions
    for name in ("bad", "bad\nname"):
        with pytest.raises(MotionGPTError):
            ask(client, Generate("walk", model=name))
        info = ask(client, protocol.Status()).message.server
        assert (info.state, info.model, info.tasks) == ("ready", "fake", ("generate",))
    assert ask(client, Generate("walk")).motions
    assert loaded == ["fake"]  # once
    client.close()
    running.close()


def test_a_request_that_would_take_all_memory_is_refused_at_once(running: Running, client: Client) -> None:
    running.engine.tasks = ("generate", "continue", "inbetween", "caption")
    for fps in (1e-3, 1e-9, 32_767.0, 1e6):
        motion = Motion(np.ones((90, 22, 4)) / 2, np.zeros((90, 3)), 20.0, np.zeros((90, 4)))
        for message in (Describe(), Inbetween((0, 89)), Continue(1.0)):
            frames = protocol.encode("tiny", message, [motion])
            header = msgspec.msgpack.decode(frames[0])
            header["motions"][0]["fps"] = fps
            client._socket.send_multipart([msgspec.msgpack.encode(header), *frames[1:]])
            assert "frames per second" in next_packet(client, "tiny", protocol.Error).message.cure
    assert running.engine.requests == []
    running.open()
    assert ask(client, Generate("walk")).motions


def test_one_client_can_not_keep_the_others_waiting(running: Running, client: Client) -> None:
    ids = [client.send(Generate(f"greedy {i}", seconds=0.2)) for i in range(1 + limits.MAX_QUEUE)]
    for identifier in ids:
        next_packet(client, identifier, protocol.Accepted)
    other = Client(running.server.handover)
    mine = other.send(Generate("patient", seconds=0.2))
    assert next_packet(other, mine, protocol.Accepted).message.position == 2  # the running one, and one of the first's
    running.open()
    assert next_packet(other, mine, protocol.Result).motions
    next_packet(client, ids[-1], protocol.Result)
    assert [r.prompt for r in running.engine.requests][:4] == ["greedy 0", "greedy 1", "patient", "greedy 2"]
    other.close()


def test_a_clients_name_writes_no_line_of_its_own(
    running: Running, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    ask(client, protocol.Hello("me\n2026-01-01 00:00:00 INFO root: all is well\x1b[2J"))
    said = [record.getMessage() for record in caplog.records if "Hello from" in record.getMessage()]
    assert said and all(line.isprintable() for line in said)


def test_the_first_of_two_servers_leaves_the_key_file_of_the_second(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    servers = [Server(lambda name: fake_engine.make(name, "cpu"), "fake") for _ in range(2)]
    threads = []
    for server in servers:
        threads.append(threading.Thread(target=server.run, args=(path,)))
        threads[-1].start()
        until(lambda one=server: read_handover(path) == one.handover)
    servers[0].stop()
    threads[0].join(WAIT)
    assert read_handover(path) == servers[1].handover and gets_an_answer(servers[1].handover, WAIT)
    servers[1].stop()
    threads[1].join(WAIT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["nowhere.invalid", "256.1.1.1", "", "127.0.0.1/x", "*", "a\nb", "203.0.113.7"])
def test_a_host_that_is_not_this_machine_is_refused_in_words(host: str) -> None:
    with pytest.raises(MotionGPTError, match="can't listen on") as caught:
        Server(lambda name: fake_engine.make(name, "cpu"), "fake", host=host)
    assert caught.value.message.isprintable()


def test_requests_that_wait_together_are_answered_in_one_batch(
    running: Running, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_BATCHES", "1")
    first = client.send(Generate("slow", 4.0))
    next_packet(client, first, protocol.Accepted)
    others = [client.send(Generate(prompt, 1.0, seed=i)) for i, prompt in enumerate(("walk", "crash", "jump", "walk"))]
    for identifier in others:
        next_packet(client, identifier, protocol.Accepted)
    running.step(20)
    next_packet(client, first, protocol.Result)
    client.send(protocol.Cancel(others[3]))
    ask(client, protocol.Status())  # what a client sends is read in order: the cancel was read too
    running.step(3)
    ends = {}
    running.open()
    for packet in replies_until(client, set(others)):
        ends.setdefault(packet.id, []).append(packet)
    assert running.engine.batched == 4
    kinds = [type(ends[one][-1].message) for one in others]
    assert kinds == [protocol.Result, protocol.Error, protocol.Result, protocol.Error]
    assert [ends[one][-1].message.code for one in (others[1], others[3])] == ["internal", "cancelled"]
    alone = ask(client, Generate("walk", 1.0, seed=0)).motions[0]
    assert np.array_equal(alone.rotations, ends[others[0]][-1].motions[0].rotations)
    figures = ask(client, protocol.Status()).message.server.figures
    assert (figures.answered, figures.failed, figures.cancelled, figures.together) == (4, 1, 1, 4)
    assert figures.errors == {"internal": 1} and figures.took.longest >= figures.took.half > 0


def replies_until(client: Client, wanted: set[str]) -> Iterator[protocol.Packet]:
    """Replies until the last one of each of these requests."""
    deadline = time.monotonic() + WAIT
    while wanted:
        assert time.monotonic() < deadline
        client.wait(0.1)
        for packet in client.poll():
            yield packet
            if isinstance(packet.message, protocol.Result | protocol.Error):
                wanted.discard(packet.id)
