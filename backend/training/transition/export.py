"""A trained transition model added to a model folder: `transition.onnx`, and its entries in the card."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...dataset.clips import POSE_FPS
from ...inbetween.transition import FILE_NAME
from ...model_folder import ModelCard
from ...tasks import Inbetween
from ..graphs import add_graph, axis, export_graph
from ..loop import load_trained, settings_of
from .net import TransitionConfig, TransitionNet


class _TransitionGraph(nn.Module):
    """features (N, INPUT_WIDTH) -> weights (N, CURVES, OUTPUTS), contacts (N, CONTACT_CURVES, 4)."""

    def __init__(self, model: TransitionNet) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        # With one more axis the exporter writes MatMul nodes, whose weights can be stored in 8 bits.
        weights, contacts = self.model(features[:, None])
        return weights[:, 0], contacts[:, 0]


def export_transition(model: TransitionNet, path: Path) -> None:
    """The graph, its matrices stored in 8 bits."""
    features = {"features": torch.zeros(2, len(model.mean))}
    axes: dict[str, Any] = {"features": {0: axis("n", 4096)}}
    export_graph(_TransitionGraph(model), features, ["weights", "contacts"], axes, path, eight_bits=True)


def add_transition(folder: Path, training: Path) -> ModelCard:
    """Add the transition model in a training's folder to a model's folder.

    Raises MotionGPTError if either folder holds no model.
    """
    trained = load_trained(training, "transition model", "transition")
    model = TransitionNet(settings_of(TransitionConfig, trained["config"]))
    model.load_state_dict(trained["model"])
    return add_graph(
        folder,
        FILE_NAME,
        lambda path: export_transition(model, path),
        {"transition": {"fps": POSE_FPS}},
        {"transition": trained["config"]},
        (Inbetween.name(),),
    )
