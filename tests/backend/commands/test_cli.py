"""The command line: its messages, and that bad input writes nothing."""

import importlib.util
import json
import os
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from support.command_line import Capture, run_json, walk

from motiongpt.backend import engines
from motiongpt.backend.commands import cli
from motiongpt.backend.output import blender
from motiongpt.backend.output.drafts import draft_of
from motiongpt.retarget.errors import MotionGPTError

pytestmark = pytest.mark.usefixtures("place")


def never(*_arguments: object) -> NoReturn:
    raise AssertionError("a model was loaded")


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
    (["generate", "walk", "-o", "x.npz", "--takes", "0"], "too_large"),
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
    """The files that bad input names; returns the contents of the current folder."""
    (place / "folder.npz").mkdir()
    (place / "file.txt").write_text("nothing")
    (place / "damaged.npz").write_bytes(b"PK\x03\x04 and then nothing")
    (place / "damaged.bvh").write_text("HIERARCHY\nROOT hips\n{")
    return sorted(os.listdir())


@pytest.mark.parametrize(("arguments", "kind"), BAD, ids=lambda v: " ".join(v)[:60] if isinstance(v, list) else v)
def test_bad_input_is_reported_and_writes_nothing(
    obstacles: list[str], capsys: Capture, monkeypatch: pytest.MonkeyPatch, arguments: list[str], kind: str
) -> None:
    monkeypatch.setattr(blender, "check_bpy", lambda: None)  # same results with and without bpy
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


COMMANDS = ["generate", "describe", "convert", "retarget", "render", "serve", "models", "bench"]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(capsys: Capture, command: str) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([command, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert "example:" in text and f"motiongpt {command} " in text and "--json" in text


OUTPUTS = {
    "generate walk -o a.npz": "a.npz",
    "generate walk --takes 2 -o a.npz": "a-2.npz",
    "generate walk --takes 2 --one-file -o a.glb": "a.glb",
    "continue in.npz -o a.bvh": "a.bvh",
    "inbetween in.npz --keep 0,9 -o a.npz": "a.npz",
    "convert in.npz -o a.bvh": "a.bvh",
    "retarget in.npz --rig mannequin -o a.fbx": "a.fbx",
    "retarget in.npz in.npz --rig mannequin -o a.fbx": "a.fbx",
    "render in.npz -o a.png": "a.png",
    "data import clips -o a": "a/x",
    "data author clips -o a": "a/x",
    "data derive clips -o a": "a/x",
    "data look set -o a.png": "a.png",
    "train tokenizer set -o a": "a/x",
    "train export --tokenizer t --language l --card c -o a": "a/x",
    "bench --page a.md": "a.md",
}


@pytest.mark.parametrize("command", OUTPUTS)
def test_no_clobber_keeps_what_is_there_in_every_command(capsys: Capture, place: Path, command: str) -> None:
    there = place / OUTPUTS[command]
    there.parent.mkdir(exist_ok=True)
    there.write_text("precious")
    code, data = run_json(capsys, *command.split(), "--no-clobber")
    assert (code, data["error"]["kind"]) == (2, "exists")
    assert there.read_text() == "precious" and [str(p) for p in place.rglob("*.*")] == [
        str(p) for p in [there] if p.suffix
    ]


def test_every_output_says_that_it_replaces(capsys: Capture) -> None:
    for command in ("generate", "continue", "inbetween", "convert", "retarget", "render"):
        with pytest.raises(SystemExit):
            cli.main([command, "--help"])
        text = " ".join(capsys.readouterr().out.split())
        assert "what is there is replaced" in text and "--no-clobber" in text


def test_without_it_files_are_replaced_and_with_it_new_ones_written(capsys: Capture, place: Path) -> None:
    assert run_json(capsys, "generate", "walk", "-o", "a.npz", "--no-clobber")[0] == 0
    first = (place / "a.npz").read_bytes()
    assert run_json(capsys, "generate", "run", "--seed", "2", "-o", "a.npz")[0] == 0
    assert (place / "a.npz").read_bytes() != first


@pytest.mark.parametrize("fps", [1e-3, 1e-9, 32_767.0, float("nan")])
@pytest.mark.parametrize(
    "command",
    ["describe in.npz", "continue in.npz --seconds 1 -o a.npz", "inbetween in.npz --keep 0,9 -o a.npz",
     "convert in.npz -o a.bvh", "render in.npz -o a.png"],
)  # fmt: skip
def test_a_file_at_a_rate_that_would_take_all_memory_is_refused(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, command: str, fps: float
) -> None:
    monkeypatch.setenv("FAKE_TASKS", "generate continue inbetween caption")
    walk("good.npz")
    with np.load("good.npz") as good:
        np.savez("in.npz", **{**good, "fps": np.float64(fps)})
    code, data = run_json(capsys, *command.split())
    said = data["error"]["message"] + data["error"]["cure"]
    assert code == 2 and any(words in said for words in ("frames per second", "frame rate", "not finite")), said
    assert sorted(os.listdir()) == ["good.npz", "in.npz"]


@pytest.mark.parametrize("fps", ["1e-9", "0.5", "32767", "nan", "inf"])
def test_rates_that_no_file_can_have_are_refused_before_anything_runs(capsys: Capture, fps: str) -> None:
    for command in (["generate", "walk", "-o", "a.npz"], ["convert", "in.npz", "-o", "a.bvh"]):
        code, data = run_json(capsys, *command, "--fps", fps)
        assert code == 2 and "frames per second" in data["error"]["cure"]
    assert os.listdir() == []
