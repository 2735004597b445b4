"""Train a style: LoRA on the base's language model, on an animator's clips, while the base's own answers to other
prompts are rehearsed.

Every step learns from a batch of the clips, for all tasks, and from a batch of what the base did for other prompts,
where the distribution over the next code must stay that of the base (Kullback-Leibler divergence; learning without
forgetting, Li and Hoiem 2016).
"""

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import Tensor, nn
from torch.nn import functional as F

from ..folder import check_settings
from ..language.data import IGNORED, Batches, LanguageTraining
from ..language.net import LanguageConfig, MotionLanguageModel
from ..language.sequences import TokenSequence
from ..language.train import language_loss
from ..language.wordings import Wordings, key_of
from ..loop import Processes, Schedule, train

_WARMUP, _AVERAGING, _SAVED = 20, 0.98, 30.0  # steps; decay of the averaged weights; seconds between checkpoints
_PREPARED = 0.1  # share of the progress before the first step
_BATCHES = 6  # that are measured


@dataclass(frozen=True)
class StyleTraining:
    """rank, alpha: of the adapter.  batch: examples of the clips in a step.  others: other prompts, whose motions stay
    what they are.  rehearsed: examples of them in a step.  keep: weight of their loss.  noise: on the states of the
    clips' texts, see LanguageConfig.
    """

    steps: int = 200
    minutes: float = 5.0
    batch: int = 8
    rate: float = 2e-3
    seed: int = 0
    rank: int = 8
    alpha: float = 16.0
    others: int = 256
    rehearsed: int = 12
    keep: float = 2.0
    noise: float = 0.3
    hide_words: float = 0.25


@dataclass(frozen=True, eq=False)
class Lesson:
    """Motion as tokens, and what is said about it."""

    sequences: list[TokenSequence]
    wordings: Wordings


class Adapter(nn.Module):
    """The trained weights of a network with LoRA, which alone are kept in checkpoints."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.weights = nn.ParameterDict(
            {name.replace(".", "/"): p for name, p in network.named_parameters() if p.requires_grad}
        )

    def state(self) -> dict[str, Tensor]:
        """The weights by the names that they have in the network."""
        return {name.replace("/", "."): p.detach() for name, p in self.weights.items()}


def adapted(network: MotionLanguageModel, settings: StyleTraining) -> tuple[MotionLanguageModel, LoraConfig]:
    """The network with LoRA on all its matrices, and how."""
    torch.manual_seed(settings.seed)
    targets = [name for name, module in network.named_modules() if isinstance(module, nn.Linear)]
    config = LoraConfig(r=settings.rank, lora_alpha=settings.alpha, target_modules=targets)
    return inject_adapter_in_model(config, network), config


def train_style(
    networks: tuple[MotionLanguageModel, MotionLanguageModel],
    style: Lesson,
    others: Lesson,
    folder: Path,
    settings: StyleTraining,
    sources: dict[str, Any],
    began: float | None = None,
    report: Callable[[str, float], None] = lambda what, done: None,
) -> tuple[dict[str, Tensor], LoraConfig]:
    """The adapter's weights, and how they are placed; resumes from the folder's checkpoint.

    networks: the base's language model twice, of which the second is changed.  sources: checksums of what is learned
    from.  began: when the training's time began.  report: see `make.Report`.  Raises MotionGPTError where the folder
    holds another training.
    """
    began = time.monotonic() if began is None else began
    config = {**asdict(settings), **sources}
    check_settings(folder, config)
    base, (network, lora) = networks[0], adapted(networks[1], settings)
    loss_of = _Losses(base, network, style, others, settings)
    schedule = Schedule(
        settings.steps, settings.rate, _WARMUP, 0.0, _AVERAGING, settings.seed, _SAVED, settings.minutes
    )

    def reported(generator: torch.Generator) -> dict[str, Tensor]:
        step = generator.initial_seed() - settings.seed * 1_000_003
        done = max(step / settings.steps, schedule.spent(time.monotonic() - began))
        report(f"Training, step {step + 1}", _PREPARED + (1.0 - _PREPARED) * done)
        return loss_of(generator)

    average = train(Adapter(network), reported, folder, schedule.after(time.monotonic() - began), config, "style")
    return average.state(), lora


@torch.no_grad()
def measure(
    base: MotionLanguageModel, network: MotionLanguageModel, style: Lesson, others: Lesson, settings: StyleTraining
) -> dict[str, float]:
    """loss: on the clips.  change: of other prompts' motions against the base's, in nats a token."""
    losses = _Losses(base, network, style, others, settings)
    found = [losses.without_noise(torch.Generator().manual_seed(i)) for i in range(_BATCHES)]
    return {name: round(sum(one[name].item() for one in found) / len(found), 4) for name in ("loss", "change")}


class _Losses:
    """The loss of a step."""

    def __init__(
        self,
        base: MotionLanguageModel,
        network: MotionLanguageModel,
        style: Lesson,
        others: Lesson,
        settings: StyleTraining,
    ) -> None:
        self._base, self._network, self._settings = base, network, settings
        self._styles, self._others = style, others
        self._plain: LanguageConfig = replace(network.config, text_noise=0.0)
        self._noisy: LanguageConfig = replace(network.config, text_noise=settings.noise)
        one = Processes(torch.device("cpu"))
        shared = LanguageTraining(seed=settings.seed, hide_words=settings.hide_words, unknown=0.0)
        # A style is what its words ask for: without them, the base is to stay what it is.
        own = replace(shared, batch=settings.batch, hide_text=0.0, hide_text_between=0.0)
        self._own = _StyleBatches(style.sequences, style.wordings, own, one)
        kept = replace(shared, batch=settings.rehearsed, corrupt=0.0)
        self._kept = _StyleBatches(others.sequences, others.wordings, kept, one)
        self._detail = shared.detail

    def __call__(self, generator: torch.Generator) -> dict[str, Tensor]:
        # In float32: batches are so small that casting the weights would take longer than it saves.
        network = self._network
        network.config = self._noisy
        network.train()
        batch = _read(self._own.draw(generator), self._styles.wordings)
        found = language_loss(network, batch, self._detail)["loss"]
        network.config = self._plain
        network.eval()
        kept = change(self._base, network, _read(self._kept.draw(generator), self._others.wordings))
        return {"loss": found + self._settings.keep * kept, "style": found, "change": kept}

    def without_noise(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Of the network as it is used."""
        self._network.config = self._plain
        self._network.eval()
        own, kept = (
            _read(batches.draw(generator), lesson.wordings)
            for batches, lesson in ((self._own, self._styles), (self._kept, self._others))
        )
        found = language_loss(self._network, own, self._detail)["loss"]
        return {"loss": found, "change": change(self._base, self._network, kept)}


class _StyleBatches(Batches):
    def _key(self, sequence: TokenSequence, rng: random.Random) -> str:
        """A clip that stands still is what its words say, too."""
        return key_of(sequence.clip, sequence.little)


def _read(batch: dict[str, Tensor], wordings: Wordings) -> dict[str, Tensor]:
    states, mask = wordings.gather(batch["sentences"].tolist())
    return {**batch, "states": states, "mask": mask}


def change(base: MotionLanguageModel, network: MotionLanguageModel, batch: dict[str, Tensor]) -> Tensor:
    """How far a network's next codes are from those of the base, in nats a token: of all levels, given the codes before
    them."""
    with torch.no_grad():
        hidden_of_base = _hidden(base, batch)
    hidden = _hidden(network, batch)
    wanted, fine = batch["targets"] != IGNORED, batch["detail_targets"][..., 0] != IGNORED
    out = _divergence(base.head(hidden_of_base[wanted]), network.head(hidden[wanted]))
    if fine.any():
        codes = torch.cat([batch["targets"][fine][:, None], batch["detail_targets"][fine]], dim=1)
        with torch.no_grad():
            right = list(base.further_logits(hidden_of_base[fine], codes))
        for one, other in zip(right, network.further_logits(hidden[fine], codes), strict=True):
            out = out + _divergence(one, other)
    return out


def _hidden(network: MotionLanguageModel, batch: dict[str, Tensor]) -> Tensor:
    memory, mask = network.encode(*(batch[k] for k in ("states", "mask", "keep", "task", "slots", "kinds")))
    return network.decode(memory, mask, *(batch[k] for k in ("tokens", "details", "remaining")))


def _divergence(right: Tensor, found: Tensor) -> Tensor:
    logs = F.log_softmax(found.float(), dim=-1)
    return F.kl_div(logs, F.log_softmax(right.float(), dim=-1), log_target=True, reduction="batchmean")
