"""Model folders without networks, and ways to damage them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from motiongpt.backend.model_folder import ModelCard, read_card, write_card


def write_model(folder: Path) -> Path:
    """A complete model folder of a kind that no version runs."""
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


def spoil_card(**changes: Any) -> Callable[[Path], None]:
    """A function that changes fields in a folder's card."""

    def spoil(folder: Path) -> None:
        card = json.loads((folder / "model.json").read_text())
        (folder / "model.json").write_text(json.dumps(card | changes))

    return spoil
