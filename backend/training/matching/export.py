"""A trained matching model as graphs: a judge for `motiongpt evaluate`, a picker for an engine's candidates.

Judge, a folder: `motion.onnx` (features, frames -> vectors, actions, styles), `text.onnx` (states, mask -> vectors) and
`judge.json`. Picker, one file in a model's folder, `matching.onnx`: states, mask (1, L) of a text and features
(B, T, 263), frames (B,) of candidates -> scores (B,), the cosines. States come from the pretrained encoder, which the
starter model includes.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...dataset.clips import Clip, Dataset
from ...dataset.composites import set_apart
from ...dataset.meaning import ACTION_NAMES, STYLE_NAMES, meaning_of
from ...engines.starter.picker import FILE_NAME
from ...features import DIMENSIONS
from ...model_folder import ModelCard
from ...text_encoder.net import TEXT_WIDTH
from ..graphs import add_graph, axis, export_graph
from ..storage import Packed
from .data import held_out
from .net import MatchingModel
from .train import judge_motions

_BATCH, _FRAMES, _WORDS = axis("b", 64), axis("t", 1024), axis("l", 512)


class _Picker(nn.Module):
    def __init__(self, model: MatchingModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, states: Tensor, mask: Tensor, features: Tensor, frames: Tensor) -> Tensor:
        vectors, _, _ = self.model(features, frames)
        scores: Tensor = (vectors * self.model.text(states, mask)).sum(-1)
        return scores


def _motion_inputs() -> tuple[dict[str, Tensor], dict[str, Any]]:
    inputs = {"features": torch.zeros(2, 40, DIMENSIONS), "frames": torch.tensor([40, 30])}
    return inputs, {"features": {0: _BATCH, 1: _FRAMES}, "frames": {0: _BATCH}}


def export_picker(model: MatchingModel, path: Path) -> None:
    """`matching.onnx`."""
    inputs, axes = _motion_inputs()
    text = {"states": torch.zeros(1, 7, TEXT_WIDTH), "mask": torch.ones(1, 7)}
    axes = {"states": {1: _WORDS}, "mask": {1: _WORDS}, **axes}
    export_graph(_Picker(model), {**text, **inputs}, ["scores"], axes, path, Packed(8))


def add_picker(folder: Path, model: MatchingModel, record: dict[str, Any], candidates: int) -> ModelCard:
    """Add a picker to a model's folder, whose engine then generates that many candidates and keeps the best.

    record: settings of the picker's training. Raises MotionGPTError if the folder is not a model.
    """
    sampling = {"sampling": {"candidates": candidates}}
    return add_graph(folder, FILE_NAME, lambda path: export_picker(model, path), sampling, {"picker": record})


def export_judge(model: MatchingModel, folder: Path, record: dict[str, Any]) -> None:
    """Write a judge's folder. record: further entries of `judge.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs, axes = _motion_inputs()
    export_graph(model, inputs, ["vectors", "actions", "styles"], axes, folder / "motion.onnx")
    text = {"states": torch.zeros(2, 7, TEXT_WIDTH), "mask": torch.ones(2, 7)}
    axes = {name: {0: _BATCH, 1: _WORDS} for name in text}
    export_graph(model.text, text, ["vectors"], axes, folder / "text.onnx")
    card = {"actions": ACTION_NAMES, "styles": STYLE_NAMES, **record}
    (folder / "judge.json").write_text(json.dumps(card, indent=1), encoding="utf-8")


def calibrate(model: MatchingModel, dataset: Dataset) -> dict[str, float]:
    """On the held-out clips: each classifier's accuracy, and the temperature that minimises its cross-entropy (Guo et
    al. 2017)."""
    clips = [c for c in dataset.split("train") if held_out(c) and c.tags]
    if not clips:
        return {"held_out_clips": 0.0, "action_temperature": 1.0, "style_temperature": 1.0}
    out: dict[str, float] = {"held_out_clips": float(len(clips))}
    for name, (scores, target) in _classified(model, dataset, clips).items():
        tried = {t: float(nn.functional.cross_entropy(scores / t, target)) for t in np.geomspace(0.2, 5.0, 81).tolist()}
        out[f"{name}_temperature"] = round(min(tried, key=lambda t: tried[t]), 3)
        out[f"{name}_right"] = round(float((scores.argmax(1) == target).float().mean()), 4)
    return out


def right_where_set_apart(model: MatchingModel, dataset: Dataset, styles: str) -> dict[str, float]:
    """Accuracy on the clips that were `set_apart`: pairs of action and style that the model was not trained on."""
    clips = [c for c in dataset.clips if set_apart(c, styles)]
    if not clips:
        return {}
    found = _classified(model, dataset, clips)
    right = {name: scores.argmax(1) == target for name, (scores, target) in found.items()}
    right["both"] = right["action"] & right["style"]
    shares = {f"apart_{name}_right": float(hits.float().mean()) for name, hits in right.items()}
    return {"apart_clips": float(len(clips)), **shares}


def _classified(model: MatchingModel, dataset: Dataset, clips: list[Clip]) -> dict[str, tuple[Tensor, Tensor]]:
    """Logits (N, classes) of the clips' actions and styles, and the targets (N,)."""
    _, actions, styles = judge_motions(model, [np.asarray(dataset.of(c)) for c in clips])
    meanings = [meaning_of(c) for c in clips]
    return {
        "action": (actions, torch.tensor([ACTION_NAMES.index(m.action) for m in meanings])),
        "style": (styles, torch.tensor([STYLE_NAMES.index(m.style) for m in meanings])),
    }
