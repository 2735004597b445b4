"""`motiongpt models install` against a hub on loopback: permission, resuming, hashes, room on the disk, progress."""

import json
import os
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.hub_imitation import Hub, serve

from motiongpt.backend.commands.cli import main
from motiongpt.backend.model_folder import ModelCard, find_model, verify_files, write_card
from motiongpt.retarget.errors import MotionGPTError

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from motiongpt.backend.importers.hub import install, token_for

SIZE = 12_000_000
"""Of the weights: huggingface_hub writes ten megabytes at a time, and loses what is not written with the connection."""


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of models, and no trace of the user's own hub settings."""
    monkeypatch.setenv("MOTIONGPT_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_TOKEN", "")
    return tmp_path / "models"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    """A model folder, as a repository holds it."""
    folder = tmp_path / "published"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "weights.bin").write_bytes(os.urandom(SIZE))
    (folder / "words.txt").write_text("some words")
    card = ModelCard(
        name="walker", kind="motiongpt-onnx", features="true", fps=20.0, frames_per_token=4, max_seconds=9.0,
        licence="CC0-1.0", files={"inner/weights.bin": "0" * 64, "words.txt": "0" * 64},
    )  # fmt: skip
    write_card(card, folder)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def command(hub: Hub, name: str, *more: str) -> list[str]:
    return ["models", "install", name, "--endpoint", hub.url, "--allow-network", "--json", *more]


def test_a_model_folder_is_installed(models: Path, files: dict[str, bytes], capsys: pytest.CaptureFixture[str]) -> None:
    with serve({"somebody/walker": files | {"README.md": b"not part of the model"}}) as hub:
        assert main(command(hub, "somebody/walker")) == 0
    made = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (made["name"], made["licence"]) == ("walker", "CC0-1.0")
    folder, card = find_model("walker")
    verify_files(folder, card)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == set(files)
    assert [path.name for path in models.rglob("*") if path.suffix == ".part"] == []
    assert all("/resolve/" not in path or "0123456789abcdef" in path for _, path, _ in hub.requests)  # one commit
    with serve({"somebody/walker": files}) as hub:
        assert main(command(hub, "somebody/walker")) == 2 and hub.requests == []


def test_nothing_is_asked_without_permission(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with serve({"somebody/walker": {}}) as hub:
        arguments = [argument for argument in command(hub, "somebody/walker") if argument != "--allow-network"]
        assert main(arguments) == 2
    assert hub.requests == []
    assert json.loads(capsys.readouterr().out)["error"]["kind"] == "network_denied"


def test_a_broken_download_resumes_where_it_broke(models: Path, files: dict[str, bytes]) -> None:
    shares: list[float] = []

    def report(what: str, share: float) -> None:
        shares.append(share)

    with serve({"somebody/walker": files}) as hub:
        hub.break_after = 11_000_000
        with pytest.raises(MotionGPTError) as caught:
            install("somebody/walker", models, True, hub.url, report=report)
        assert caught.value.kind == "network" and not (models / "walker").exists()
        (part,) = models.rglob("*.part")
        have = part.stat().st_size
        assert 5_000_000 < have <= 11_000_000
        hub.break_after, hub.outage = None, False
        hub.requests.clear()
        install("somebody/walker", models, True, hub.url, report=report)
    assert hub.ranges("weights.bin") == [f"bytes={have}-"]
    assert hub.ranges("model.json") == []  # it was there already
    assert (models / "walker" / "inner" / "weights.bin").read_bytes() == files["inner/weights.bin"]
    assert shares[-1] == 1.0


def test_what_arrives_damaged_is_refused_and_fetched_again(models: Path, files: dict[str, bytes]) -> None:
    for name in ("model.json", "inner/weights.bin", "words.txt"):
        with serve({"somebody/walker": files}) as hub:
            hub.damage.add(name)
            with pytest.raises(MotionGPTError, match="damaged") as caught:
                install("somebody/walker", models, True, hub.url)
            assert caught.value.kind == "bad_checkpoint" and not (models / "walker").exists()
    with serve({"somebody/walker": files}) as hub:
        install("somebody/walker", models, True, hub.url)
    assert (models / "walker" / "words.txt").read_text() == "some words"


def test_room_is_looked_for_before_anything_is_fetched(
    models: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=200_100_000))
    with serve({"somebody/walker": files}) as hub, pytest.raises(MotionGPTError, match="are needed") as caught:
        install("somebody/walker", models, True, hub.url)
    assert caught.value.kind == "unwritable" and hub.ranges("weights.bin") == []


@pytest.mark.parametrize(
    ("repositories", "name", "words"),
    [
        ({}, "somebody/walker", "could not be downloaded"),
        ({"somebody/walker": {"words.txt": b"x"}}, "somebody/walker", "has no file model.json"),
        ({"somebody/walker": {"model.json": b"{}"}}, "somebody/walker", "damaged"),
        ({}, "walker", "no model walker"),
        ({}, "a/b/c", "no model a/b/c"),
        ({}, "a/..", "no model"),
    ],
)
def test_what_is_not_there_is_reported(models: Path, repositories: Any, name: str, words: str) -> None:
    with serve(repositories) as hub, pytest.raises(MotionGPTError, match=words):
        install(name, models, True, hub.url)
    assert not models.exists() or {path.name for path in models.iterdir()} <= {".downloads"}


def test_a_card_that_names_files_elsewhere_is_refused(models: Path, files: dict[str, bytes]) -> None:
    card = json.loads(files["model.json"])
    for name in ("../../escaped", "/etc/passwd", "a/../../b", "C:\\x"):
        wrong = files | {"model.json": json.dumps(card | {"files": {name: "0" * 64}}).encode(), name: b"x"}
        with serve({"somebody/walker": wrong}) as hub, pytest.raises(MotionGPTError, match="outside its folder"):
            install("somebody/walker", models, True, hub.url)
        shutil.rmtree(models)


def test_a_download_does_not_follow_a_link_out_of_its_folder(
    models: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    partial = models / ".downloads" / "somebody--walker"
    partial.mkdir(parents=True)
    (partial / "inner").symlink_to(outside)
    with serve({"somebody/walker": files}) as hub, pytest.raises(MotionGPTError, match="holds a link"):
        install("somebody/walker", models, True, hub.url)
    assert list(outside.iterdir()) == [] and hub.requests == []


def test_no_network_is_reported(models: Path) -> None:
    with pytest.raises(MotionGPTError) as caught:
        install("somebody/walker", models, True, "http://127.0.0.1:9")
    assert caught.value.kind == "network" and "start again" in caught.value.cure


def test_the_published_t5_is_fetched_and_imported(
    models: Path, shared_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = shared_dir / "golden" / "upstream"
    t5 = {name: (golden / "tiny-t5" / name).read_bytes() for name in ("spiece.model", "config.json")}
    t5["tokenizer_config.json"] = (golden / "tiny-t5" / "tokenizer_config.json").read_bytes()
    weights = {"motiongpt_s3_h3d.tar": (golden / "motiongpt_tiny.tar").read_bytes()}
    statistics = ["--statistics", str(shared_dir / "golden" / "humanml3d")]
    with serve({"OpenMotionLab/MotionGPT-base": weights, "google/flan-t5-base": t5}) as hub:
        assert main(command(hub, "motiongpt-t5")) == 2  # the statistics are on no hub
        assert main(command(hub, "motiongpt-t5", *statistics)) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["kind"] == "motiongpt-t5"
    folder, card = find_model("motiongpt-t5")
    verify_files(folder, card)
    assert sorted(path.name for path in (models / ".downloads").iterdir()) == []


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "http://10.0.0.1:8000", "ftp://huggingface.co", "huggingface.co", "", "http://127.0.0.1.nip.io",
     "https://me:secret@huggingface.co", "http://localhost.example.com", "https://", "http://[::1", "file:///etc"],
)  # fmt: skip
def test_hubs_are_reached_by_https_only(models: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", never)
    monkeypatch.setattr(socket.socket, "connect", never)
    with pytest.raises(MotionGPTError, match="can't be used as a hub"):
        install("somebody/walker", models, True, url or " ")
    assert not models.exists()


def never(*_: Any, **__: Any) -> None:
    raise AssertionError("the network was used")


@pytest.mark.parametrize(
    ("url", "own", "other"),
    [
        ("https://huggingface.co", "hf_own", "hf_own"),
        ("https://mirror.example.com", False, "for-other"),
        ("https://huggingface.co.example.com", False, "for-other"),
        ("https://huggingface.co:8443", False, "for-other"),
        ("http://127.0.0.1:1234", False, "for-other"),
    ],
)
def test_a_token_goes_to_its_own_hub_only(url: str, own: Any, other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_own")
    monkeypatch.delenv("MOTIONGPT_HUB_TOKEN", raising=False)
    assert token_for(url) == own
    monkeypatch.setenv("MOTIONGPT_HUB_TOKEN", "for-other")
    assert token_for(url) == other


def test_no_request_to_another_hub_carries_the_token(
    models: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_own")
    monkeypatch.delenv("MOTIONGPT_HUB_TOKEN", raising=False)
    with serve({"somebody/walker": files}) as hub:
        install("somebody/walker", models, True, hub.url)
        assert hub.requests and hub.authorizations == {""}
