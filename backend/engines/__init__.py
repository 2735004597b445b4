"""Engines run models. `load_engine` finds a model, checks its files, and picks the engine by the card's kind."""

import importlib
import os
from pathlib import Path

from retarget.errors import MotionGPTError

from ..models import ModelCard, find_model, verify_files
from .base import CaptionRequest, ContinueRequest, Engine, GenerateRequest, InbetweenRequest, Progress, Result

__all__ = [
    "DEVICES",
    "PRECISIONS",
    "CaptionRequest",
    "ContinueRequest",
    "Engine",
    "GenerateRequest",
    "InbetweenRequest",
    "Progress",
    "Result",
    "load_engine",
]

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "float32", "bfloat16", "int8")
"""How exactly an imported model computes; "auto" takes int8 on the CPU and bfloat16 on a GPU."""
_TEST_FACTORY = "MOTIONGPT_TEST_ENGINE"
"""Tests name "module:function" here to run the real processes with an engine of their own."""


def load_engine(name_or_folder: str, device: str = "auto", precision: str = "auto") -> Engine:
    """A model ready to run. Raises MotionGPTError ("no_model") if it is missing, damaged, or of an unknown kind."""
    if factory := os.environ.get(_TEST_FACTORY):
        module, _, function = factory.partition(":")
        engine = getattr(importlib.import_module(module), function)(name_or_folder, device)
        assert isinstance(engine, Engine)
        return engine
    folder, card = find_model(name_or_folder)
    verify_files(folder, card)
    return _make(folder, card, device, precision)


def _make(folder: Path, card: ModelCard, device: str, precision: str) -> Engine:
    # Each engine's libraries are imported only for its own models.
    if card.kind == "motiongpt-onnx":
        from .motion_language_engine import MotionLanguageEngine

        return MotionLanguageEngine(folder, card, device)
    if card.kind == "motiongpt-t5":
        from .t5_engine import T5Engine

        return T5Engine(folder, card, device, precision)
    if card.kind == "motiongpt-llama":
        from .llama_engine import LlamaEngine

        return LlamaEngine(folder, card, device, precision)
    raise MotionGPTError(
        f"The model {card.name} is of a kind that this version does not run ({card.kind}).",
        "Install a newer version.",
        "no_model",
    )
