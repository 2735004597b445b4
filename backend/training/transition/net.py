"""The transition model: from the keys around a gap to the curves that lead from one to the other."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ....retarget.motion.skeleton import JOINT_COUNT, PARENTS, REST_OFFSETS
from ...inbetween.network_input import ANCESTORS, CONTACT_CURVES, CURVES, INPUT_WIDTH, OUTPUTS

SIXD = JOINT_COUNT * 6
_TURN_SIZE, _ROOT_SIZE = 0.1, (0.1, 0.02, 0.1)


@dataclass(frozen=True)
class TransitionConfig:
    """Size of the network."""

    width: int = 640
    blocks: int = 3


def axes_of(sixd: Tensor) -> Tensor:
    """Rotations as three orthonormal columns, (..., 22, 3 columns, 3), of 6D (..., 132), as `rotations.from_sixd`."""
    columns = sixd.unflatten(-1, (JOINT_COUNT, 2, 3))
    x = F.normalize(columns[..., 0, :], dim=-1)
    z = F.normalize(torch.linalg.cross(x, columns[..., 1, :]), dim=-1)
    return torch.stack([x, torch.linalg.cross(z, x), z], dim=-2)


def joints_of(axes: Tensor) -> Tensor:
    """Positions (..., 22, 3) from the root, metres, of global rotations (..., 22, 3, 3) as `axes_of` gives them."""
    offsets = torch.as_tensor(REST_OFFSETS[1:], dtype=axes.dtype, device=axes.device)
    above = torch.as_tensor(ANCESTORS[:, 1:], dtype=axes.dtype, device=axes.device)
    bones = (axes[..., list(PARENTS[1:]), :, :] * offsets[..., None]).sum(-2)
    return above @ bones


class _Block(nn.Module):
    """LayerNorm, Linear, GELU, Linear, added to the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.down(F.gelu(self.up(self.norm(x))))
        return result


class TransitionNet(nn.Module):
    """Input (N, INPUT_WIDTH) of `inbetween.network_input.gap_input` -> weights of the curves (N, CURVES, OUTPUTS) and
    of the contacts' curves (N, CONTACT_CURVES, 4), logits."""

    mean: Tensor
    deviation: Tensor
    size: Tensor

    def __init__(self, config: TransitionConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(INPUT_WIDTH))
        self.register_buffer("deviation", torch.ones(INPUT_WIDTH))
        self.enter = nn.Linear(INPUT_WIDTH, config.width)
        self.blocks = nn.ModuleList(_Block(config.width) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.leave = nn.Linear(config.width, CURVES * OUTPUTS + CONTACT_CURVES * 4)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        # The optimizer's steps are the same size for every weight, so outputs must be of similar size too.
        self.register_buffer("size", torch.tensor([_TURN_SIZE] * SIXD + list(_ROOT_SIZE)), persistent=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        x = self.enter((features - self.mean) / self.deviation)
        for block in self.blocks:
            x = block(x)
        out = self.leave(self.norm(x))
        weights = out[..., : CURVES * OUTPUTS].unflatten(-1, (CURVES, OUTPUTS)) * self.size
        return weights, out[..., CURVES * OUTPUTS :].unflatten(-1, (CONTACT_CURVES, 4))
