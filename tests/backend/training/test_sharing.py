"""Files that models share: kept where they are the same, refused where another model needs the old ones."""

from pathlib import Path

import msgspec
import pytest

pytest.importorskip("onnxruntime")
from support.model_folders import write_model

from motiongpt.backend.model_folder import SharedCard, read_card, read_shared, write_card
from motiongpt.backend.training.sharing import same_bytes, share
from motiongpt.retarget.errors import MotionGPTError


@pytest.fixture
def card() -> SharedCard:
    return SharedCard(name="common", licence="MIT", files={})


def test_a_file_that_a_model_needs_is_not_replaced(tmp_path: Path, card: SharedCard) -> None:
    common, draft = tmp_path / "models" / "common", tmp_path / "a.onnx"
    draft.write_bytes(b"one")
    entry = share({draft: same_bytes}, common, card)
    mine = write_model(tmp_path / "models" / "mine")
    write_card(msgspec.structs.replace(read_card(mine), shared=entry), mine)
    assert share({draft: same_bytes}, common, card) == entry
    draft.write_bytes(b"two")
    with pytest.raises(MotionGPTError, match=r"another a\.onnx, which mine needs"):
        share({draft: same_bytes}, common, card)
    assert (common / "a.onnx").read_bytes() == b"one"
    changed = share({draft: same_bytes}, common, card, but=mine)
    assert (common / "a.onnx").read_bytes() == b"two" and changed != entry


def test_what_counts_as_the_same_stays_and_others_are_added(tmp_path: Path, card: SharedCard) -> None:
    first, second = tmp_path / "a.onnx", tmp_path / "b.json"
    first.write_bytes(b"one")
    second.write_bytes(b"{}")
    common = tmp_path / "common"
    share({first: same_bytes}, common, card)
    first.write_bytes(b"ONE")
    entry = share(
        {first: lambda new, old: new.read_bytes().lower() == old.read_bytes(), second: same_bytes}, common, card
    )
    assert (common / "a.onnx").read_bytes() == b"one"
    held = read_shared(common)
    assert held is not None and entry == {"common": held.files} and set(held.files) == {"a.onnx", "b.json"}
