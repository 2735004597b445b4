"""From clips and words to a style's folder: what `motiongpt train style` does."""

import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...dataset.clips import Clip, Dataset
from ...model_folder import ModelCard
from ..folder import check_settings, is_fresh, note_source
from ..language.sequences import TokenSequence
from ..loop import save_atomically
from .base import BaseModel
from .clips import Shown, as_dataset, lost, sequences_of
from .export import About, check_place, write_style
from .rehearsal import rehearse
from .train import Lesson, StyleTraining, measure, train_style
from .words import known_with, other_texts, phrases_of, wordings_of

TRAINING = "training"
"""Folder of the checkpoint, in a style's folder, to be deleted when the style is complete."""
_OTHERS = "others.pt"
_FAR = 0.3  # metres that a joint, most likely a hand, may be off in motion tokens
_MEASURED = 8  # one of so many other prompts is not rehearsed, but measured

Report = Callable[[str, float], None]
"""Receives what is being done, and the share of all that is done, 0 to 1."""


def make_style(
    shown: Sequence[Shown],
    base: BaseModel,
    target: Path,
    settings: StyleTraining,
    licence: str = "",
    mirror: bool = True,
    report: Report = lambda what, done: None,
) -> tuple[ModelCard, list[str]]:
    """Train a style and write its folder; resumes from a checkpoint there. Returns its card, and a line for each clip
    that was left out.

    licence: of the clips, "" for the animator's own.  mirror: learn the mirrored clips too.  Raises MotionGPTError for
    what can't be used, and where the folder holds something else.
    """
    began = time.monotonic()
    check_place(base, target)
    report("Reading clips", 0.0)
    dataset, skipped = as_dataset(shown, mirror)
    sources = {"dataset": _checksum(dataset), "base": zlib.crc32(repr(sorted(base.card.files.items())).encode())}
    folder = target / TRAINING
    check_settings(folder, {**asdict(settings), **sources})
    folder.mkdir(parents=True, exist_ok=True)
    tokens = lost(base.codec(), dataset)
    sequences = sequences_of(base.encoder(), dataset)
    style = Lesson(sequences, wordings_of(dataset.clips, base, settings.seed))
    phrases = phrases_of(dataset.clips)
    report("Asking the model for other prompts", 0.03)
    others = _others(base, phrases, folder, settings, sources)
    kept, measured = _lessons(others, base, settings.seed)
    networks = base.network(), base.network()
    before = measure(networks[0], networks[0], style, measured, settings)
    weights, lora = train_style(networks, style, kept, folder, settings, sources, began, report)
    after = measure(networks[0], _loaded(networks[1], weights), style, measured, settings)
    about = About(
        licence,
        tuple(dict.fromkeys(clip.name for clip in dataset.clips)),
        phrases,
        {"torch": str(torch.__version__), "style": asdict(settings)},
        {
            "loss": [before["loss"], after["loss"]],
            "change": after["change"],
            "others": len(measured.sequences),
            "tokens_mm": round(1000.0 * sum(tokens.values()) / max(len(tokens), 1)),
        },
    )
    card = write_style(weights, lora, known_with(phrases, base), base, target, about)
    return card, [*skipped, *_said_of(tokens)]


def _said_of(tokens: Mapping[str, float]) -> list[str]:
    """A line where the base's motion tokens can't show the clips: no training of its words changes that."""
    far = [name for name, metres in tokens.items() if metres > _FAR]
    if not far:
        return []
    worst = 100.0 * max(tokens.values())
    return [
        f"The model can't show {', '.join(far[:3])}{' and others' if len(far) > 3 else ''} as they are: in its motion "
        f"tokens, a joint is up to {worst:.0f} cm off. Poses like these are not in what it was trained on"
    ]


def _checksum(dataset: Dataset) -> int:
    return zlib.crc32(repr([asdict(clip) for clip in dataset.clips]).encode(), zlib.crc32(dataset.features.tobytes()))


def _others(
    base: BaseModel, phrases: Sequence[str], folder: Path, settings: StyleTraining, sources: dict[str, Any]
) -> list[TokenSequence]:
    """What the base does for other prompts, kept in the folder: a resumed training rehearses the same."""
    path = folder / _OTHERS
    made_from = {**sources, "others": settings.others, "seed": settings.seed}
    if is_fresh(path, made_from):
        return [_sequence(text, codes.numpy()) for text, codes in torch.load(path, weights_only=True)]
    found = list(rehearse(base, other_texts(base, phrases, settings.others, settings.seed), settings.seed))
    save_atomically([(s.clip.captions[0], torch.from_numpy(s.phases[0])) for s in found], path)
    note_source(path, made_from)
    return found


def _sequence(text: str, codes: Any) -> TokenSequence:
    clip = Clip(f"other/{text}", 0, 0, [text], assigned="train")
    return TokenSequence(clip, (codes, codes), (codes, codes), (0, 0), False)


def _lessons(others: Sequence[TokenSequence], base: BaseModel, seed: int) -> tuple[Lesson, Lesson]:
    """What is rehearsed, and what is only measured."""
    places = np.random.default_rng(seed).permutation(len(others)).tolist()
    aside = max(1, len(others) // _MEASURED)
    wordings = wordings_of([s.clip for s in others], base, seed, 1)
    kept, measured = ([others[i] for i in some] for some in (places[aside:] or places, places[:aside]))
    return Lesson(kept, wordings), Lesson(measured, wordings)


def _loaded(network: Any, weights: dict[str, Tensor]) -> Any:
    network.load_state_dict(weights, strict=False)
    return network
