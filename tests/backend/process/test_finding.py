"""Backends of this machine, found and asked from the command line."""

import json
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command_line import FAKE_PROCESS, Capture, run_json

from motiongpt.backend.commands import cli
from motiongpt.backend.engines.measured import records
from motiongpt.backend.engines.measured.records import CACHE_VARIABLE, recorded
from motiongpt.backend.process import child, protocol
from motiongpt.backend.process.child import BackendProcess, State
from motiongpt.backend.process.client import Client, ask
from motiongpt.backend.process.finding import handovers, status
from motiongpt.backend.tasks import Generate

WAIT = 60.0


@pytest.fixture
def backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BackendProcess]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    started = child.start(tmp_path / "log" / "backend.log", ("--metrics-port", "0"), import_paths=[FAKE_PROCESS])
    deadline = time.monotonic() + WAIT
    while started.poll() is not State.READY:
        assert time.monotonic() < deadline, started.failure()
        time.sleep(0.02)
    yield started
    started.stop()
    started.wait(WAIT)


def test_status_diagnostics_and_figures_of_a_running_backend(
    backend: BackendProcess, tmp_path: Path, capsys: Capture
) -> None:
    assert backend.handover is not None
    client = Client(backend.handover)
    identifier = client.send(Generate("a secret dance", 1.0))
    while not any(isinstance(packet.message, protocol.Result) for packet in client.poll()):
        client.wait(0.1)
    with pytest.raises(Exception, match="refuses"):
        ask(client, Generate("fail", 1.0))
    assert [handover.pid for _, handover in handovers()] == [backend.pid]
    assert status(backend.handover).figures.answered == 1

    code, data = run_json(capsys, "status")
    (said,) = data["backends"]
    assert code == 0 and said["pid"] == backend.pid and said["figures"]["errors"] == {"bad_input": 1}
    assert cli.main(["status"]) == 0
    printed = capsys.readouterr().out
    assert "1 requests answered" in printed and "1 failed" in printed

    log = backend.log_path.read_text("utf-8")
    assert f"[{identifier}]: Done after" in log and "secret" not in log
    port = log.rpartition("http://127.0.0.1:")[2].partition("/")[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        served = answer.read()
    assert b'motiongpt_requests_total{outcome="answered"} 1' in served
    ((model, figures),) = said["figures"]["models"].items()
    assert model == said["model"] and figures["answered"] == 1
    assert f'motiongpt_model_requests_total{{model="{model}",outcome="failed"}} 1' in served.decode()

    out = tmp_path / "bundle.zip"
    assert cli.main(["diagnostics", "-o", str(out), "--log", str(backend.log_path)]) == 0
    with zipfile.ZipFile(out) as bundle:
        facts = json.loads(bundle.read("facts.json"))
        assert facts["backends"][0]["pid"] == backend.pid
        assert b"secret" not in b"".join(map(bundle.read, bundle.namelist()))
    client.close()


def test_status_and_diagnostics_name_the_precision_that_was_measured_best_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(records, "_in_memory", {})
    assert run_json(capsys, "status")[1]["precisions"] == []
    slow_in_8_bits = recorded("t5", "aa", 2, ("float32", "int8"), lambda: {"float32": 0.01, "int8": 0.03})
    recorded("llama", "bb", 2, ("float32", "int8"), lambda: {"float32": 0.03, "int8": 0.01})
    _, data = run_json(capsys, "status")
    assert {one["model"]: one["precision"] for one in data["precisions"]} == {"t5": "float32", "llama": "int8"}
    assert cli.main(["status"]) == 0
    assert f"precision: {slow_in_8_bits.line}" in capsys.readouterr().out.splitlines()

    out = tmp_path / "bundle.zip"
    assert cli.main(["diagnostics", "-o", str(out)]) == 0
    with zipfile.ZipFile(out) as bundle:
        facts = json.loads(bundle.read("facts.json"))
    (first, _) = facts["precisions"]
    assert (first["model"], first["precision"], first["seconds"]) == ("t5", "float32", {"float32": 0.01, "int8": 0.03})
    assert first["processor"] and first["library"] and "ms a token" in first["why"]


def test_key_files_of_processes_that_ended_are_no_backends(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "stale.json").write_text("{}")
    assert list(handovers([tmp_path / "stale.json", tmp_path / "nowhere.json"])) == list(handovers())
    code, data = run_json(capsys, "status", "--handover", str(tmp_path / "stale.json"))
    assert code == 2 and "no key file" in data["error"]["message"]
    code, data = run_json(capsys, "status", "--handover", str(tmp_path / "nowhere.json"))
    assert code == 2 and "does not run" in data["error"]["message"]
    assert run_json(capsys, "diagnostics", "-o", str(tmp_path / "x.zip"), "--log", str(tmp_path / "no.log"))[0] == 2
    assert run_json(capsys, "diagnostics", "-o", str(tmp_path / "x.tar"))[0] == 2
