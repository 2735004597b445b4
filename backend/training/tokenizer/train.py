"""Stage 1: train the motion tokenizer, and measure it."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ....retarget.errors import MotionGPTError
from ...dataset.clips import checksum, compute_statistics, load_dataset
from ...dataset.sampling import draw_weights
from ...features import Statistics
from ..folder import check_settings
from ..loop import (
    Processes,
    Schedule,
    autocast,
    choose_device,
    load_trained,
    save_atomically,
    settings_of,
    train,
    trained_checksum,
)
from .data import Windows
from .losses import LossWeights, reconstruction_losses, weighted
from .net import MotionVqVae

_EXAMPLES = 512  # windows that the network starts from


@dataclass(frozen=True)
class TokenizerConfig(LossWeights):
    """quantizer: one of `quantizers.KINDS`.  commitment: weight of the loss on the latents' distance to their codes;
    the other losses' weights are those of `LossWeights`."""

    width: int = 384
    code_width: int = 256
    depth: int = 3
    codes: int = 512
    levels: int = 2
    quantizer: str = "residual"
    window: int = 64
    batch: int = 128
    steps: int = 5000
    minutes: float = 0.0
    rate: float = 4e-4
    seed: int = 0
    commitment: float = 0.1


def train_tokenizer(data: Path, folder: Path, config: TokenizerConfig, device: str = "auto") -> MotionVqVae:
    """Train on a data set and leave `model.pt` and `statistics.npz` in the folder; resumes from a checkpoint there."""
    began, dataset = time.monotonic(), load_dataset(data)
    settings = {**asdict(config), "dataset": checksum(data, captions=False)}
    check_settings(folder, settings)
    folder.mkdir(parents=True, exist_ok=True)
    statistics = compute_statistics(dataset)
    np.savez(folder / "statistics.npz", mean=statistics.mean, std=statistics.std)
    where = choose_device(device)
    _need_one_process(where)
    torch.manual_seed(config.seed)
    model = _network(config).to(where)
    windows = Windows(dataset, statistics, draw_weights(dataset.split("train")), config.window, config.batch, where)
    stats = _on(where, statistics)
    examples = torch.Generator().manual_seed(config.seed)
    model.start_from(torch.cat([windows.draw(examples)[0] for _ in range(1 + _EXAMPLES // config.batch)]))

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        batch, mask = windows.draw(generator)
        with autocast(where):
            out, commitment, _ = model(batch)
        losses = reconstruction_losses(out, batch, mask, stats)
        return {"loss": weighted(losses, config) + config.commitment * commitment, "commitment": commitment, **losses}

    schedule = Schedule(config.steps, config.rate, seed=config.seed, minutes=config.minutes).after(
        time.monotonic() - began
    )
    return train(model, loss_of, folder, schedule, settings, "tokenizer")


def refine_decoder(
    data: Path, tokenizer: Path, folder: Path, config: TokenizerConfig, device: str = "auto"
) -> MotionVqVae:
    """Train the decoder of a trained tokenizer further. Its codes don't change, so language models
    trained on them stay valid.

    config: the tokenizer's own (`tokenizer_config`), except for how to train. folder gets `model.pt` and
    `statistics.npz` of the whole tokenizer, and in `decoder/` what the training resumes from.
    """
    began, where = time.monotonic(), choose_device(device)
    _need_one_process(where)
    record = tokenizer_record(tokenizer)["tokenizer"]
    if folder.resolve() == tokenizer.resolve():
        raise MotionGPTError(
            f"{folder} holds the tokenizer that is to be refined, which would be lost.", "Use another folder for -o."
        )
    source = {"dataset": checksum(data, captions=False), "tokenizer": tokenizer_checksum(tokenizer)}
    settings = {**asdict(config), **source}
    check_settings(folder / "decoder", settings)
    model, statistics = load_tokenizer(tokenizer)
    model.to(where)
    dataset = load_dataset(data)
    windows = Windows(dataset, statistics, draw_weights(dataset.split("train")), config.window, config.batch, where)
    stats = _on(where, statistics)
    decoder = model.decoder.train()

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        batch, mask = windows.draw(generator)
        with torch.no_grad():
            latents = model.quantizer.decode(model.encode(batch)).transpose(1, 2)
        with autocast(where):
            out = decoder(latents).transpose(1, 2)
        losses = reconstruction_losses(out, batch, mask, stats)
        return {"loss": weighted(losses, config), **losses}

    schedule = Schedule(config.steps, config.rate, seed=config.seed, minutes=config.minutes).after(
        time.monotonic() - began
    )
    refined = train(decoder, loss_of, folder / "decoder", schedule, settings, "decoder")
    model.decoder.load_state_dict(refined.state_dict())
    np.savez(folder / "statistics.npz", mean=statistics.mean, std=statistics.std)
    save_atomically({"model": model.state_dict(), "config": asdict(config), "first": record}, folder / "model.pt")
    return model.eval()


def _need_one_process(where: torch.device) -> None:
    if Processes(where).count > 1:
        raise MotionGPTError("Several processes can't train one tokenizer: its codebooks diverge.", "Use one process.")


def _on(where: torch.device, statistics: Statistics) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(statistics.mean).to(where), torch.from_numpy(statistics.std).to(where)


def _network(c: TokenizerConfig) -> MotionVqVae:
    return MotionVqVae(c.width, c.code_width, c.depth, c.codes, c.levels, c.quantizer)


def tokenizer_config(folder: Path) -> TokenizerConfig:
    """The settings that a tokenizer was trained with. Raises MotionGPTError if the folder holds none."""
    return settings_of(TokenizerConfig, load_trained(folder, "tokenizer")["config"])


def tokenizer_checksum(folder: Path) -> int:
    """A checksum of a trained tokenizer's weights. Raises MotionGPTError if the folder holds none."""
    tokenizer_config(folder)
    return trained_checksum(folder)


def tokenizer_record(folder: Path) -> dict[str, dict[str, Any]]:
    """For a model's card: settings of the training as "tokenizer", and as "decoder" those of its refinement, if any."""
    state = load_trained(folder, "tokenizer")
    if "first" not in state:
        return {"tokenizer": state["config"]}
    return {"tokenizer": state["first"], "decoder": state["config"]}


def load_tokenizer(folder: Path) -> tuple[MotionVqVae, Statistics]:
    """A trained tokenizer and the statistics of its features. Raises MotionGPTError if the folder holds none."""
    state = load_trained(folder, "tokenizer")
    model = _network(settings_of(TokenizerConfig, state["config"]))
    model.load_state_dict(state["model"])
    with np.load(folder / "statistics.npz") as file:
        return model.eval(), Statistics(file["mean"], file["std"])
