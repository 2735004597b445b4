"""Texts through the pretrained English encoder, for the judge and for the nearest training clip. Needs the `train`
extra."""

import importlib.util
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Floats
from ..dataset.captions import describe
from ..dataset.clips import Dataset

if TYPE_CHECKING:
    from ..text_encoder.sentences import Sentences


_WORDINGS = 8  # per content, style and side
_FILE = "training-captions.pt"


def _sentences(texts: Sequence[str], path: Path | None = None) -> "Sentences":
    """The encoder's states of the texts, cached in a file if its path is given."""
    if importlib.util.find_spec("torch") is None:
        raise MotionGPTError(
            "Judging texts needs PyTorch.", "Run `pip install motiongpt-blender[train]`.", "missing_package"
        )
    from ..text_encoder.sentences import cached_sentences, load_text_tokenizer, load_words, read_sentences

    return cached_sentences(texts, path) if path else read_sentences(texts, load_text_tokenizer(), load_words())


def text_states(texts: Sequence[str]) -> list[Floats]:
    """States (L, 384) of every text."""
    return _each(_sentences(texts))


def _each(read: "Sentences") -> list[Floats]:
    return [read.gather([i])[0][0].numpy() for i in range(len(read.starts) - 1)]


def nearest_clips(dataset: Dataset, prompts: Sequence[str], work: Path | None = None) -> list[list[int]]:
    """For every prompt, the indices of the training clips that the nearest training caption describes.

    Nearest by the cosine of the pretrained encoder's mean states, which is how that encoder compares sentences.
    work: a folder that caches the states of the training captions.
    """
    owners = _training_captions(dataset)
    read = _sentences(list(owners), work / _FILE if work else None)
    vectors = np.stack([_mean(states) for states in _each(read)])
    asked = np.stack([_mean(states) for states in text_states(prompts)])
    clips = list(owners.values())
    return [clips[int(i)] for i in (asked @ vectors.T).argmax(axis=1)]


def _training_captions(dataset: Dataset) -> dict[str, list[int]]:
    """Caption -> indices of the clips that it describes."""
    rng = random.Random(0)
    wordings: dict[tuple[str, str, bool], list[str]] = {}
    owners: dict[str, list[int]] = {}
    for place, clip in enumerate(dataset.clips):
        if clip.split != "train":
            continue
        texts = clip.captions
        if not texts and clip.tags:
            key = (clip.tags["content"], clip.tags["style"], clip.mirrored)
            if key not in wordings:
                wordings[key] = [describe(*key, False, rng) for _ in range(_WORDINGS)]
            texts = wordings[key]
        for text in dict.fromkeys(texts):
            owners.setdefault(text, []).append(place)
    return owners


def _mean(states: Floats) -> Floats:
    mean = states.mean(axis=0)
    out: Floats = mean / np.linalg.norm(mean)
    return out
