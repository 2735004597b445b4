"""Ways to quantise latents to motion tokens: each token is a few codes, one per level.

`residual` (the default): each level quantises the residual of those before it. `grouped`: each level quantises a part
of the latent. `parts`: `residual` for each part of the body. `finite`: no codebooks, a few rounded numbers. With one
level of 512 codes, `residual` is the published quantizer.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ....retarget.errors import MotionGPTError
from .parts import PARTS

KINDS = ("residual", "grouped", "parts", "finite")


class Codebook(nn.Module):
    """Nearest code of a codebook that is updated by exponential moving averages of its latents; unused codes are reset
    to latents of the batch (Razavi et al. 2019; Dhariwal et al. 2020)."""

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

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Codes (N,) of latents (N, code width), and the codes' vectors (N, code width). In training the codebook is
        initialised from the first latents, and updated after each lookup."""
        if self.training and float(self.counts.sum()) == 0.0:
            self.update(z, torch.zeros(len(z), dtype=torch.long, device=z.device))
        codes = self.encode(z)
        vectors = F.embedding(codes, self.codebook)
        if self.training:
            self.update(z, codes)
        return codes, vectors

    @torch.no_grad()
    def update(self, z: Tensor, codes: Tensor) -> None:
        """Move `codes` (N,) towards the latents (N, code width) that they encode; reset codes that are hardly used."""
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


class TokenQuantizer(nn.Module, ABC):
    """Base of all kinds. `forward`, of latents (N, code width): the quantised latents (N, code width), with gradients
    passed straight through; commitment loss (); codes (N, levels used). In training it updates the codebooks."""

    @abstractmethod
    def encode(self, z: Tensor) -> Tensor:
        """Codes (N, levels) of latents (N, code width)."""

    @abstractmethod
    def decode(self, codes: Tensor) -> Tensor:
        """Latents (..., code width) of codes (..., levels)."""


class _CodebookQuantizer(TokenQuantizer):
    """One codebook a level."""

    def __init__(self, levels: int, codes: int, code_width: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(Codebook(codes, code_width) for _ in range(levels))

    def _each(self) -> list[Codebook]:
        return [level for level in self.levels if isinstance(level, Codebook)]


class ResidualQuantizer(_CodebookQuantizer):
    """Codebooks in sequence: each level quantises the residual of those before it (Zeghidour et al. 2021, SoundStream).

    In training, a share `partial` of the batches uses the first levels only, any number of them, so that the first
    alone already carries the motion, and each of the others adds less.
    """

    def __init__(self, levels: int, codes: int, code_width: int, partial: float = 0.15) -> None:
        super().__init__(levels, codes, code_width)
        self.partial = partial

    def encode(self, z: Tensor) -> Tensor:
        codes, left = [], z
        for level in self._each():
            codes.append(level.encode(left))
            left = left - F.embedding(codes[-1], level.codebook)
        return torch.stack(codes, dim=-1)

    def decode(self, codes: Tensor) -> Tensor:
        parts = [F.embedding(codes[..., i], level.codebook) for i, level in enumerate(self._each())]
        out: Tensor = torch.stack(parts).sum(dim=0)
        return out

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        levels = self._each()
        if self.training and len(levels) > 1 and float(torch.rand(())) < self.partial:
            levels = levels[: int(torch.randint(1, len(levels), ()))]
        codes, chosen, commitment = [], torch.zeros_like(z), z.new_zeros(())
        for level in levels:
            nearest, vectors = level((z - chosen).detach())
            codes.append(nearest)
            chosen = chosen + vectors
            commitment = commitment + F.mse_loss(z, chosen)
        return z + (chosen - z).detach(), commitment / len(levels), torch.stack(codes, dim=-1)


class GroupedQuantizer(_CodebookQuantizer):
    """Each codebook quantises a different part of the latent (Yang et al. 2023, HiFi-Codec)."""

    def __init__(self, levels: int, codes: int, code_width: int) -> None:
        super().__init__(levels, codes, code_width // levels)

    def encode(self, z: Tensor) -> Tensor:
        return torch.stack([level.encode(part) for level, part in self._parts(z)], dim=-1)

    def decode(self, codes: Tensor) -> Tensor:
        return torch.cat([F.embedding(codes[..., i], book.codebook) for i, book in enumerate(self._each())], dim=-1)

    def _parts(self, z: Tensor) -> list[tuple[Codebook, Tensor]]:
        return list(zip(self._each(), z.chunk(len(self.levels), dim=-1), strict=True))

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        together = torch.stack([level(part)[0] for level, part in self._parts(z.detach())], dim=-1)
        chosen = self.decode(together)
        return z + (chosen - z).detach(), F.mse_loss(z, chosen), together


class PartsQuantizer(TokenQuantizer):
    """A residual quantizer for the latent of each part of the body, the first parts with a level more where levels do
    not go round evenly. Codes: the first of every part, then the second ..."""

    def __init__(self, levels: int, codes: int, code_width: int) -> None:
        super().__init__()
        count = len(PARTS)
        if levels < count or code_width % count:
            raise MotionGPTError(
                f"Codes for the parts of the body can't have {levels} levels and a code width of {code_width}.",
                f"Use {count} levels or more, and a code width that is divisible by {count}.",
            )
        self.counts = [levels // count + (part < levels % count) for part in range(count)]
        self.parts = nn.ModuleList(ResidualQuantizer(own, codes, code_width // count, 0.0) for own in self.counts)
        rank = [level * count + part for part, own in enumerate(self.counts) for level in range(own)]
        self.order = sorted(range(levels), key=rank.__getitem__)  # places of a token's codes, stored part by part
        self.back = sorted(range(levels), key=self.order.__getitem__)

    def _each(self) -> list[ResidualQuantizer]:
        return [part for part in self.parts if isinstance(part, ResidualQuantizer)]

    def encode(self, z: Tensor) -> Tensor:
        parts = zip(self._each(), z.chunk(len(self.parts), dim=-1), strict=True)
        return torch.cat([part.encode(own) for part, own in parts], dim=-1)[..., self.order]

    def decode(self, codes: Tensor) -> Tensor:
        parts = zip(self._each(), codes[..., self.back].split(self.counts, dim=-1), strict=True)
        return torch.cat([part.decode(own) for part, own in parts], dim=-1)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        made = [part(own) for part, own in zip(self._each(), z.chunk(len(self.parts), dim=-1), strict=True)]
        chosen, commitment, codes = zip(*made, strict=True)
        return torch.cat(chosen, dim=-1), torch.stack(commitment).mean(), torch.cat(codes, dim=-1)[..., self.order]


class FiniteQuantizer(TokenQuantizer):
    """No codebook: numbers, each rounded to one of eight values (finite scalar quantisation: Mentzer et al. 2024);
    three of them make one code of 512. There is no commitment loss."""

    STEPS = 8
    NUMBERS = 3
    places: Tensor

    def __init__(self, levels: int, code_width: int) -> None:
        super().__init__()
        self.levels = levels
        self.down = nn.Linear(code_width, levels * self.NUMBERS)
        self.up = nn.Linear(levels * self.NUMBERS, code_width)
        self.register_buffer("places", self.STEPS ** torch.arange(self.NUMBERS))

    def _bounded(self, z: Tensor) -> Tensor:
        """(..., levels * NUMBERS) between 0 and STEPS - 1."""
        out: Tensor = (torch.tanh(self.down(z)) + 1.0) * ((self.STEPS - 1) / 2)
        return out

    def _latents(self, numbers: Tensor) -> Tensor:
        out: Tensor = self.up(numbers * (2.0 / (self.STEPS - 1)) - 1.0)
        return out

    def encode(self, z: Tensor) -> Tensor:
        numbers = self._bounded(z).round().long().unflatten(-1, (self.levels, self.NUMBERS))
        out: Tensor = (numbers * self.places).sum(-1)
        return out

    def decode(self, codes: Tensor) -> Tensor:
        numbers = codes[..., None] // self.places % self.STEPS
        return self._latents(numbers.flatten(-2).float())

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        numbers = self._bounded(z)
        rounded = numbers + (numbers.round() - numbers).detach()
        return self._latents(rounded), z.new_zeros(()), self.encode(z)


def make_quantizer(kind: str, levels: int, codes: int, code_width: int) -> TokenQuantizer:
    """One of KINDS. Raises MotionGPTError for another, and for `finite` with other than 512 codes."""
    if kind == "residual":
        return ResidualQuantizer(levels, codes, code_width)
    if kind == "grouped":
        return GroupedQuantizer(levels, codes, code_width)
    if kind == "parts":
        return PartsQuantizer(levels, codes, code_width)
    if kind != "finite":
        raise MotionGPTError(f"There is no quantizer {kind}.", f"Use one of {', '.join(KINDS)}.")
    finite = FiniteQuantizer(levels, code_width)
    if codes != finite.STEPS**finite.NUMBERS:
        raise MotionGPTError(f"Finite codes can't be {codes}.", f"Leave codes at {finite.STEPS**finite.NUMBERS}.")
    return finite
