"""A trained transition model into a model folder: `transition.onnx`, and what its card says of it."""

from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor, nn

from ...dataset.clips import POSE_FPS
from ...inbetween.transition import FILE_NAME
from ...model_folder import ModelCard, read_card, write_card
from ...tasks import Inbetween
from ..language.export import export_graph, shrink
from .net import TransitionNet
from .train import load_transition


class _TransitionGraph(nn.Module):
    """features (N, INPUT_WIDTH) -> weights (N, CURVES, OUTPUTS), contacts (N, CONTACT_CURVES, 4)."""

    def __init__(self, model: TransitionNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        # With one more axis the exporter writes products of matrices, which can be stored in 8 bits.
        weights, contacts = self.model(features[:, None])
        return weights[:, 0], contacts[:, 0]


def export_transition(model: TransitionNet, path: Path) -> None:
    """The graph, its matrices stored in 8 bits."""
    features = {"features": torch.zeros(2, len(model.mean))}
    axes = {"features": {0: torch.export.Dim("n", min=1, max=4096)}}
    export_graph(_TransitionGraph(model), features, ["weights", "contacts"], axes, path)
    shrink(path)


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
        tasks=tuple(dict.fromkeys((*card.tasks, Inbetween.name()))),
        settings={**card.settings, "transition": {"fps": POSE_FPS}},
        training={**card.training, "transition": record},
        measured={**card.measured, **({"inbetween": measured} if measured else {})},
    )
    return write_card(card, folder)
