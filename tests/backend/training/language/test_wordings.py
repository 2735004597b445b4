"""Wordings of captions: the file that keeps them."""

import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.training.language.wordings import Wordings


def test_wordings_keep_their_file(tmp_path) -> None:
    held = {
        "states": torch.ones(3, 8).half(),
        "starts": [0, 1, 3],
        "plain": [[], [0]],
        "vocabulary": [7],
        "of": {"?": [0]},
    }
    torch.save(held, tmp_path / "wordings.pt")
    wordings = Wordings.load(tmp_path / "wordings.pt")
    wordings.save(tmp_path / "again.pt")
    again = torch.load(tmp_path / "again.pt", weights_only=True)
    assert torch.equal(again.pop("states"), held.pop("states"))
    assert again == held
