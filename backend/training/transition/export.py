"""A trained transition model added to a model folder: `transition.onnx`, and its entries in the card. Models may share
one: it needs neither texts nor tokens."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ...dataset.clips import POSE_FPS
from ...inbetween.transition import FILE_NAME
from ...model_folder import ModelCard, SharedCard
from ...tasks import Inbetween
from ..graphs import add_graph, axis, export_graph
from ..loop import load_trained, settings_of
from ..sharing import same_bytes, share
from ..storage import eight_bits
from .net import TransitionConfig, TransitionNet

Shared = dict[str, dict[str, str]]
"""Folder of shared files -> file -> sha256, as in a model's card."""


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
    export_graph(_TransitionGraph(model), features, ["weights", "contacts"], axes, path, eight_bits)


def share_transition(folder: Path, training: Path, licence: str, sources: tuple[str, ...], but: Path | None) -> Shared:
    """Write the transition model in a training's folder to a folder of shared files; returns its entry in a card.

    licence, sources: of the clips.  but: the model that is about to use it. Raises MotionGPTError if there is no
    training, and if other models need another transition model there.
    """
    with tempfile.TemporaryDirectory() as scratch:
        draft = Path(scratch) / FILE_NAME
        export_transition(_trained(training)[0], draft)
        description = "Fills the frames between keyed poses."
        card = SharedCard(name=folder.name, licence=licence, files={}, description=description, sources=sources)
        return share({draft: same_bytes}, folder, card, but)


def _trained(training: Path) -> tuple[TransitionNet, dict[str, Any]]:
    trained = load_trained(training, "transition model", "transition")
    model = TransitionNet(settings_of(TransitionConfig, trained["config"]))
    model.load_state_dict(trained["model"])
    return model, trained["config"]


def add_transition(folder: Path, training: Path, shared: Shared | None = None) -> ModelCard:
    """Add the transition model in a training's folder to a model's folder.

    shared: its entry in the card if a folder of shared files holds it. Raises MotionGPTError if either folder holds no
    model.
    """
    model, config = _trained(training)
    return add_graph(
        folder,
        FILE_NAME,
        lambda path: export_transition(model, path),
        {"transition": {"fps": POSE_FPS}},
        {"transition": config},
        (Inbetween.name(),),
        shared,
    )
