"""The client of the benchmark that kills a cluster's parts, with a real server that is replaced while it is asked."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from support import fake_engine

from motiongpt.backend.bench import shared_client
from motiongpt.backend.bench.shared_client import ENOUGH, KEYS, SEEDS, WAITING, _Asker, digest, noted, task
from motiongpt.backend.bench.shared_faults import _free_port, counted
from motiongpt.backend.engine import last_result
from motiongpt.backend.process import protocol
from motiongpt.backend.process.access.keys import KeyFile
from motiongpt.backend.process.connection import LOOPBACK, Handover, write_handover
from motiongpt.backend.process.server import Server
from motiongpt.retarget.errors import MotionGPTError

WAIT = 60.0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def serve(keys: KeyFile, port: int) -> Callable[[], None]:
    """Starts a server; returns what ends it."""
    deadline = time.monotonic() + WAIT
    while True:
        try:
            load = lambda name: fake_engine.make(name, "cpu", gate=lambda: time.sleep(0.03))  # noqa: E731
            server = Server(load, "fake", keys=keys, port=port)
            break
        except MotionGPTError:  # the last one's port is not free yet
            assert time.monotonic() < deadline
            time.sleep(0.05)
    thread = threading.Thread(target=server.run)
    thread.start()

    def end() -> None:
        server.stop()
        thread.join(WAIT)

    return end


def test_what_a_server_had_is_asked_of_its_successor_and_answered_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_client, "BEAT", 0.1)
    keys, port = KeyFile.create(tmp_path / "keys"), _free_port()
    handover = Handover(f"tcp://{LOOPBACK}:{port}", keys.keys.server_key, *keys.add("anna"), protocol.VERSION, 0)
    write_handover(handover, tmp_path / KEYS)
    asker = threading.Thread(target=_Asker(tmp_path).run, daemon=True)
    asker.start()
    for _ in range(3):
        before = len(noted(tmp_path, "answer"))
        end = serve(keys, port)
        until(lambda before=before: len(noted(tmp_path, "answer")) > before + WAITING)  # type: ignore[misc]
        end()
    end = serve(keys, port)
    (tmp_path / ENOUGH).touch()
    asker.join(WAIT)
    end()
    assert not asker.is_alive()
    counts = counted(tmp_path, lived=True)
    assert (counts["twice"], counts["silent"], counts["failed"]) == (0, 0, 0)
    assert counts["sent"] == counts["answered"] > 3 * WAITING and counts["again"] >= 1
    engine = fake_engine.make("fake", "cpu")
    right = [digest(last_result(engine.generate(task(seed))).motions[0]) for seed in range(SEEDS)]
    assert len(set(right)) == SEEDS
    assert all(right[int(seed)] == found for seed, found in (line.split() for line in noted(tmp_path, "motion")))


def test_what_is_lost_or_delivered_twice_is_counted(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("sent 0\nsent 1\nanswer 0\nanswer 0\nsent 2\nagain 2\nfailure 2\n")
    assert counted(tmp_path, lived=True) == Counter(sent=3, answered=1, failed=1, twice=1, again=1, silent=1)
    assert counted(tmp_path, lived=False)["silent"] == 0  # nobody was left to be told
    assert counted(tmp_path / "nowhere", lived=True)["sent"] == 0
