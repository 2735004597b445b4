"""The motion tokenizer's network: a convolutional VQ-VAE, four frames a token.

Encoder and decoder are those of the published motion VQ-VAE (Zhang et al. 2023, T2M-GPT; used by both MotionGPTs):
strided convolutions and dilated residual blocks, a mirrored decoder with nearest-neighbour upsampling. In between,
several codebooks refine each other (residual quantisation: Zeghidour et al. 2021, SoundStream); with one level it is
the published network.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..features import DIMENSIONS

DOWNSAMPLINGS = 2
FRAMES_PER_TOKEN = 2**DOWNSAMPLINGS


class ResidualBlock(nn.Module):
    """(B, C, T) -> (B, C, T) with one dilated and one pointwise convolution."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.conv2 = nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = x + self.conv2(F.relu(self.conv1(F.relu(x))))
        return out


class ResidualStack(nn.Module):
    """`depth` blocks, widest dilation first (growth 3)."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.model = nn.Sequential(*(ResidualBlock(width, 3**i) for i in reversed(range(depth))))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.model(x)
        return out


class Encoder(nn.Module):
    """Features (B, 263, T) -> latents (B, code width, T / 4)."""

    def __init__(self, width: int, code_width: int, depth: int) -> None:
        super().__init__()
        down = [
            nn.Sequential(nn.Conv1d(width, width, 4, stride=2, padding=1), ResidualStack(width, depth))
            for _ in range(DOWNSAMPLINGS)
        ]
        self.model = nn.Sequential(
            nn.Conv1d(DIMENSIONS, width, 3, padding=1), nn.ReLU(), *down, nn.Conv1d(width, code_width, 3, padding=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.model(x)
        return out


class Decoder(nn.Module):
    """Latents (B, code width, T / 4) -> features (B, 263, T)."""

    def __init__(self, width: int, code_width: int, depth: int) -> None:
        super().__init__()
        up = [
            nn.Sequential(
                ResidualStack(width, depth),
                nn.Upsample(scale_factor=2, mode="nearest"),
                nn.Conv1d(width, width, 3, padding=1),
            )
            for _ in range(DOWNSAMPLINGS)
        ]
        self.model = nn.Sequential(
            nn.Conv1d(code_width, width, 3, padding=1),
            nn.ReLU(),
            *up,
            nn.Conv1d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(width, DIMENSIONS, 3, padding=1),
        )

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self.model(z)
        return out


class Quantizer(nn.Module):
    """Nearest code of a codebook that follows its latents by exponential moving averages; unused codes are reset to
    latents of the batch (Razavi et al. 2019; Dhariwal et al. 2020)."""

    codebook: Tensor
    sums: Tensor
    counts: Tensor

    def __init__(self, codes: int, code_width: int, decay: float = 0.99) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("codebook", torch.zeros(codes, code_width))
        self.register_buffer("sums", torch.zeros(codes, code_width))
        self.register_buffer("counts", torch.zeros(codes))

    def encode(self, z: Tensor) -> Tensor:
        """Codes (N,) of latents (N, code width)."""
        distance = (self.codebook**2).sum(1) - 2.0 * z @ self.codebook.T
        return distance.argmin(dim=1)

    @torch.no_grad()
    def update(self, z: Tensor, codes: Tensor) -> None:
        """Move the codebook towards latents (N, code width) that chose `codes` (N,); reset codes hardly chosen."""
        fresh = z[torch.randint(len(z), (len(self.codebook),), device=z.device)]
        fresh = fresh + torch.randn_like(fresh) * 0.01 / z.shape[1] ** 0.5
        if float(self.counts.sum()) == 0.0:
            self.codebook.copy_(fresh)
            self.sums.copy_(fresh)
            self.counts.fill_(1.0)
            return
        hits = F.one_hot(codes, len(self.codebook)).to(z.dtype)  # (N, codes)
        self.counts.mul_(self.decay).add_(hits.sum(0), alpha=1 - self.decay)
        self.sums.mul_(self.decay).add_(hits.T @ z, alpha=1 - self.decay)
        used = (self.counts >= 0.3).unsqueeze(1)
        mean = self.sums / self.counts.clamp(min=1e-6).unsqueeze(1)
        self.codebook.copy_(torch.where(used, mean, fresh))
        self.sums.copy_(torch.where(used, self.sums, fresh))
        self.counts.copy_(torch.where(used.squeeze(1), self.counts, torch.ones_like(self.counts)))


class ResidualQuantizer(nn.Module):
    """Codebooks one after the other: each level holds what the sum of those before it lacks.

    In training, a share of `solo` of the batches goes without the levels after the first, so that the first alone
    already says what happens.
    """

    def __init__(self, levels: int, codes: int, code_width: int, solo: float = 0.15) -> None:
        super().__init__()
        self.solo = solo
        self.levels = nn.ModuleList(Quantizer(codes, code_width) for _ in range(levels))

    def encode(self, z: Tensor) -> Tensor:
        """Codes (N, levels) of latents (N, code width)."""
        codes, left = [], z
        for level in self._each():
            codes.append(level.encode(left))
            left = left - F.embedding(codes[-1], level.codebook)
        return torch.stack(codes, dim=-1)

    def decode(self, codes: Tensor) -> Tensor:
        """Latents (..., code width) of codes (..., levels)."""
        parts = [F.embedding(codes[..., i], level.codebook) for i, level in enumerate(self._each())]
        out: Tensor = torch.stack(parts).sum(dim=0)
        return out

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Of latents (N, code width): what codes say (N, code width), commitment loss (), codes (N, levels used)."""
        levels = self._each()
        if self.training and float(torch.rand(())) < self.solo:
            levels = levels[:1]
        codes, chosen, commitment = [], torch.zeros_like(z), z.new_zeros(())
        for level in levels:
            left = (z - chosen).detach()
            if self.training and float(level.counts.sum()) == 0.0:
                level.update(left, torch.zeros(len(left), dtype=torch.long, device=z.device))
            codes.append(level.encode(left))
            chosen = chosen + F.embedding(codes[-1], level.codebook)
            if self.training:
                level.update(left, codes[-1])
            commitment = commitment + F.mse_loss(z, chosen)
        return chosen, commitment / len(levels), torch.stack(codes, dim=-1)

    def _each(self) -> list[Quantizer]:
        return [level for level in self.levels if isinstance(level, Quantizer)]


class MotionVqVae(nn.Module):
    """Normalised features (B, T, 263), T a multiple of 4, to codes (B, T / 4, levels) and back."""

    def __init__(
        self, width: int = 512, code_width: int = 512, depth: int = 3, codes: int = 512, levels: int = 1
    ) -> None:
        super().__init__()
        self.encoder = Encoder(width, code_width, depth)
        self.decoder = Decoder(width, code_width, depth)
        self.quantizer = ResidualQuantizer(levels, codes, code_width)

    def encode(self, features: Tensor) -> Tensor:
        """Codes (B, T / 4, levels)."""
        z = self._latents(features)
        codes: Tensor = self.quantizer.encode(z.flatten(0, 1)).unflatten(0, z.shape[:2])
        return codes

    def decode(self, codes: Tensor) -> Tensor:
        """Features (B, T, 263) of codes (B, T / 4, levels)."""
        out: Tensor = self.decoder(self.quantizer.decode(codes).transpose(1, 2)).transpose(1, 2)
        return out

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruction (B, T, 263), commitment loss (), codes (B, T / 4, levels used). In training the codebooks
        move."""
        z = self._latents(features)
        chosen, commitment, codes = self.quantizer(z.flatten(0, 1))
        passed = z + (chosen.reshape(z.shape) - z).detach()
        out = self.decoder(passed.transpose(1, 2)).transpose(1, 2).float()
        return out, commitment, codes.unflatten(0, z.shape[:2])

    def _latents(self, features: Tensor) -> Tensor:
        """(B, T / 4, code width)."""
        z: Tensor = self.encoder(features.transpose(1, 2))
        return z.float().transpose(1, 2)
