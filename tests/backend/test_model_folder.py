"""Model folders: cards of newer versions, shared files, the default, and the starter model."""

from pathlib import Path

import msgspec
import pytest
from support.model_folders import spoil_card, write_model

from motiongpt.backend import model_folder
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
