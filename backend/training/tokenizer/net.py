"""The motion tokenizer's network: a convolutional VQ-VAE, four frames a token.

Encoder and decoder are those of the published motion VQ-VAE (Zhang et al. 2023, T2M-GPT; used by both MotionGPTs):
strided convolutions and dilated residual blocks, a mirrored decoder with nearest-neighbour upsampling. Beside either
runs one linear map over two tokens' frames, by which training starts from something like principal components: without
it, latents stay close to a few dimensions for thousands of steps, and small turns have no part in them. Between encoder
and decoder is one of `quantizers`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...features import DIMENSIONS
from .parts import features_of_parts
from .quantizers import make_quantizer

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


class ConvolutionalEncoder(nn.Module):
    """Features (B, dimensions, T) -> latents (B, code width, T / 4): the published one."""

    def __init__(self, width: int, code_width: int, depth: int, dimensions: int = DIMENSIONS) -> None:
        super().__init__()
        down = [
            nn.Sequential(nn.Conv1d(width, width, 4, stride=2, padding=1), ResidualStack(width, depth))
            for _ in range(DOWNSAMPLINGS)
        ]
        self.model = nn.Sequential(
            nn.Conv1d(dimensions, width, 3, padding=1), nn.ReLU(), *down, nn.Conv1d(width, code_width, 3, padding=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.model(x)
        return out


class Encoder(ConvolutionalEncoder):
    """The same with the linear map beside it."""

    def __init__(self, width: int, code_width: int, depth: int, dimensions: int = DIMENSIONS) -> None:
        super().__init__(width, code_width, depth, dimensions)
        self.linear = nn.Conv1d(
            dimensions, code_width, 2 * FRAMES_PER_TOKEN, stride=FRAMES_PER_TOKEN, padding=FRAMES_PER_TOKEN // 2
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.model(x) + self.linear(x)
        return out


class PartsEncoder(nn.Module):
    """An encoder for each part of the body, of half the width, which sees nothing else; the latents of the first part
    come first."""

    def __init__(self, width: int, code_width: int, depth: int) -> None:
        super().__init__()
        self.places = features_of_parts()
        own = code_width // len(self.places)
        self.parts = nn.ModuleList(Encoder(width // 2, own, depth, len(places)) for places in self.places)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([part(x[:, places]) for part, places in zip(self.parts, self.places, strict=True)], dim=1)


class ConvolutionalDecoder(nn.Module):
    """Latents (B, code width, T / 4) -> features (B, 263, T): the published one."""

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


class Decoder(ConvolutionalDecoder):
    """The same with the linear map beside it."""

    def __init__(self, width: int, code_width: int, depth: int) -> None:
        super().__init__(width, code_width, depth)
        self.linear = nn.ConvTranspose1d(
            code_width, DIMENSIONS, 2 * FRAMES_PER_TOKEN, stride=FRAMES_PER_TOKEN, padding=FRAMES_PER_TOKEN // 2
        )

    def forward(self, z: Tensor) -> Tensor:
        out: Tensor = self.model(z) + self.linear(z)
        return out


class MotionVqVae(nn.Module):
    """Normalised features (B, T, 263), T a multiple of 4, to codes (B, T / 4, levels) and back."""

    def __init__(
        self,
        width: int = 512,
        code_width: int = 512,
        depth: int = 3,
        codes: int = 512,
        levels: int = 1,
        quantizer: str = "residual",
    ) -> None:
        super().__init__()
        self.encoder = (PartsEncoder if quantizer == "parts" else Encoder)(width, code_width, depth)
        self.decoder = Decoder(width, code_width, depth)
        self.quantizer = make_quantizer(quantizer, levels, codes, code_width)
        self.codes, self.levels = codes, levels

    @property
    def encoders(self) -> list[tuple[Encoder, list[int]]]:
        """Those of all parts, or the one, and the places of the features that each sees."""
        if isinstance(self.encoder, Encoder):
            return [(self.encoder, list(range(DIMENSIONS)))]
        parts = [part for part in self.encoder.parts if isinstance(part, Encoder)]
        return list(zip(parts, self.encoder.places, strict=True))

    @torch.no_grad()
    def start_from(self, features: Tensor) -> None:
        """Before training, set the linear maps to the principal components of a token's frames, latents at unit
        variance, and the rest of either network to add nothing yet. features: (B, T, 263), T a multiple of 4."""
        networks: list[Encoder | Decoder] = [*(encoder for encoder, _ in self.encoders), self.decoder]
        for network in networks:
            last = network.model[-1]
            assert isinstance(last, nn.Conv1d) and last.bias is not None and network.linear.bias is not None
            for parameter in (last.weight, last.bias, network.linear.weight, network.linear.bias):
                parameter.zero_()
        own = slice(FRAMES_PER_TOKEN // 2, FRAMES_PER_TOKEN // 2 + FRAMES_PER_TOKEN)  # not the neighbours' frames
        first = 0
        for encoder, places in self.encoders:
            wide = encoder.linear.out_channels
            components, scale = _principal(features[..., places], wide)
            encoder.linear.weight[: len(components), :, own] = components * scale
            back = torch.zeros(len(components), DIMENSIONS, FRAMES_PER_TOKEN)
            back[:, places] = components / scale
            self.decoder.linear.weight[first : first + len(components), :, own] = back
            first += wide

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
        """Reconstruction (B, T, 263), commitment loss (), codes (B, T / 4, levels used). In training it updates the
        codebooks."""
        z = self._latents(features)
        chosen, commitment, codes = self.quantizer(z.flatten(0, 1))
        out = self.decoder(chosen.reshape(z.shape).transpose(1, 2)).transpose(1, 2).float()
        return out, commitment, codes.unflatten(0, z.shape[:2])

    def _latents(self, features: Tensor) -> Tensor:
        """(B, T / 4, code width)."""
        z: Tensor = self.encoder(features.transpose(1, 2))
        return z.float().transpose(1, 2)


def _principal(features: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """The principal components (K, C, 4) of four frames of features (B, T, C), the largest first, at most so many, and
    what they are to be multiplied by for unit variance on average."""
    frames = features.reshape(
        -1, FRAMES_PER_TOKEN * features.shape[-1]
    ).double()  # few clips: many eigenvalues are zero
    energy, vectors = torch.linalg.eigh(frames.T @ frames / len(frames))  # ascending
    count = min(most, len(energy))
    scale = (count / energy[-count:].sum().clamp(min=1e-6)).sqrt()
    components = vectors[:, -count:].flip(1).T.unflatten(1, (FRAMES_PER_TOKEN, features.shape[-1])).transpose(1, 2)
    return components.float(), scale.float()
