"""Joints, and points beyond them, of features by forward kinematics, for losses.

Numbers are laid out as planes over all frames, so that each operation runs along memory: products of many small
matrices one by one would take longer than the network's own step.
"""

import torch
from torch import Tensor

from ....retarget.motion.points import POINT_JOINTS, POINT_OFFSETS
from ....retarget.motion.skeleton import PARENTS, REST_OFFSETS
from ...features import PELVIS_CHILDREN, SLICES


def kinematic_joints(features: Tensor) -> Tensor:
    """Positions (..., 22, 3) in the heading frame by forward kinematics of true features (..., 263), metres."""
    joints, _ = _forward(features)
    return _frames_first(torch.stack(joints), features)


def kinematic_points(features: Tensor) -> Tensor:
    """Positions (..., 22 + P, 3): those of `kinematic_joints`, then `retarget.motion.points.POINTS`."""
    joints, turns = _forward(features)
    at = torch.stack([joints[j] for j in POINT_JOINTS])
    offsets = torch.as_tensor(POINT_OFFSETS, dtype=features.dtype, device=features.device)
    points = at + _turned(torch.stack([turns[j] for j in POINT_JOINTS]), offsets[..., None])
    return _frames_first(torch.cat([torch.stack(joints), points]), features)


def _frames_first(planes: Tensor, features: Tensor) -> Tensor:
    """(..., J, 3) of planes (J, 3, N)."""
    return planes.permute(2, 0, 1).reshape(*features.shape[:-1], len(planes), 3)


def _forward(features: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """Positions (3, N) and, but for the pelvis, turns (3, 3, N) of each joint relative to the heading."""
    rows = features.flatten(0, -2).T
    local = _matrices(rows[SLICES["rotations"]].contiguous().unflatten(0, (21, 2, 3))).unbind()
    placed = rows[SLICES["positions"]].unflatten(0, (21, 3)).unbind()
    height = rows[SLICES["root_height"]][0]
    zero = torch.zeros_like(height)
    joints, turns = [torch.stack([zero, height, zero])] + [zero] * 21, [zero] * 22
    for joint in PELVIS_CHILDREN:
        joints[joint], turns[joint] = placed[joint - 1], local[joint - 1]
    for level in _levels():
        above = torch.stack([turns[PARENTS[j]] for j in level])
        offsets = torch.as_tensor(REST_OFFSETS[level], dtype=rows.dtype, device=rows.device)
        places = torch.stack([joints[PARENTS[j]] for j in level]) + _turned(above, offsets[..., None])
        world = _multiplied(above, torch.stack([local[j - 1] for j in level]))
        for joint, place, turn in zip(level, places.unbind(), world.unbind(), strict=True):
            joints[joint], turns[joint] = place, turn
    return joints, turns


def _levels() -> list[list[int]]:
    """Joints below the pelvis' children, by depth."""
    levels, above = [], set(PELVIS_CHILDREN)
    while above:
        below = [j for j, parent in enumerate(PARENTS) if parent in above]
        levels += [below] if below else []
        above = set(below)
    return levels


def _matrices(sixd: Tensor) -> Tensor:
    """Rotation matrices (J, 3, 3, N) of their first two columns (J, 2, 3, N), which need only be independent."""
    first, second = sixd.unbind(1)
    x = _unit(first)
    z = _unit(torch.linalg.cross(x, second, dim=1))
    return torch.stack([x, torch.linalg.cross(z, x, dim=1), z], dim=2)


def _unit(v: Tensor) -> Tensor:
    """Vectors (J, 3, N) at length 1."""
    return v * (v.square().sum(1, keepdim=True) + 1e-12).rsqrt()


def _multiplied(a: Tensor, b: Tensor) -> Tensor:
    """Products (J, 3, 3, N) of matrices (J, 3, 3, N)."""
    terms = [row.unsqueeze(2) * column.unsqueeze(1) for row, column in zip(a.unbind(2), b.unbind(1), strict=True)]
    return terms[0].add(terms[1]).add(terms[2])


def _turned(turns: Tensor, v: Tensor) -> Tensor:
    """(J, 3, N): vectors (J, 3, N or 1) turned by matrices (J, 3, 3, N)."""
    terms = [column * x.unsqueeze(1) for column, x in zip(turns.unbind(2), v.unbind(1), strict=True)]
    return terms[0].add(terms[1]).add(terms[2])
