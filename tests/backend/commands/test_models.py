"""`motiongpt models`: list, info and verify; a damaged model is reported in one sentence."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.command_line import Capture, run_json
from support.model_folders import spoil_card

from motiongpt.backend import engines
from motiongpt.backend.commands import cli
from motiongpt.backend.engines import load_engine
from motiongpt.backend.engines.starter.sureness import Known
from motiongpt.backend.model_folder import find_model, installed_models
from motiongpt.retarget.errors import MotionGPTError

pytestmark = pytest.mark.usefixtures("place")


def test_models_are_listed_described_and_verified(capsys: Capture, model: Path) -> None:
    code, data = run_json(capsys, "models", "list")
    assert code == 0
    wanted = {"name": "mine", "folder": str(model), "licence": "CC-BY-NC-4.0", "kind": "of-the-future"}
    wanted["use"] = "not for commercial use"
    assert any(wanted.items() <= one.items() for one in data["models"])
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
def test_a_damaged_model_is_reported_in_one_sentence(
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


def test_what_a_model_knows_is_listed_and_searched(capsys: Capture, model: Path) -> None:
    code, data = run_json(capsys, "models", "known", "mine")
    assert code == 2 and "does not say what it knows" in data["error"]["message"]
    vectors = np.eye(3, 384)
    Known(("walks forward", "is walking in a circle", "waves"), vectors).save(model / "known.npz")
    code, data = run_json(capsys, "models", "known", "mine", "--search", "walks")
    assert (code, data["groups"]) == (0, {"walk": ["is walking in a circle", "walks forward"]})
    assert cli.main(["models", "known", "mine", "--search", "moonwalk"]) == 0
    assert 'knows no phrase with "moonwalk"' in capsys.readouterr().out
