"""Windows of a data set's training clips, which the tokenizer learns from."""

import numpy as np
import torch
from torch import Tensor

from ....retarget.typing import Float64s
from ...dataset.clips import Dataset
from ...features import Statistics


class Windows:
    """Random windows of the training clips; shorter clips are padded with their last frame, and masked."""

    def __init__(self, dataset: Dataset, statistics: Statistics, weights: Float64s, window: int, batch: int) -> None:
        """weights: probability of each training clip.  window: frames.  batch: windows drawn at once."""
        self.clips = dataset.split("train")
        self.rows = torch.from_numpy(statistics.normalize(np.asarray(dataset.features)).astype(np.float32))
        self.weights = torch.from_numpy(weights)
        self.window, self.batch = window, batch

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Normalised features (B, window, 263) and mask (B, window, 1)."""
        size = self.window
        chosen = torch.multinomial(self.weights, self.batch, replacement=True, generator=generator)
        places = torch.rand(self.batch, generator=generator)
        index = torch.empty(self.batch, size, dtype=torch.long)
        mask = torch.empty(self.batch, size, 1)
        for row, (which, place) in enumerate(zip(chosen.tolist(), places.tolist(), strict=True)):
            clip = self.clips[which]
            first = int(place * (max(0, clip.frames - size) + 1))
            time = torch.arange(first, first + size)
            mask[row, :, 0] = (time < clip.frames).float()
            index[row] = clip.start + time.clamp(max=clip.frames - 1)
        return self.rows[index], mask
