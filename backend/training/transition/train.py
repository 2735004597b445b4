"""Training of the transition model, which fills the gaps between keyed poses."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.motion.skeleton import CONTACT_JOINTS
from ....retarget.typing import Floats
from ...dataset.clips import checksum
from ...dataset.windows import position_statistics, training_windows
from ...inbetween.network_input import (
    SLOTS,
    contact_curves,
    curves,
    gap_input,
    interpolate_gap,
    rotate_about_y,
    yaw_angle,
)
from ..folder import check_settings
from ..loop import Schedule, choose_device, train
from .data import Clips, Gaps, draw_gaps, load_clips
from .net import SIXD, TransitionConfig, TransitionNet, axes_of, joints_of

_PAIRS = 2  # of neighbouring frames at which a gap's curves are evaluated in one step
_MEASURED = 6000  # gaps over which statistics of the input and interpolation's errors are computed
_BUCKETS = 8  # of gaps by the logarithm of their length, in octaves


@dataclass(frozen=True)
class TransitionTraining:
    """gaps: in one batch. Weights of the losses: `positions` and `turns` as LAFAN1's L2P and L2Q measure them,
    `changes` on how positions change from frame to frame, all relative to interpolation's error at that length; `feet`
    on the speed of feet in contact, `contacts` on predicting contacts."""

    gaps: int = 512
    steps: int = 6000
    rate: float = 1e-3
    seed: int = 0
    positions: float = 1.0
    turns: float = 1.0
    changes: float = 0.3
    feet: float = 0.1
    contacts: float = 0.05


@dataclass(frozen=True, eq=False)
class _Example:
    """N gaps at S frames, in pairs of consecutive ones; relative to each frame's `heading` (radians), except `root`."""

    features: Tensor  # (N, INPUT_WIDTH)
    curves: Tensor  # (N, S, CURVES)
    contact_curves: Tensor  # (N, S, CONTACT_CURVES)
    base: Tensor  # (N, S, 132)
    axes: Tensor  # (N, S, 22, 3, 3) ground truth
    joints: Tensor  # (N, S, 22, 3) ground truth, from the interpolated root
    contacts: Tensor  # (N, S, 4)
    heading: Tensor  # (N, S)
    root: Tensor  # (N, S, 3) interpolated, in the world
    free: Tensor  # (N, S) 1 between the keys
    bucket: Tensor  # (N,)


def _example(clips: Clips, gaps: Gaps, rng: np.random.Generator) -> _Example:
    frames = gaps.frames[:, None]
    start = (rng.random((len(frames), _PAIRS)) * (frames + 1)).astype(int)  # 0 to frames
    time = np.stack([start, start + 1], axis=-1).reshape(len(frames), -1)  # (N, S)
    rows = gaps.first[:, None] + time
    ends = (gaps.first, gaps.second)
    a, b = ((x[ends[0]], x[ends[1]]) for x in (clips.rotations, clips.root))
    between = interpolate_gap(a, b, time / (frames + 1.0))
    local = [
        rotate_about_y(x.astype(np.float32), -between.heading)
        for x in (between.sixd, clips.sixd[rows], clips.root[rows] - between.root)
    ]
    base, true, shift = (torch.from_numpy(x) for x in local)
    axes = axes_of(true)

    def tensor(values: Floats) -> Tensor:
        return torch.from_numpy(np.asarray(values, dtype=np.float32))

    return _Example(
        tensor(gap_input(gaps.keys, _headings(clips, gaps))),
        tensor(curves(time.astype(float), np.broadcast_to(frames, time.shape).astype(float))),
        tensor(contact_curves(time.astype(float), np.broadcast_to(frames, time.shape).astype(float))),
        base,
        axes,
        joints_of(axes) + shift[..., None, :],
        tensor(clips.contacts[rows]),
        tensor(between.heading),
        tensor(between.root),
        tensor((time >= 1) & (time <= frames)),
        torch.from_numpy(np.minimum(np.log2(gaps.frames).astype(np.int64), _BUCKETS - 1)),
    )


def _headings(clips: Clips, gaps: Gaps) -> Floats:
    """(N,) yaw of the first keys' pelvises."""
    return yaw_angle(clips.rotations[gaps.first, 0])


def _to_world(vectors: Tensor, heading: Tensor) -> Tensor:
    """Vectors (..., n, 3) of the heading frames (...) in the world's directions."""
    cos, sin = torch.cos(heading)[..., None], torch.sin(heading)[..., None]
    x, y, z = vectors.unbind(-1)
    return torch.stack([x * cos + z * sin, y, z * cos - x * sin], dim=-1)


def _norm(x: Tensor) -> Tensor:
    """Length over the last two axes; differentiable at 0."""
    return (x.flatten(-2).square().sum(-1) + 1e-8).sqrt()


def _errors(sixd: Tensor, shift: Tensor, e: _Example, scale: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    """positions, turns and changes, each a mean over a gap's frames (N,), and the speed of feet in contact, metres a
    frame."""
    axes = axes_of(sixd)
    joints = joints_of(axes) + shift[..., None, :]
    across = _to_world(joints - e.joints, e.heading) / scale  # (N, S, 22, 3)
    pairs = across.unflatten(1, (_PAIRS, 2))
    count = e.free.sum(1).clamp(min=1.0)
    # A small rotation changes the matrix by √2 times its angle, the quaternion by half of it.
    turns = _norm((axes - e.axes).flatten(-2)) / 8.0**0.5
    errors = {
        "positions": (_norm(across) * e.free).sum(1) / count,
        "turns": (turns * e.free).sum(1) / count,
        "changes": _norm(pairs[:, :, 1] - pairs[:, :, 0]).mean(1),
    }
    feet = (_to_world(joints[..., list(CONTACT_JOINTS), :], e.heading) + e.root[..., None, :]).unflatten(1, (_PAIRS, 2))
    speed = ((feet[:, :, 1] - feet[:, :, 0]).square().sum(-1) + 1e-10).sqrt()  # (N, pairs, 4)
    down = e.contacts.unflatten(1, (_PAIRS, 2)).prod(2)
    return errors, (speed * down).sum() / down.sum().clamp(min=1.0)


def _interpolation_errors(clips: Clips, scale: Tensor) -> dict[str, Tensor]:
    """Interpolation's mean errors over gaps of each bucket, (buckets,) for positions, turns and changes."""
    rng = np.random.default_rng(0)
    e = _example(clips, draw_gaps(clips, _MEASURED, rng), rng)
    errors, _ = _errors(e.base, torch.zeros_like(e.root), e, scale)
    buckets = _one_hot(e.bucket)  # (N, buckets)
    return {
        k: ((v[:, None] * buckets).sum(0) / buckets.sum(0).clamp(min=1.0)).clamp(min=1e-3) for k, v in errors.items()
    }


def _one_hot(bucket: Tensor) -> Tensor:
    """(N, buckets) of bucket indices (N,)."""
    return F.one_hot(bucket, _BUCKETS).float()


def _input_statistics(clips: Clips) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the input; each deviation is at least a fifth of that of its part, so that what
    hardly varies is not scaled up."""
    rng = np.random.default_rng(1)
    gaps = draw_gaps(clips, _MEASURED, rng)
    rows = gap_input(gaps.keys, _headings(clips, gaps))
    mean, deviation = rows.mean(axis=0), rows.std(axis=0)
    start = 0
    for width in (*SLOTS.values(), len(SLOTS)):
        place = slice(start, start + width)
        deviation[place] = np.maximum(deviation[place], max(0.2 * np.sqrt((deviation[place] ** 2).mean()), 1e-4))
        start += width
    return torch.from_numpy(mean), torch.from_numpy(deviation)


def _losses(
    model: TransitionNet, e: _Example, scale: Tensor, baseline: dict[str, Tensor], c: TransitionTraining
) -> dict[str, Tensor]:
    """The weighted sum "loss", and its parts."""
    weights, contacts = model(e.features)
    offsets = e.curves @ weights  # (N, S, OUTPUTS)
    errors, speed = _errors(e.base + offsets[..., :SIXD], offsets[..., SIXD:], e, scale)
    parts = {name: (error / baseline[name][e.bucket]).mean() for name, error in errors.items()}
    parts["feet"] = speed * 100.0
    parts["contacts"] = F.binary_cross_entropy_with_logits(e.contact_curves @ contacts, e.contacts)
    loss = torch.stack([getattr(c, name) * part for name, part in parts.items()]).sum()
    return {"loss": loss, **parts}


def _position_scale(clips: Clips) -> Tensor:
    """(22, 3) metres: the deviation that L2P divides by, the same for both horizontal axes."""
    half = len(clips.starts) // 2  # the mirrored clips have the same deviations, up to a swap of sides
    parts = [slice(a, a + n) for a, n in zip(clips.starts[:half], clips.lengths[:half], strict=True)]
    _, std = position_statistics(training_windows([clips.rotations[p] for p in parts], [clips.root[p] for p in parts]))
    std = std.reshape(22, 3)
    level = np.sqrt((std[:, 0] ** 2 + std[:, 2] ** 2) / 2.0)
    return torch.from_numpy(np.stack([level, std[:, 1], level], axis=-1).astype(np.float32))


def train_transition(
    data: Path, folder: Path, training: TransitionTraining, config: TransitionConfig, device: str = "auto"
) -> TransitionNet:
    """Train on a data set and leave `model.pt` in the folder; resumes from a checkpoint there."""
    settings = {**asdict(training), **asdict(config), "dataset": checksum(data, captions=False)}
    check_settings(folder, settings)
    clips = load_clips(data, "train")
    where = choose_device(device)
    torch.manual_seed(training.seed)
    model = TransitionNet(config)
    model.mean, model.deviation = _input_statistics(clips)
    model.to(where)
    scale = _position_scale(clips)
    baseline = {k: v.to(where) for k, v in _interpolation_errors(clips, scale).items()}
    scale = scale.to(where)

    def loss_of(generator: torch.Generator) -> dict[str, Tensor]:
        rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
        example = _example(clips, draw_gaps(clips, training.gaps, rng), rng)
        example = _Example(**{k: v.to(where) for k, v in vars(example).items()})
        return _losses(model, example, scale, baseline, training)

    schedule = Schedule(training.steps, training.rate, seed=training.seed)
    return train(model, loss_of, folder, schedule, settings, "transition")
