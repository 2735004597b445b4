"""Engines run models. `load_engine` finds a model, checks its files, and picks the engine by the card's kind."""

from pathlib import Path

from ...retarget.errors import MotionGPTError
from ..engine import Engine
from ..model_folder import ModelCard, find_model, verify_files


def load_engine(name_or_folder: str, device: str = "auto", precision: str = "auto") -> Engine:
    """A model ready to run. Raises MotionGPTError ("no_model") if it is missing, damaged, or of an unknown kind."""
    folder, card = find_model(name_or_folder)
    verify_files(folder, card)
    return _make(folder, card, device, precision)


def _make(folder: Path, card: ModelCard, device: str, precision: str) -> Engine:
    # Each engine's libraries are imported only for its own models.
    if card.kind == "motiongpt-onnx":
        from .starter.engine import MotionLanguageEngine

        return MotionLanguageEngine(folder, card, device)
    if card.kind == "motiongpt-t5":
        from .t5.engine import T5Engine

        return T5Engine(folder, card, device, precision)
    if card.kind == "motiongpt-llama":
        from .llama.engine import LlamaEngine

        return LlamaEngine(folder, card, device, precision)
    raise MotionGPTError(
        f"The model {card.name} is of a kind that this version does not run ({card.kind}).",
        "Install a newer version.",
        "no_model",
    )
