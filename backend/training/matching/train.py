"""Train the text-motion matching model, which judges generated motion or picks the best of several candidates.

Two trainings with different seeds give a judge and a picker that don't share their mistakes: a model judged by its own
picker would look better than it is.
"""

import random
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Float32s
from ...dataset.clips import checksum, compute_statistics, load_dataset
from ...dataset.composites import set_apart, with_composites
from ...dataset.meaning import ACTION_NAMES, STYLE_NAMES
from ...evaluation.practice.attempts import Attempts
from ...text_encoder.sentences import cached_sentences
from ..folder import check_settings
from ..loop import Schedule, choose_device, settings_of, start_of, train
from .data import Batches, MatchingTraining, examples_of, held_out
from .net import MatchingConfig, MatchingModel
from .practice import Practice, practice_losses

_CHUNK = 32  # motions that go through the network together


def matching_losses(model: MatchingModel, batch: dict[str, Tensor], t: MatchingTraining) -> dict[str, Tensor]:
    """Symmetric contrastive loss (InfoNCE; van den Oord et al. 2018) without false negatives, and the classifiers'
    cross-entropies."""
    motion, actions, styles = _in_chunks(model, batch["features"], batch["frames"])
    text = model.text(batch["states"], batch["mask"])
    scores = model.sharpness.exp().clamp(max=50.0) * text @ motion.T  # (B, B)
    own = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    scores = scores.masked_fill(batch["same"] & ~own, -1e4)
    target = torch.arange(len(scores), device=scores.device)
    match = (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2
    action = F.cross_entropy(actions, batch["action"], label_smoothing=0.05)
    named = batch["style"] >= 0  # the mean over none would not be a number
    style = F.cross_entropy(styles[named], batch["style"][named], label_smoothing=0.05) if named.any() else 0.0 * match
    hit = (scores.argmax(1) == target).float().mean()
    return {"loss": match + t.classes * (action + style), "match": match, "action": action, "style": style, "hit": hit}


def _in_chunks(model: MatchingModel, features: Tensor, frames: Tensor) -> tuple[Tensor, ...]:
    """The model's outputs for motions (B, T, 263), grouped by similar length, so that little of the work is padding."""
    order = frames.argsort()
    parts = [model(features[c, : int(frames[c].max())], frames[c]) for c in order.split(_CHUNK)]
    back = order.argsort()
    return tuple(torch.cat(values)[back] for values in zip(*parts, strict=True))


def train_matching(
    data: Path,
    folder: Path,
    training: MatchingTraining,
    config: MatchingConfig | None = None,
    device: str = "auto",
    start: Path | None = None,
    attempts: Path | None = None,
) -> MatchingModel:
    """Train on a data set's training split and leave `model.pt` in the folder; resumes from a checkpoint there.

    start: folder of a trained model to train further.  attempts: folder of what a model made of texts, checked, from
    which this one learns what to pick (`practice`).
    """
    begun, more = start_of(start, "matching model", "matching")
    config = settings_of(MatchingConfig, begun["config"]) if begun else config or MatchingConfig()
    where = choose_device(device)
    full = load_dataset(data)
    tried = Attempts.load(attempts) if attempts else None
    settings: dict[str, Any] = {**asdict(training), **asdict(config), "dataset": checksum(data), **more}
    if tried:
        settings["attempts"] = tried.checksum
    check_settings(folder, settings)
    seen = replace(full, clips=[c for c in full.clips if not set_apart(c, training.without)])
    dataset = with_composites(seen, training.composites, training.seed)
    texts: dict[str, int] = {}
    rng = random.Random(training.seed)
    examples = examples_of(dataset, [c for c in dataset.split("train") if not held_out(c)], texts, rng)
    if not examples:
        raise MotionGPTError(f"No training clip of {data} has captions.", "Import it with a table of captions.")
    practice = Practice(tried, texts) if tried else None
    folder.mkdir(parents=True, exist_ok=True)
    read = cached_sentences(list(texts), folder / "captions.pt")
    batches = Batches(dataset, examples, list(texts), read, training)
    torch.manual_seed(training.seed)
    model = MatchingModel(config, len(ACTION_NAMES), len(STYLE_NAMES))
    statistics = compute_statistics(dataset)
    model.motion.mean.copy_(torch.from_numpy(np.asarray(statistics.mean)))
    model.motion.std.copy_(torch.from_numpy(np.asarray(statistics.std)))
    if begun:
        model.load_state_dict(begun["model"])
    model.to(where)

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        batch = {k: v.to(where) for k, v in batches.draw(generator).items()}
        losses = matching_losses(model, batch, training)
        if practice is None:
            return losses
        drawn = {k: v.to(where) for k, v in practice.draw(generator, training.prompts, read).items()}
        motion = _in_chunks(model, drawn["features"], drawn["frames"])[0]
        learned = practice_losses(model, motion, drawn)
        loss = learned["rank"] + 0.5 * learned["sort"] + training.beside * losses["loss"]
        return {**losses, **learned, "loss": loss}

    schedule = Schedule(training.steps, training.rate, 100, 0.05, averaging=0.995, seed=training.seed)
    return train(model, loss_of, folder, schedule, settings, "matching model")


@torch.no_grad()
def judge_motions(model: MatchingModel, rows: list[Float32s]) -> tuple[Tensor, Tensor, Tensor]:
    """Vectors, action and style logits of motions' features (T, 263), one at a time."""
    out = [model(torch.from_numpy(np.array(r))[None], torch.tensor([len(r)])) for r in rows]
    vectors, actions, styles = zip(*out, strict=True)
    return torch.cat(vectors), torch.cat(actions), torch.cat(styles)
