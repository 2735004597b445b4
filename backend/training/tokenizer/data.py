"""Windows of a data set's training clips, which the tokenizer learns from."""

import numpy as np
import torch
from torch import Tensor

from ....retarget.typing import Float64s
from ...dataset.clips import Dataset
from ...features import Statistics


class Windows:
    """Random windows of the training clips; shorter clips are padded with their last frame, and masked."""

    def __init__(
        self,
        dataset: Dataset,
        statistics: Statistics,
        weights: Float64s,
        window: int,
        batch: int,
        where: torch.device | None = None,
    ) -> None:
        """weights: probability of each training clip.  window: frames.  batch: windows drawn at once.  where: the
        device that holds the frames."""
        clips = dataset.split("train")
        rows = torch.from_numpy(statistics.normalize(np.asarray(dataset.features)).astype(np.float32))
        self.rows = rows.to(where)
        self.starts, self.frames = (torch.tensor([getattr(c, k) for c in clips]) for k in ("start", "frames"))
        self.weights = torch.from_numpy(weights)
        self.window, self.batch = window, batch

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Normalised features (B, window, 263) and mask (B, window, 1)."""
        size = self.window
        chosen = torch.multinomial(self.weights, self.batch, replacement=True, generator=generator)
        places = torch.rand(self.batch, generator=generator).double()
        frames = self.frames[chosen]
        first = (places * ((frames - size).clamp(min=0) + 1)).long()
        time = first[:, None] + torch.arange(size)  # (B, window)
        index = self.starts[chosen][:, None] + time.clamp(max=frames[:, None] - 1)
        mask = (time < frames[:, None]).float()[..., None]
        return self.rows[index.to(self.rows.device)], mask.to(self.rows.device)
