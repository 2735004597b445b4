"""A style that is trained for a few steps, once for all tests."""

from pathlib import Path

import pytest
from support.style_clips import write_clips

from motiongpt.backend.commands.cli import main

pytest.importorskip("peft")

FEW = ("--steps", "6", "--minutes", "0", "--threads", "1", "--no-mirror", "--set", "others=6", "--set", "batch=2",
       "--set", "rehearsed=2", "--set", "rate=0.01")  # fmt: skip


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two clips."""
    return write_clips(tmp_path_factory.mktemp("clips") / "prisoner")


@pytest.fixture(scope="session")
def style(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A style of the default model."""
    out = tmp_path_factory.mktemp("styles") / "prisoner"
    assert main(["train", "style", str(clips), "-o", str(out), *FEW]) == 0
    return out
