"""Texts through the pretrained English encoder, for the judge and for the nearest training clip. Needs the `train`
extra."""

import importlib.util
import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retarget import MotionGPTError

from ..training.captions import describe
from ..training.data import Dataset

if TYPE_CHECKING:
    from ..training.matching import CaptionBank

Array = NDArray[np.floating[Any]]

_WORDINGS = 8  # of every content, style and side
_FILE = "training-captions.pt"


def _bank() -> "CaptionBank":
    if importlib.util.find_spec("torch") is None:
        raise MotionGPTError(
            "Judging texts needs PyTorch.", "Run `pip install motiongpt-blender[train]`.", "missing_package"
        )
    from ..training.matching import CaptionBank

    return CaptionBank()


def _encode(bank: "CaptionBank") -> None:
    from ..training.language_model import encoder_folder
    from ..training.language_net import PretrainedEncoder

    bank.encode(PretrainedEncoder.from_file(encoder_folder() / "model.safetensors"))


def text_states(texts: Sequence[str]) -> list[Array]:
    """States (L, 384) of every text."""
    bank = _bank()
    places = [bank.add(text) for text in texts]
    _encode(bank)
    return [bank.states([place])[0][0].numpy() for place in places]


def nearest_clips(dataset: Dataset, prompts: Sequence[str], work: Path | None = None) -> list[list[int]]:
    """For every prompt the places of the training clips that the nearest training caption describes.

    Nearest by the cosine of the pretrained encoder's mean states, which is how that encoder compares sentences.
    work: a folder that keeps the states of the training captions.
    """
    bank = _bank()
    owners = _training_captions(dataset, bank)
    if work is not None:
        bank.load(work / _FILE)
    _encode(bank)
    if work is not None:
        bank.save(work / _FILE)
    vectors = np.stack([_mean(bank.states([i])[0][0].numpy()) for i in range(len(bank.texts))])
    asked = np.stack([_mean(states) for states in text_states(prompts)])
    return [owners[int(i)] for i in (asked @ vectors.T).argmax(axis=1)]


def _training_captions(dataset: Dataset, bank: "CaptionBank") -> dict[int, list[int]]:
    """Place of a caption in the bank -> places of the clips that it describes."""
    rng = random.Random(0)
    wordings: dict[tuple[str, str, bool], list[int]] = {}
    owners: dict[int, list[int]] = {}
    for place, clip in enumerate(dataset.clips):
        if clip.split != "train":
            continue
        texts = [bank.add(text) for text in clip.captions]
        if not texts and clip.tags:
            key = (clip.tags["content"], clip.tags["style"], clip.mirrored)
            if key not in wordings:
                wordings[key] = [bank.add(describe(*key, False, rng)) for _ in range(_WORDINGS)]
            texts = wordings[key]
        for text in dict.fromkeys(texts):
            owners.setdefault(text, []).append(place)
    return owners


def _mean(states: Array) -> Array:
    mean = states.mean(axis=0)
    out: Array = mean / np.linalg.norm(mean)
    return out
