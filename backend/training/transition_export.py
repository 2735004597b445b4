"""A trained transition model into a model folder: `transition.onnx`, and what its card says of it."""

from pathlib import Path
from typing import Any

import msgspec
import torch

from ..inbetween.transition import FILE_NAME
from ..models import ModelCard, read_card, write_card
from .data import POSE_FPS
from .export import _export, _without_external_data, store_halves
from .transition import load_transition
from .transition_net import TransitionNet


def export_transition(model: TransitionNet, path: Path) -> None:
    """The graph: features (N, INPUT_WIDTH) -> weights (N, CURVES, OUTPUTS), contacts (N, CONTACT_CURVES, 4), large
    matrices stored as float16."""
    features = {"features": torch.zeros(2, len(model.mean))}
    axes = {"features": {0: torch.export.Dim("n", min=1, max=4096)}}
    _export(model, features, ["weights", "contacts"], axes, path)
    _without_external_data(path)
    store_halves(path)


def add_transition(folder: Path, training: Path, measured: dict[str, Any] | None = None) -> ModelCard:
    """Put the transition model of a training's folder into a model's folder, beside what is there.

    Raises MotionGPTError where the folder is no model.
    """
    card = read_card(folder)
    export_transition(load_transition(training), folder / FILE_NAME)
    record = torch.load(training / "model.pt", weights_only=True, map_location="cpu")["config"]
    card = msgspec.structs.replace(
        card,
        files={**card.files, FILE_NAME: "0" * 64},
        tasks=tuple(dict.fromkeys((*card.tasks, "inbetween"))),
        settings={**card.settings, "transition": {"fps": POSE_FPS}},
        training={**card.training, "transition": record},
        measured={**card.measured, **({"inbetween": measured} if measured else {})},
    )
    return write_card(card, folder)
