"""The folder in which the tests run the command line."""

from pathlib import Path

import pytest
from support import fake_engine

from motiongpt.backend import engines
from motiongpt.backend.engine import Engine
from motiongpt.backend.model_folder import FOLDER_VARIABLE


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder, no user models, and an engine without a model."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    monkeypatch.setattr(engines, "load_engine", fake)
    return folder


def fake(name: str, device: str = "auto", precision: str = "auto") -> Engine:
    return fake_engine.make(name, device)
