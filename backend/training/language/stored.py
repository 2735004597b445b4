"""What is lost when a trained model is stored: its graphs in a folder beside the networks that they were made from."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ....retarget.typing import Ints
from ...dataset.clips import Dataset
from ...engines.shared.runtime import open_session
from ...engines.starter.decoder import Decoder, Prompt
from ...engines.starter.vocabulary import ABSENT, BEGIN, END, NO_DETAIL, TASKS
from ...features import Statistics
from ...model_folder import ModelCard
from ..tokenizer.measuring import errors_of, summary
from .net import MotionLanguageModel
from .train import trained_on

_SEQUENCES = 24
_SHOWN = ("joint_error_mm", "acceleration_error_mm", "path_error_mm_per_s")


class StoredTokenizer(nn.Module):
    """`MotionVqVae` as it is stored in a model's folder: the same methods on the same normalised features."""

    def __init__(self, folder: Path, statistics: Statistics) -> None:
        super().__init__()
        self._motion, self._codes = (open_session(folder / f"{name}.onnx", threads=1) for name in ("motion", "codes"))
        self._statistics = statistics

    def encode(self, features: Tensor) -> Tensor:
        """Codes (B, N, levels) of features (B, 4 N, 263)."""
        rows = self._statistics.denormalize(features.numpy()).astype(np.float32)
        return torch.from_numpy(self._codes.run(None, {"features": rows})[0])

    def decode(self, codes: Tensor) -> Tensor:
        """Features (B, 4 N, 263) of codes (B, N, levels)."""
        rows = self._motion.run(None, {"codes": codes.numpy()})[0]
        return torch.from_numpy(self._statistics.normalize(rows).astype(np.float32))


def tokenizer_stored(folder: Path, statistics: Statistics, dataset: Dataset) -> dict[str, float]:
    """Errors of the stored tokenizer on a data set's test clips, by the names of `measuring.summary`."""
    found = summary(errors_of(StoredTokenizer(folder, statistics), statistics, dataset))
    return {name: round(found[name], 4) for name in _SHOWN}


def language_stored(folder: Path, card: ModelCard, model: MotionLanguageModel, training: Path) -> dict[str, float]:
    """The stored language model beside the trained one, each given the right tokens before: the share of choices that
    are the same, of all levels, and how much the mean loss of a choice grows. training: the model's."""
    decoder = Decoder(folder, card, "cpu")
    same: list[bool] = []
    more: list[float] = []
    for states, codes in trained_on(training, _SEQUENCES):
        wanted = _trained_logits(model, states, codes)
        found = _stored_logits(decoder, states, codes)
        for level, (one, other) in enumerate(zip(wanted, found, strict=True)):
            target = torch.from_numpy(codes[:, level])
            same += (one.argmax(-1) == other.argmax(-1)).tolist()
            losses = [nn.functional.cross_entropy(logits, target, reduction="none") for logits in (other, one)]
            more += (losses[0] - losses[1]).tolist()
    return {"same_choices": round(float(np.mean(same)), 4), "loss_change": round(float(np.mean(more)), 5)}


@torch.no_grad()
def _trained_logits(model: MotionLanguageModel, states: Tensor, codes: Ints) -> list[Tensor]:
    """Of each level, logits (N, choices) at each token of codes (N, levels), by the trained model."""
    levels, count = codes.shape[1], len(codes)
    true = torch.from_numpy(codes)
    before = torch.cat([torch.tensor([[BEGIN, *[NO_DETAIL] * (levels - 1)]]), true[:-1]])
    task, nothing = torch.tensor([TASKS.index("generate")]), torch.zeros(1, 1, levels, dtype=torch.long)
    mask = torch.ones(1, len(states))
    memory = model.encode(states[None], mask, torch.ones(1), task, nothing, torch.full((1, 1), ABSENT))
    hidden = model.decode(*memory, before[None, :, 0], before[None, :, 1:], torch.arange(count, 0, -1)[None])[0]
    return [model.head(hidden)[:, : END + 1], *model.further_logits(hidden, true)]


def _stored_logits(decoder: Decoder, states: Tensor, codes: Ints) -> list[Tensor]:
    """The same by the stored model."""
    levels = codes.shape[1]
    nothing = np.zeros((1, levels), np.int64)
    decoding = decoder.start(Prompt(states.numpy(), (1.0,), "generate", nothing, np.full(1, ABSENT), 1))
    last = np.array([BEGIN, *[NO_DETAIL] * (levels - 1)])
    found: list[list[Tensor]] = [[] for _ in range(levels)]
    for place, token in enumerate(codes):
        logits, hidden = decoding.step(last[:, None], [len(codes) - place])
        details = decoder.details(hidden)
        for kept, one in zip(found, (logits, *map(details.after, token[:-1, None])), strict=True):
            kept.append(torch.from_numpy(one[0]))
        last = token
    return [torch.stack(level) for level in found]
