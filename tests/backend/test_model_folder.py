"""Model folders: cards of newer versions, and the starter model."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.command_line import Capture, run_json
from support.model_folders import spoil_card

from motiongpt.backend.engines import load_engine
from motiongpt.backend.model_folder import read_card, verify_files, write_card
from motiongpt.retarget.errors import MotionGPTError


def test_cards_of_newer_versions_still_load(model: Path) -> None:
    spoil_card(colour="green")(model)
    assert read_card(model).name == "mine"


def test_the_starter_model_is_whole(starter_model: Path) -> None:
    card = read_card(starter_model)
    verify_files(starter_model, card)
    assert msgspec.to_builtins(card)["licence"]


needs_links = pytest.mark.skipif(os.name == "nt", reason="links need a right there that few have")


def link_a_file(folder: Path, outside: Path) -> None:
    (outside / "b.json").write_bytes((folder / "b.json").read_bytes())
    (folder / "b.json").unlink()
    (folder / "b.json").symlink_to(outside / "b.json")


def link_a_folder(folder: Path, outside: Path) -> None:
    shutil.copytree(folder / "onnx", outside / "onnx")
    shutil.rmtree(folder / "onnx")
    (folder / "onnx").symlink_to(outside / "onnx")


def link_something_else(folder: Path, outside: Path) -> None:
    (folder / "more").symlink_to(outside)


def link_to_nothing(folder: Path, outside: Path) -> None:
    (folder / "onnx" / "none").symlink_to(outside / "nothing")


@needs_links
@pytest.mark.parametrize("link", [link_a_file, link_a_folder, link_something_else, link_to_nothing])
def test_links_are_refused_and_nothing_outside_is_deleted(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, link: Any
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious.txt").write_text("mine")
    link(model, outside)
    before = sorted(str(path) for path in tmp_path.rglob("*"))
    with pytest.raises(MotionGPTError, match="holds a link") as caught:
        verify_files(model, read_card(model))
    assert caught.value.kind == "no_model"
    monkeypatch.setenv("MOTIONGPT_MODELS", str(model.parent))
    for name in ("mine", str(model)):
        code, data = run_json(capsys, "models", "remove", name)
        assert code == 2 and "holds a link" in data["error"]["message"]
    assert sorted(str(path) for path in tmp_path.rglob("*")) == before


@needs_links
def test_a_link_to_a_model_folder_is_not_removed(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "linked").symlink_to(model)
    monkeypatch.setenv("MOTIONGPT_MODELS", str(tmp_path / "own"))
    for name in ("linked", str(tmp_path / "own" / "linked")):
        code, data = run_json(capsys, "models", "remove", name)
        assert code == 2 and "is a link to" in data["error"]["message"]
    assert (model / "model.json").is_file() and (model / "onnx" / "a.onnx").is_file()


def test_a_model_is_removed_with_its_own_files_only(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("MOTIONGPT_MODELS", str(model.parent))
    (model / "notes.txt").write_text("mine")
    code, data = run_json(capsys, "models", "remove", "mine")
    assert code == 0 and data["left"] == [str(model / "notes.txt")]
    assert not (model / "model.json").exists() and not (model / "onnx" / "a.onnx").exists()


@pytest.mark.parametrize("location", ["/etc/passwd", "../other/weights", "weights", "..\\weights"])
def test_graphs_may_read_only_files_of_the_card(starter_model: Path, tmp_path: Path, location: str) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    folder = tmp_path / "model"
    shutil.copytree(starter_model, folder)
    graph = onnx.load(folder / "detail.onnx")
    graph.graph.initializer.append(
        onnx.TensorProto(name="extra", data_type=1, dims=[1], data_location=onnx.TensorProto.EXTERNAL)
    )
    graph.graph.initializer[-1].external_data.add(key="location", value=location)
    (folder / "detail.onnx").write_bytes(graph.SerializeToString())
    (folder / "weights").write_bytes(bytes(4))
    write_card(read_card(folder), folder)
    with pytest.raises(MotionGPTError, match="reads weights from") as caught:
        load_engine(str(folder))
    assert caught.value.kind == "no_model"


@pytest.mark.parametrize(
    "settings",
    [{}, {"layers": 3}, {"heads": "four"}, {"head_width": 0}, {"levels": 99}, {"caption_words": 7}, {"sampling": []},
     {"transition": {"speed": 1}}, {"unused_codes": [10**9]}],
    ids=str,
)  # fmt: skip
def test_right_hashes_with_wrong_settings_are_refused_in_words(
    starter_model: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(starter_model, folder)
    card = json.loads((folder / "model.json").read_bytes())
    (folder / "model.json").write_text(json.dumps(card | {"settings": settings and card["settings"] | settings}))
    with pytest.raises(MotionGPTError, match="Install or import the model again") as caught:
        load_engine(str(folder))
    assert caught.value.kind == "no_model" and caught.value.cure


def test_only_a_model_folder_is_replaced(model: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    from motiongpt.backend.importers.model_writer import new_folder

    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "precious.txt").write_text("mine")
    with pytest.raises(MotionGPTError, match="no model folder"), new_folder(documents, replace=True):
        raise AssertionError
    assert (documents / "precious.txt").is_file()
    with new_folder(model, replace=True) as draft:
        (draft / "new").write_text("")
    assert [path.name for path in model.iterdir()] == ["new"]
