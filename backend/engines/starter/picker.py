"""Picking the best of several motions for a text, by a matching model of words and motion.

`motiongpt train matching --into` puts one into a model's folder. Whatever judges a model must be another, of another
seed: a model that picks by its judge's taste would look better than it is.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ....retarget.typing import Numbers
from ...model_folder import ModelCard
from ..shared.runtime import open_session

FILE_NAME = "matching.onnx"


class Picker:
    """The file matching.onnx. Raises MotionGPTError where it can't be run."""

    def __init__(self, path: Path, device: str) -> None:
        self._session = open_session(path, device, 1)

    def scores(self, states: Numbers, motions: Sequence[Numbers]) -> Numbers:
        """(N,) how well each of the motions' features (T, 263) fits a text's states (L, 384) of the pretrained
        encoder."""
        longest = max(map(len, motions))
        rows = np.stack([np.pad(m, ((0, longest - len(m)), (0, 0))) for m in motions]).astype(np.float32)
        inputs = {
            "states": states[None].astype(np.float32),
            "mask": np.ones((1, len(states)), np.float32),
            "features": rows,
            "frames": np.array([len(m) for m in motions], np.int64),
        }
        scores: Numbers = self._session.run(None, inputs)[0]
        return scores


def load_picker(folder: Path, card: ModelCard, device: str) -> Picker | None:
    """The folder's picker, or None."""
    return Picker(folder / FILE_NAME, device) if FILE_NAME in card.files else None
