"""`motiongpt keys`, and a server that uses its file."""

from pathlib import Path

import msgspec
import pytest
from support.command_line import run_json

from motiongpt.backend.commands import cli
from motiongpt.backend.process.access.keys import KeyFile
from motiongpt.backend.process.connection import Handover

pytestmark = pytest.mark.usefixtures("place")
Capture = pytest.CaptureFixture[str]
ADD = ("keys", "add", "anna", "--keys", "keys.json", "--address", "10.0.0.5:5570", "-o", "anna.json")


def test_a_clients_file_leads_to_the_server_with_its_fingerprint(capsys: Capture) -> None:
    code, made = run_json(capsys, *ADD)
    handover = msgspec.json.decode(Path("anna.json").read_bytes(), type=Handover)
    keys = KeyFile(Path("keys.json")).keys
    assert code == 0
    assert handover.endpoint == "tcp://10.0.0.5:5570"
    assert (handover.server_key, handover.client_key) == (keys.server_key, keys.clients["anna"])
    assert keys.server_secret not in Path("anna.json").read_text(encoding="utf-8")
    _, listed = run_json(capsys, "keys", "list", "--keys", "keys.json")
    assert listed == {"fingerprint": made["fingerprint"], "clients": ["anna"]}
    run_json(capsys, "keys", "remove", "anna", "--keys", "keys.json")
    assert run_json(capsys, "keys", "list", "--keys", "keys.json")[1]["clients"] == []


@pytest.mark.parametrize("address", ["5570", "host:", ":5570", "host:0", "host:70000", "tcp://host:5570", "host:x"])
def test_what_is_no_address_is_refused_before_anything_is_written(capsys: Capture, address: str) -> None:
    code, data = run_json(capsys, *(address if word == "10.0.0.5:5570" else word for word in ADD))
    assert (code, data["error"]["kind"]) == (2, "usage")
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Nobody could connect"),
        (("--keys", "none.json"), "There is no key file"),
        (("--keys", "keys.json", "--port", "70000"), "no port"),
        (("--keys", "keys.json", "--port", "-1"), "no port"),
        (("--keys", "keys.json", "--ray", "local", "--replicas", "0"), "replicas"),
        (("--keys", "keys.json", "--ray", "local", "--replicas", "3", "--most-replicas", "2"), "replicas"),
        (("--keys", "keys.json", "--ray", "local", "--gpus-per-replica", "1.5"), "share"),
    ],
)
def test_wrong_arguments_of_serve_are_said(capsys: Capture, arguments: tuple[str, ...], said: str) -> None:
    cli.main([*ADD])
    code, data = run_json(capsys, "serve", *arguments)
    assert code == 2
    assert said in data["error"]["message"]
