"""The text-motion matching model's network: motion and text embedded in one space, and classifiers of motion.

Modelled on Guo et al. 2022 (whose evaluators every paper since uses) and TMR (Petrovich et al. 2023): one encoder per
side, trained so that a motion is close to the text that describes it and far from others. Vectors have length 1.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...features import DIMENSIONS
from ...text_encoder.net import TEXT_WIDTH


@dataclass(frozen=True)
class MatchingConfig:
    """width: of all layers.  space: of the shared vectors.  heads: of both attention pools."""

    width: int = 144
    space: int = 128
    heads: int = 2
    dropout: float = 0.2


class _Block(nn.Module):
    """(B, C, T) -> (B, C, T): one dilated convolution and one feed-forward step, the padding kept at zero."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.wide = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.point = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        h = self.norm(x.transpose(1, 2)).transpose(1, 2) * mask
        h = self.point(self.dropout(F.gelu(self.wide(h))))
        out: Tensor = (x + h) * mask
        return out


class _Pool(nn.Module):
    """Rows (B, L, C) where mask (B, L) is 1 -> (B, (heads + 1) C): their mean, and a weighted mean for each head."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.weigh = nn.Linear(width, heads)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        scores = self.weigh(x) + (1.0 - mask[..., None]) * -1e4  # (B, L, heads)
        even = (mask / mask.sum(dim=1, keepdim=True).clamp(min=1.0))[..., None]  # (B, L, 1)
        weights = torch.cat([even, scores.softmax(dim=1)], dim=-1)
        return (weights.transpose(1, 2) @ x).flatten(1)


class MotionSide(nn.Module):
    """Features (B, T, 263), not normalised, the first `frames` (B,) of each valid -> (B, (heads + 1) width)."""

    mean: Tensor
    std: Tensor

    def __init__(self, c: MatchingConfig) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(DIMENSIONS))
        self.register_buffer("std", torch.ones(DIMENSIONS))
        self.first = nn.Conv1d(DIMENSIONS, c.width, 4, stride=2, padding=1)
        self.fine = _Block(c.width, 1, c.dropout)
        self.second = nn.Conv1d(c.width, c.width, 4, stride=2, padding=1)
        self.coarse = nn.ModuleList(_Block(c.width, d, c.dropout) for d in (1, 3))
        self.norm = nn.LayerNorm(c.width)
        self.pool = _Pool(c.width, c.heads)
        self.dropout = nn.Dropout(c.dropout)

    def forward(self, features: Tensor, frames: Tensor) -> Tensor:
        place = torch.arange(features.shape[1], device=features.device)
        inside = (place < frames[:, None]).to(features.dtype)  # (B, T)
        x = ((features - self.mean) / self.std * inside[..., None]).transpose(1, 2)
        x = self.first(x)
        mask = (place[: x.shape[2]] < (frames // 2)[:, None]).to(x.dtype)[:, None]  # (B, 1, T / 2)
        x = self.fine(F.gelu(x) * mask, mask)
        x = self.second(x)
        mask = (place[: x.shape[2]] < (frames // 4)[:, None]).to(x.dtype)[:, None]
        x = F.gelu(x) * mask
        for block in self.coarse:
            x = block(x, mask)
        out: Tensor = self.dropout(self.pool(self.norm(x.transpose(1, 2)), mask[:, 0]))
        return out


class TextSide(nn.Module):
    """States (B, L, 384) of the pretrained encoder where mask (B, L) is 1 -> vectors (B, space)."""

    def __init__(self, c: MatchingConfig) -> None:
        super().__init__()
        self.narrow = nn.Linear(TEXT_WIDTH, c.width)
        self.pool = _Pool(c.width, c.heads)
        self.out = nn.Linear((c.heads + 1) * c.width, c.space)
        self.dropout = nn.Dropout(c.dropout)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        x = F.gelu(self.narrow(self.dropout(states)))
        out: Tensor = F.normalize(self.out(self.dropout(self.pool(x, mask.to(x.dtype)))), dim=-1)
        return out


class MatchingModel(nn.Module):
    """Both sides, and classifiers of action and style on the motion side."""

    def __init__(self, config: MatchingConfig, actions: int, styles: int) -> None:
        super().__init__()
        self.config = config
        self.text = TextSide(config)
        self.motion = MotionSide(config)
        pooled = (config.heads + 1) * config.width
        self.out = nn.Linear(pooled, config.space)
        self.action = nn.Linear(pooled, actions)
        self.style = nn.Linear(pooled, styles)
        self.sharpness = nn.Parameter(torch.tensor(2.5))  # log of the inverse temperature, which scales cosines

    def forward(self, features: Tensor, frames: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Motions' vectors (B, space), and logits of actions and styles, (B, actions) and (B, styles)."""
        pooled = self.motion(features, frames)
        return F.normalize(self.out(pooled), dim=-1), self.action(pooled), self.style(pooled)
