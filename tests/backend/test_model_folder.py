"""Model folders: cards of newer versions, shared files, the default, and the starter model."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.command_line import Capture, run_json
from support.model_folders import spoil_card, write_model

from motiongpt.backend import model_folder
from motiongpt.backend.engines import load_engine
from motiongpt.backend.model_folder import (
    SharedCard,
    all_files,
    default_model,
    find_file,
    find_model,
    installed_models,
    read_card,
    verify_files,
    write_card,
    write_shared,
)
from motiongpt.retarget.errors import MotionGPTError


def test_cards_of_newer_versions_still_load(model: Path) -> None:
    spoil_card(colour="green")(model)
    assert read_card(model).name == "mine"


def test_the_starter_model_is_whole(starter_model: Path) -> None:
    card = read_card(starter_model)
    verify_files(starter_model, card)
    assert msgspec.to_builtins(card)["licence"]


@pytest.fixture
def sharing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models, of which `mine` has a file in the shared folder `text`; no others are installed."""
    monkeypatch.setattr(model_folder, "BUNDLED", tmp_path / "bundled")
    monkeypatch.setenv(model_folder.FOLDER_VARIABLE, str(tmp_path / "users"))
    (tmp_path / "models" / "text").mkdir(parents=True)
    (tmp_path / "models" / "text" / "words.onnx").write_bytes(b"words")
    card = SharedCard(name="text", licence="Apache-2.0", files={"words.onnx": ""})
    files = write_shared(card, tmp_path / "models" / "text")
    mine = write_model(tmp_path / "models" / "mine")
    write_card(msgspec.structs.replace(read_card(mine), shared={"text": files}), mine)
    return tmp_path


def test_shared_files_are_found_beside_a_model_and_checked(sharing: Path) -> None:
    mine = sharing / "models" / "mine"
    card = read_card(mine)
    assert find_file(mine, card, "words.onnx") == sharing / "models" / "text" / "words.onnx"
    assert find_file(mine, card, "b.json") == mine / "b.json"
    assert set(all_files(card)) == {"onnx/a.onnx", "b.json", "words.onnx"}
    verify_files(mine, card)
    (sharing / "models" / "text" / "words.onnx").write_bytes(b"others")
    with pytest.raises(MotionGPTError, match=r"damaged file.*words\.onnx"):
        verify_files(mine, card)
    (sharing / "models" / "text" / "words.onnx").unlink()
    with pytest.raises(MotionGPTError, match=r"lacks its file.*text"):
        verify_files(mine, card)


@pytest.mark.skipif(os.name == "nt", reason="links need a right there that few have")
def test_a_link_in_a_shared_folder_is_refused(sharing: Path) -> None:
    shared = sharing / "models" / "text"
    shared.rename(sharing / "elsewhere")
    shared.symlink_to(sharing / "elsewhere")
    with pytest.raises(MotionGPTError, match="is a link"):
        verify_files(sharing / "models" / "mine", read_card(sharing / "models" / "mine"))


@pytest.mark.parametrize("place", ["bundled", "users"])
def test_a_shared_file_elsewhere_serves_a_model_whose_own_is_missing_or_another(sharing: Path, place: str) -> None:
    mine = sharing / "models" / "mine"
    elsewhere = sharing / place / "text" / "words.onnx"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_bytes(b"words")
    (sharing / "models" / "text" / "words.onnx").write_bytes(b"others")
    verify_files(mine, read_card(mine))
    (sharing / "models" / "text" / "words.onnx").unlink()
    assert find_file(mine, read_card(mine), "words.onnx") == elsewhere
    verify_files(mine, read_card(mine))


@pytest.mark.parametrize("shared", [{"../text": {"a": "0" * 64}}, {"text": {"../a": "0" * 64}}, {"": {"a": "0" * 64}}])
def test_shared_files_outside_their_folder_are_refused(model: Path, shared: dict[str, dict[str, str]]) -> None:
    spoil_card(shared=shared)(model)
    with pytest.raises(MotionGPTError, match="outside"):
        read_card(model)


def test_the_default_is_the_first_that_is_installed(sharing: Path) -> None:
    assert (default_model(), installed_models()) == ("open", {})
    with pytest.raises(MotionGPTError, match="No model is installed"):
        find_model(default_model())
    for name, then in (("zebra", "zebra"), ("starter", "starter"), ("open", "open")):
        write_model(sharing / "users" / name)
        assert default_model() == then
    assert "text" not in installed_models()


@pytest.mark.parametrize(
    ("changes", "use"),
    [({}, "not for commercial use"), ({"licence": "mine"}, ""), ({"licence": "mine", "group": "free"}, "for any use")],
)
def test_a_card_says_what_a_model_may_be_used_for(model: Path, changes: dict[str, str], use: str) -> None:
    spoil_card(**changes)(model)
    assert read_card(model).use == use


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
