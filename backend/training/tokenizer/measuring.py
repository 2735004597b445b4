"""How well a tokenizer reconstructs clips: over all, by set and by what they show."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import CONTACT_JOINTS, JOINT_COUNT
from ....retarget.typing import Float32s, Floats, Ints
from ...dataset.clips import Clip, Dataset
from ...evaluation.measures.poses import hands_apart, head_error, head_turn_kept
from ...features import Statistics, features_to_motion
from .kinematics import kinematic_points
from .net import FRAMES_PER_TOKEN, MotionVqVae

_TOGETHER = 0.2  # metres between the wrists: hands that touch, or nearly


class Codec(Protocol):
    """A tokenizer, trained or stored, on normalised features."""

    def encode(self, features: Tensor) -> Tensor: ...
    def decode(self, codes: Tensor) -> Tensor: ...


@dataclass(frozen=True, eq=False)
class ClipErrors:
    """One clip's reconstruction. joints (T,), points (T,): mean error of a frame in metres, roots and headings aligned;
    of the joints, and of the points beyond them.  acceleration (T - 2,): metres per frame squared.  path: metres a
    second that the root is off at the end.  head (T,): degrees.  head_kept: share of the head's turning that is left,
    None if it hardly turns.  hands (K,): metres that the wrists are too far apart, or too close, where they truly are
    together.  sliding (S,): metres a second of feet that truly stand.  codes: (N, levels)."""

    clip: Clip
    joints: Floats
    points: Floats
    acceleration: Floats
    path: float
    head: Floats
    head_kept: float | None
    hands: Floats
    sliding: Floats
    codes: Ints


@torch.no_grad()
def encode_clip(model: Codec, statistics: Statistics, features: Float32s) -> Ints:
    """Codes (T // 4, levels) of features (T, 263); frames beyond a multiple of four are left out."""
    usable = len(features) // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN
    rows = torch.from_numpy(statistics.normalize(np.asarray(features[:usable])).astype(np.float32))
    codes: Ints = model.encode(rows[None])[0].numpy()
    return codes


@torch.no_grad()
def decode_codes(model: Codec, statistics: Statistics, codes: Ints) -> Floats:
    """The features (4 N, 263) of codes (N, levels)."""
    decoded = model.decode(torch.from_numpy(codes)[None])[0].float().numpy()
    return statistics.denormalize(decoded)


def _around_root(features: Floats) -> Floats:
    """(T, 22 + P, 3) metres from the root, in the features' own heading: that of a lying body's pelvis would flip."""
    points: Floats = kinematic_points(torch.tensor(features)).double().numpy()
    return points - points[:, :1]


def clip_errors(model: Codec, statistics: Statistics, clip: Clip, features: Float32s) -> ClipErrors:
    """Errors of one clip with features (T, 263)."""
    codes = encode_clip(model, statistics, features)
    decoded = decode_codes(model, statistics, codes)
    made, true = (features_to_motion(rows.astype(np.float64)) for rows in (decoded, features[: len(decoded)]))
    apart_by = _around_root(decoded) - _around_root(features[: len(decoded)])
    errors, second = rot.length(apart_by), np.diff(apart_by[:, :JOINT_COUNT], n=2, axis=0)
    apart, wanted = hands_apart(made), hands_apart(true)
    return ClipErrors(
        clip,
        errors[:, :JOINT_COUNT].mean(axis=1),
        errors[:, JOINT_COUNT:].mean(axis=1),
        rot.length(second).mean(axis=1),
        float(np.linalg.norm(made.root_position[-1] - true.root_position[-1]) / made.duration),
        head_error(made, true),
        head_turn_kept(made, true),
        np.abs(apart - wanted)[wanted < _TOGETHER],
        _speed_standing(made, true),
        codes,
    )


def _speed_standing(made: Motion, true: Motion) -> Floats:
    """(S,) metres a second over the floor of the made motion's feet, wherever the true one's stand."""
    steps = np.linalg.norm(np.diff(made.joints[:, CONTACT_JOINTS][..., [0, 2]], axis=0), axis=-1) * made.fps
    stands = np.minimum(true.contacts[1:], true.contacts[:-1]) > 0.5
    return np.asarray(steps[stands])


def errors_of(model: Codec, statistics: Statistics, dataset: Dataset, split: str = "test") -> list[ClipErrors]:
    """Of the split's clips without mirrored copies, or of all if it is empty (a small data set)."""
    clips = [c for c in dataset.split(split) or dataset.clips if not c.mirrored and c.frames >= FRAMES_PER_TOKEN]
    return [clip_errors(model, statistics, c, np.asarray(dataset.of(c))) for c in clips]


def summary(errors: list[ClipErrors]) -> dict[str, float]:
    """Over the frames of all clips, by names that end with their unit; measures that none of the clips has are left
    out."""
    joints, points, hands, sliding = (
        np.concatenate([getattr(e, name) for e in errors]) for name in ("joints", "points", "hands", "sliding")
    )
    kept = [e.head_kept for e in errors if e.head_kept is not None]
    out = {
        "joint_error_mm": joints.mean() * 1000,
        "joint_error_median_mm": np.median(joints) * 1000,
        "point_error_mm": points.mean() * 1000,
        "point_error_median_mm": np.median(points) * 1000,
        "acceleration_error_mm": np.concatenate([e.acceleration for e in errors]).mean() * 1000,
        "path_error_mm_per_s": np.mean([e.path for e in errors]) * 1000,
        "head_error_deg": np.concatenate([e.head for e in errors]).mean(),
    }
    out |= {"head_turn_kept": np.mean(kept)} if kept else {}
    out |= {"hands_together_error_mm": hands.mean() * 1000} if len(hands) else {}
    out |= {"sliding_median_mm_per_s": np.median(sliding) * 1000} if len(sliding) else {}
    return {name: float(value) for name, value in out.items()}


def by_group(errors: list[ClipErrors], group: Callable[[Clip], str]) -> dict[str, dict[str, float]]:
    """`summary` of each group of clips, by the group's name."""
    groups = defaultdict(list)
    for e in errors:
        groups[group(e.clip)].append(e)
    return {name: {"clips": len(some), **summary(some)} for name, some in sorted(groups.items())}


def evaluate_tokenizer(
    model: MotionVqVae, statistics: Statistics, dataset: Dataset, split: str = "test"
) -> dict[str, float]:
    """`summary` of a split, and codes_used (share)."""
    return evaluated(model, errors_of(model, statistics, dataset, split))


def evaluated(model: MotionVqVae, errors: list[ClipErrors]) -> dict[str, float]:
    """`summary`, and codes_used (share of the model's codes that occur)."""
    used = {
        (level, code) for e in errors for level, column in enumerate(e.codes.T) for code in np.unique(column).tolist()
    }
    return {**summary(errors), "codes_used": len(used) / (model.levels * model.codes)}


def table(groups: dict[str, dict[str, float]]) -> tuple[str, ...]:
    """Lines of a table, one for each group: errors of joints and points, and what is left of the head's turns."""
    lines = [f"{'':24} clips  joints, median  points, median mm  head turns kept"]
    for name, found in groups.items():
        millimetres = [
            found[f"{k}_mm"] for k in ("joint_error", "joint_error_median", "point_error", "point_error_median")
        ]
        kept = f"{found['head_turn_kept']:.0%}" if "head_turn_kept" in found else "-"
        columns = "".join(f"{value:8.1f}" for value in millimetres)
        lines.append(f"{name:24} {found['clips']:5.0f}{columns}{kept:>12}")
    return tuple(lines)
