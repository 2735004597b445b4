"""Keys of a server that several people use: who is let in, and who no more, over real sockets."""

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import fake_engine

from motiongpt.backend.process import protocol
from motiongpt.backend.process import server as server_module
from motiongpt.backend.process.access.keys import KeyFile, fingerprint
from motiongpt.backend.process.client import Client, ask
from motiongpt.backend.process.connection import Handover
from motiongpt.backend.process.server import Server
from motiongpt.backend.tasks import Generate
from motiongpt.retarget.errors import MotionGPTError


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(server_module, "POLL_SECONDS", 0.02)
    keys = KeyFile.create(tmp_path / "keys.json")
    running = Server(lambda name: fake_engine.make(name, "cpu"), "fake", models=("fake", "other"), keys=keys)
    thread = threading.Thread(target=running.run)
    thread.start()
    yield running
    running.stop()
    thread.join(10.0)


def handover(server: Server, key: str, secret: str) -> Handover:
    there = server.handover
    return Handover(there.endpoint, there.server_key, key, secret, protocol.VERSION, 0)


def hears(to: Handover, seconds: float) -> bool:
    client = Client(to)
    try:
        client.send(protocol.Hello("a test"))
        return client.wait(seconds)
    finally:
        client.close()


def test_each_client_has_keys_and_a_removed_one_is_let_in_no_more(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    anna, ben = (handover(server, *KeyFile(path).add(name)) for name in ("anna", "ben"))
    assert hears(anna, 10.0)
    assert hears(ben, 10.0)
    KeyFile(path).remove("anna")
    assert not hears(anna, 1.0)
    assert hears(ben, 10.0)


def test_a_new_key_file_of_a_client_ends_its_old_one(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    old = handover(server, *KeyFile(path).add("anna"))
    new = handover(server, *KeyFile(path).add("anna"))
    assert hears(new, 10.0)
    assert not hears(old, 1.0)


def test_a_damaged_file_changes_nothing_while_the_server_runs(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    anna = handover(server, *KeyFile(path).add("anna"))
    assert hears(anna, 10.0)
    path.write_text("{", encoding="utf-8")
    assert hears(anna, 10.0)


def test_no_client_ends_a_shared_server_or_names_a_folder_of_it(server: Server, tmp_path: Path) -> None:
    client = Client(handover(server, *KeyFile(tmp_path / "keys.json").add("anna")))
    try:
        with pytest.raises(MotionGPTError, match="no client can end it"):
            ask(client, protocol.Shutdown())
        with pytest.raises(MotionGPTError, match="no model"):
            ask(client, Generate("walks", seconds=1.0, model="/etc"))
        assert ask(client, Generate("walks", seconds=1.0, model="other")).motions
    finally:
        client.close()


def test_the_servers_keys_stay_and_so_does_its_fingerprint(tmp_path: Path) -> None:
    first = KeyFile.create(tmp_path / "keys.json")
    first.add("anna")
    again = KeyFile.create(tmp_path / "keys.json")
    assert again.keys == first.keys
    shown = fingerprint(first.keys.server_key)
    assert len(shown.split()) == 8
    assert shown != fingerprint(KeyFile.create(tmp_path / "other.json").keys.server_key)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_only_the_user_reads_the_file(tmp_path: Path) -> None:
    KeyFile.create(tmp_path / "keys.json").add("anna")
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("content", ["", "{}", '{"server_key": "short", "server_secret": "x"}', "[1]", "\x00\xff"])
def test_what_is_no_key_file_is_named_and_left(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content, encoding="utf-8")
    for read in (KeyFile, KeyFile.create):
        with pytest.raises(MotionGPTError, match=r"keys\.json is not a server's key file"):
            read(path)
    assert path.read_text(encoding="utf-8") == content


def test_wrong_names_are_refused(tmp_path: Path) -> None:
    keys = KeyFile.create(tmp_path / "keys.json")
    for name in ("", "a\nb", "x" * 65):
        with pytest.raises(MotionGPTError, match="name"):
            keys.add(name)
    with pytest.raises(MotionGPTError, match="no client of that name"):
        keys.remove("nobody")


def test_a_port_that_is_taken_is_said(server: Server) -> None:
    port = int(server.handover.endpoint.rpartition(":")[2])
    with pytest.raises(MotionGPTError, match=f"port {port}"):
        Server(lambda name: fake_engine.make(name, "cpu"), "fake", port=port)
