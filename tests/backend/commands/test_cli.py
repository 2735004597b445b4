"""The command line: what it writes, what it says, and that bad input writes nothing."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import numpy as np
import pytest
from support import fake_engine

from motiongpt.backend import engines
from motiongpt.backend.commands import cli
from motiongpt.backend.commands.common import draft_of
from motiongpt.backend.engine import Engine
from motiongpt.backend.engines import load_engine
from motiongpt.backend.model_folder import (
    FOLDER_VARIABLE,
    ModelCard,
    find_model,
    installed_models,
    read_card,
    verify_files,
    write_card,
)
from motiongpt.backend.output import blender
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.npz import load_npz
from motiongpt.retarget.motion import Motion

FAKE_PROCESS = str(Path(__file__).resolve().parents[2] / "support" / "fake_process")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, no models of the user's, and the engine without a model."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    monkeypatch.setattr(engines, "load_engine", fake)
    return folder


def fake(name: str, device: str = "auto", precision: str = "auto") -> Engine:
    return fake_engine.make(name, device)


def never(*_arguments: object) -> NoReturn:
    raise AssertionError("a model was loaded")


Capture = pytest.CaptureFixture[str]


def run_json(capsys: Capture, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the JSON object in the last line."""
    code = cli.main([*arguments, "--json"])
    data = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert isinstance(data, dict)
    return code, data


def walk(path: str, *arguments: str) -> Motion:
    assert cli.main(["generate", "a person walks", "-o", path, *arguments]) == 0
    return load_npz(path)


def test_generate_writes_the_length_and_rate_asked_for(capsys: Capture) -> None:
    code, data = run_json(capsys, "generate", "walk", "-o", "a.npz", "--seconds", "2.5", "--fps", "24", "--seed", "3")
    assert code == 0
    motion = load_npz("a.npz")
    assert (len(motion), motion.fps) == (60, 24.0)
    assert data["files"] == [{"path": "a.npz", "frames": 60, "fps": 24.0, "seconds": 2.5}]
    assert (data["seed"], data["text"], motion.meta["seed"]) == (3, "walk", 3)
    assert len(walk("b.npz")) == 120  # 4 s at 30


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    walk("a.npz", "--seed", "5")
    environment = os.environ | {"PYTHONPATH": FAKE_PROCESS}
    command = [sys.executable, "-m", "motiongpt", "generate", "a person walks", "-o", "b.npz", "--seed", "5"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    walk("c.npz", "--seed", "6")
    a, b, c = (Path(name).read_bytes() for name in ("a.npz", "b.npz", "c.npz"))
    assert a == b != c


def test_variations_are_numbered_and_differ() -> None:
    assert cli.main(["generate", "walk", "-o", "w.npz", "--variations", "3"]) == 0
    assert sorted(os.listdir()) == ["w-1.npz", "w-2.npz", "w-3.npz"]
    first, second = load_npz("w-1.npz"), load_npz("w-2.npz")
    assert np.abs(first.rotations - second.rotations).max() > 0.01


def test_convert_keeps_rate_and_frames_unless_told_otherwise(capsys: Capture) -> None:
    original = walk("a.npz", "--fps", "25", "--seconds", "2")
    assert cli.main(["convert", "a.npz", "-o", "b.bvh"]) == 0
    assert cli.main(["convert", "b.bvh", "-o", "c.npz"]) == 0
    back = load_npz("c.npz")
    assert len(back) == len(original) == 50
    assert back.fps == pytest.approx(25.0, rel=1e-4)
    capsys.readouterr()
    code, data = run_json(capsys, "convert", "a.npz", "-o", "d.npz", "--fps", "50")
    assert (code, data["frames"], data["fps"]) == (0, 100, 50.0)


def test_render_draws_all_motions(capsys: Capture) -> None:
    for i in range(2):
        walk(f"{i}.npz", "--seconds", "1", "--seed", str(i))
    capsys.readouterr()
    code, data = run_json(capsys, "render", "0.npz", "1.npz", "-o", "sheet.png")
    assert (code, data) == (0, {"path": "sheet.png", "motions": 2})
    assert Path("sheet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.bpy
def test_bench_retarget_writes_in_bulk(capsys: Capture) -> None:
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy is not installed")
    code, data = run_json(capsys, "bench", "retarget")
    assert code == 0
    assert (data["bones"], data["frames"]) == (60, 300)
    assert data["solved_frames_per_second"] > 0
    # The target is 20, on a quiet machine; keys written one by one would be as fast.
    assert data["times_as_fast"] > 4


def test_bench_times_the_model(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", FAKE_PROCESS)  # where its new process finds the engine
    code, data = run_json(capsys, "bench", "--runs", "2", "--seconds", "1")
    assert code == 0
    assert 0 < data["median_seconds"] <= data["slowest_seconds"]
    assert 0 < data["first_partial_seconds"] <= data["median_seconds"]
    # A process that imports, loads and generates takes longer than one that only generates.
    assert data["start_to_first_motion_seconds"] > data["median_seconds"]
    assert data["peak_memory_bytes"] is None or 20e6 < data["peak_memory_bytes"] < 4e9


BAD = [
    (["generate", "", "-o", "x.npz"], "bad_input"),
    (["generate", "  ", "-o", "x.npz"], "bad_input"),
    (["generate", "x" * 1001, "-o", "x.npz"], "too_large"),
    (["generate", "walk", "-o", "x.npz", "--seconds", "0"], "bad_input"),
    (["generate", "walk", "-o", "x.npz", "--seconds", "-2"], "bad_input"),
    (["generate", "walk", "-o", "x.npz", "--seconds", "nan"], "bad_input"),
    (["generate", "walk", "-o", "x.npz", "--seconds", "1e9"], "too_large"),
    (["generate", "walk", "-o", "x.npz", "--seconds", "four"], "usage"),
    (["generate", "walk", "-o", "x.npz", "--fps", "0"], "bad_input"),
    (["generate", "walk", "-o", "x.npz", "--seed", "-1"], "bad_input"),
    (["generate", "walk", "-o", "x.npz", "--variations", "0"], "too_large"),
    (["generate", "walk", "-o", "x.npz", "--device", "abacus"], "usage"),
    (["generate", "walk", "-o", "x.xyz"], "bad_input"),
    (["generate", "walk", "-o", "x"], "bad_input"),
    (["generate", "walk", "-o", "nowhere/x.npz"], "unwritable"),
    (["generate", "walk", "-o", "folder.npz"], "unwritable"),
    (["generate", "walk", "-o", "file.txt/x.npz"], "unwritable"),
    (["generate", "walk", "-o", "x.npz", "--rig", "mannequin"], "bad_input"),
    (["generate", "walk", "-o", "x.fbx", "--rig", "missing.glb"], "bad_input"),
    (["generate", "walk", "-o", "x.fbx", "--rig", "file.txt"], "bad_input"),
    (["generate", "walk"], "usage"),
    (["generate", "fail", "-o", "x.npz"], "bad_input"),
    (["convert", "missing.npz", "-o", "x.bvh"], "bad_input"),
    (["convert", "file.txt", "-o", "x.bvh"], "bad_input"),
    (["convert", "damaged.npz", "-o", "x.bvh"], "bad_input"),
    (["convert", "damaged.bvh", "-o", "x.npz"], "bad_input"),
    (["convert", "missing.npz", "-o", "x.xyz"], "bad_input"),
    (["convert", "missing.npz", "-o", "x.bvh", "--fps", "-1"], "bad_input"),
    (["retarget", "missing.npz", "--rig", "mannequin", "-o", "x.npz"], "bad_input"),
    (["render", "missing.npz", "-o", "x.png"], "bad_input"),
    (["render", "missing.npz", "-o", "x.npz"], "bad_input"),
    (["bench", "--runs", "0"], "too_large"),
    (["models", "info", "missing"], "no_model"),
    (["models", "paint"], "usage"),
    (["dance"], "usage"),
    ([], "usage"),
]


@pytest.fixture
def obstacles(place: Path) -> list[str]:
    """What the bad inputs name; returns what then lies in the current folder."""
    (place / "folder.npz").mkdir()
    (place / "file.txt").write_text("nothing")
    (place / "damaged.npz").write_bytes(b"PK\x03\x04 and then nothing")
    (place / "damaged.bvh").write_text("HIERARCHY\nROOT hips\n{")
    return sorted(os.listdir())


@pytest.mark.parametrize(("arguments", "kind"), BAD, ids=lambda v: " ".join(v)[:60] if isinstance(v, list) else v)
def test_bad_input_is_told_and_writes_nothing(
    obstacles: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch, arguments: list[str], kind: str
) -> None:
    monkeypatch.setattr(blender, "check_bpy", lambda: None)  # the same answers with bpy and without
    assert cli.main([*arguments, "--json"]) == 2
    printed = capsys.readouterr()
    error = json.loads(printed.out.splitlines()[-1])["error"]
    assert error["kind"] == kind
    assert error["message"].rstrip().endswith(".") and error["cure"]
    assert printed.err.count("\n") == 1 and printed.err.startswith("motiongpt: ")
    assert sorted(os.listdir()) == obstacles and not os.listdir("folder.npz")


@pytest.mark.usefixtures("obstacles")
def test_what_can_be_checked_is_checked_before_the_model_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "load_engine", never)
    for arguments, _kind in BAD:
        if arguments[:1] == ["generate"] and arguments[1] != "fail":
            assert cli.main(arguments) == 2, arguments
    assert cli.main(["generate", "walk", "-o", "x.npz"]) == 1  # `never` was called


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which nobody can write")
def test_a_folder_in_which_not_even_root_can_write(capsys: Capture) -> None:
    assert cli.main(["generate", "walk", "-o", "/proc/x.npz"]) == 2
    assert "/proc can't be written" in capsys.readouterr().err


def test_a_bug_keeps_its_traceback(capsys: Capture, caplog: pytest.LogCaptureFixture) -> None:
    code, data = run_json(capsys, "generate", "crash", "-o", "x.npz")
    assert (code, data["error"]["kind"]) == (1, "internal")
    assert "fake_engine.py" in caplog.text
    assert os.listdir() == []


def test_without_bpy_characters_are_refused_before_the_model_loads(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "bpy" else found(name))
    monkeypatch.setattr(engines, "load_engine", never)
    code, data = run_json(capsys, "generate", "walk", "-o", "x.fbx")
    assert (code, data["error"]["kind"]) == (2, "no_blender")


def test_a_file_is_complete_or_untouched(place: Path) -> None:
    target = place / "a.bvh"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), draft_of(target) as draft:
        draft.write_text("half")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    with draft_of(target) as draft:
        draft.write_text("new")
    assert target.read_text() == "new"
    with pytest.raises(MotionGPTError, match="could not be written"), draft_of(target):
        raise OSError(28, "No space left on device")
    assert os.listdir() == ["a.bvh"]


COMMANDS = ["generate", "convert", "retarget", "render", "serve", "models", "bench"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(capsys: Capture, command: str) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([command, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert "example:" in text and f"motiongpt {command} " in text and "--json" in text


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model folder of a kind that no version runs."""
    folder = tmp_path / "models" / "mine"
    (folder / "onnx").mkdir(parents=True)
    (folder / "onnx" / "a.onnx").write_bytes(b"weights")
    (folder / "b.json").write_bytes(b"{}")
    card = ModelCard(
        name="mine", kind="of-the-future", features="true", fps=20.0, frames_per_token=4, max_seconds=10.0,
        licence="CC-BY-NC-4.0", files={"onnx/a.onnx": "0" * 64, "b.json": "0" * 64}, sources=("somewhere",),
        training={"seed": 1, "steps": 2}, measured={"error_mm": 3.5},
    )  # fmt: skip
    written = write_card(card, folder)
    assert read_card(folder) == written
    return folder


def test_models_are_listed_described_and_verified(capsys: Capture, model: Path) -> None:
    code, data = run_json(capsys, "models", "list")
    assert code == 0
    assert {"name": "mine", "folder": str(model), "licence": "CC-BY-NC-4.0", "kind": "of-the-future"} in data["models"]
    code, data = run_json(capsys, "models", "info", "mine")
    assert (data["training"], data["measured"], data["sources"]) == (
        {"seed": 1, "steps": 2},
        {"error_mm": 3.5},
        ["somewhere"],
    )
    assert run_json(capsys, "models", "verify", "mine") == (
        0, {"name": "mine", "folder": str(model), "files": 2, "ok": True}
    )  # fmt: skip
    assert cli.main(["models", "info", str(model)]) == 0
    assert "licence: CC-BY-NC-4.0" in capsys.readouterr().out
    assert find_model(str(model)) == find_model("mine")


def spoil_card(**changes: Any) -> Any:
    def spoil(folder: Path) -> None:
        card = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps(card | changes))

    return spoil


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda folder: (folder / "b.json").unlink(), "lacks its file"),
        (lambda folder: (folder / "onnx" / "a.onnx").write_bytes(b"Weights"), "damaged file"),
        (lambda folder: (folder / "onnx" / "a.onnx").write_bytes(b""), "damaged file"),
        (lambda folder: (folder / "model.json").unlink(), "no readable model.json"),
        (lambda folder: (folder / "model.json").write_text('{"name": "mine"'), "is damaged"),
        (lambda folder: (folder / "model.json").write_bytes(b"\xff\xfe"), "is damaged"),
        (spoil_card(fps=0), "is damaged"),
        (spoil_card(licence=None), "is damaged"),
        (spoil_card(files={"b.json": "abc"}), "is damaged"),
        (spoil_card(files={"../b.json": "0" * 64}), "outside its folder"),
        (spoil_card(files={"/etc/passwd": "0" * 64}), "outside its folder"),
        (spoil_card(files={"C:\\b.json": "0" * 64}), "outside its folder"),
        (lambda folder: None, "does not run"),
    ],
)
def test_a_model_that_is_not_whole_is_told_in_one_sentence(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, model: Path, spoil: Any, words: str
) -> None:
    monkeypatch.setattr(engines, "load_engine", load_engine)
    spoil(model)
    code, data = run_json(capsys, "generate", "walk", "-o", "x.npz", "--model", str(model))
    assert (code, data["error"]["kind"]) == (2, "no_model")
    assert words in data["error"]["message"] and data["error"]["cure"]
    assert os.listdir() == []
    with pytest.raises(MotionGPTError, match=words):
        load_engine(str(model))


def test_a_damaged_model_does_not_hide_the_others(capsys: Capture, model: Path) -> None:
    (model.parent / "broken").mkdir()
    (model.parent / "broken" / "model.json").write_text("{")
    _, data = run_json(capsys, "models", "list")
    by_name = {entry["name"]: entry for entry in data["models"]}
    assert "damaged" in by_name["broken"]["error"] and by_name["mine"]["licence"]
    assert set(installed_models()) >= {"broken", "mine"}


def test_cards_of_newer_versions_still_load(model: Path) -> None:
    spoil_card(colour="green")(model)
    assert read_card(model).name == "mine"


def test_the_starter_model_is_whole(starter_model: Path) -> None:
    card = read_card(starter_model)
    verify_files(starter_model, card)
    assert msgspec.to_builtins(card)["licence"]
