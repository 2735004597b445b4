"""What a tokenizer's reconstruction is judged by in training: features, the body's points, their speed and
acceleration, feet that stand, heights, and the way travelled."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.motion.points import POINT_JOINTS
from ....retarget.motion.skeleton import CONTACT_JOINTS, JOINT_COUNT
from ...features import SLICES
from .kinematics import kinematic_points

_FEET = [*CONTACT_JOINTS, *(JOINT_COUNT + i for i, j in enumerate(POINT_JOINTS) if j in CONTACT_JOINTS)]
"""Of `kinematic_points`: heels, toes, and the points fixed to the toes."""
_SCALE = 10.0  # a decimetre counts as much as one standard deviation of a feature


@dataclass(frozen=True)
class LossWeights:
    """Weights of the losses beside that on features: `velocity` on their positions' changes; `joints` on positions
    through forward kinematics, and `points` on points beyond them; `speed` and `acceleration` on changes of both;
    `sliding` on the ground that feet cover in contact; `heights` on those of the feet; `path` on the root's way and
    turn, added up over the window."""

    velocity: float = 0.5
    joints: float = 1.0
    points: float = 1.0
    speed: float = 1.0
    acceleration: float = 0.5
    sliding: float = 1.0
    heights: float = 0.5
    path: float = 0.2


def reconstruction_losses(out: Tensor, true: Tensor, mask: Tensor, stats: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
    """Each loss by its name in `LossWeights`, and "features".

    out, true: (B, T, 263) normalised.  mask: (B, T, 1), 0 on padding.  stats: mean and deviation (263,) of features.
    """
    mean, std = stats
    out, place = out.float(), SLICES["positions"]
    change = F.smooth_l1_loss(_changes(out[..., place]), _changes(true[..., place]), reduction="none")
    metres, target = out * std + mean, true * std + mean
    with torch.no_grad():
        wanted = kinematic_points(target)
    points = kinematic_points(metres)
    apart = points - wanted  # (B, T, P, 3)
    velocity = _changes(apart)
    way = torch.cumsum((metres[..., :3] - target[..., :3]) * mask, dim=1)
    covered = _covered(points, metres) - _covered(wanted, target)  # (B, T - 1, feet, 2)
    standing = _standing(target[..., SLICES["contacts"]]) * mask[:, 1:]
    losses = {
        "features": _mean(F.smooth_l1_loss(out, true, reduction="none"), mask),
        "velocity": _mean(change, mask[:, 1:]),
        "joints": _mean(apart[..., 1:JOINT_COUNT, :].abs().flatten(-2), mask) * _SCALE,
        "points": _mean(apart[..., JOINT_COUNT:, :].abs().flatten(-2), mask) * _SCALE,
        "speed": _mean(velocity.abs().flatten(-2), mask[:, 1:]) * _SCALE,
        "acceleration": _mean(_changes(velocity).abs().flatten(-2), mask[:, 2:]) * _SCALE,
        "sliding": _mean(covered.abs().sum(-1), standing) * _SCALE,
        "heights": _mean(apart[..., _FEET, 1].abs(), mask) * _SCALE,
        "path": _mean(way.abs(), mask) * _SCALE,
    }
    return losses


def weighted(losses: dict[str, Tensor], weights: LossWeights) -> Tensor:
    """Their sum, each times its weight; the one on features counts once."""
    total = losses["features"]
    for name, value in losses.items():
        total = total + getattr(weights, name, 0.0) * value
    return total


def _changes(x: Tensor) -> Tensor:
    return x[:, 1:] - x[:, :-1]


def _mean(x: Tensor, mask: Tensor) -> Tensor:
    """Mean of x (B, T, C) where mask (B, T, 1 or C) is 1."""
    weight = mask.expand_as(x)
    return (x * weight).sum() / weight.sum().clamp(min=1.0)


def _covered(points: Tensor, features: Tensor) -> Tensor:
    """(B, T - 1, feet, 2): metres over the floor, in the next frame's heading, that feet move from frame to frame."""
    feet = points[..., _FEET, :]
    x, z = feet[:, :-1, :, 0], feet[:, :-1, :, 2]
    turn = 2.0 * features[:, :-1, SLICES["root_turn"]]  # (B, T - 1, 1)
    cosine, sine = turn.cos(), turn.sin()
    before = torch.stack([cosine * x + sine * z, cosine * z - sine * x], dim=-1)
    return feet[:, 1:][..., [0, 2]] + features[:, :-1, None, SLICES["root_velocity"]] - before


def _standing(contacts: Tensor) -> Tensor:
    """(B, T - 1, feet): 1 where a foot is on the floor in this frame and the next."""
    both = (torch.minimum(contacts[:, 1:], contacts[:, :-1]) > 0.5).float()
    points = [CONTACT_JOINTS.index(j) for j in POINT_JOINTS if j in CONTACT_JOINTS]
    return torch.cat([both, both[..., points]], dim=-1)
