"""The input of the transition model for a gap between two keys, and how its output becomes poses.

The model fills a gap in one pass. Its output is the weights of a few curves that are 0 at both keys, so that any output
meets them. The curves are offsets from the interpolation of the keys (slerp), in the heading of each frame: rotated
about the vertical so that the interpolated pelvis faces +Z. Offsets are of global rotations: an error at the hip does
not move the foot. The input is relative to the heading of the first key and to its root on the floor, so that it does
not depend on where the character is or which way it faces.
"""

from dataclasses import dataclass

import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import (
    JOINT_COUNT,
    MIRRORED_JOINTS,
    PARENTS,
    REST_OFFSETS,
    global_rotations,
    local_rotations,
)
from ...retarget.typing import Bools, Floats

BEFORE = (0, 1, 2, 4, 8)
"""The frames that the input covers, counted back from the first key, where they are given."""
AFTER = (0, 1, 2, 4)
"""The same, counted on from the second key."""
WAVES = 12
BUMPS = (4.0, 12.0)  # frames: lengths of the bumps next to a key
CURVES = WAVES + 2 * len(BUMPS)
OUTPUTS = 22 * 6 + 3
"""Values per frame that the curves offset: global 6D rotations and the root."""
CONTACT_CURVES = WAVES + 1
_WIDTHS = (20.0, 8)  # frames, count: of the radial basis functions over the logarithm of the gap
SLOTS = {
    "first": 22 * 6 + 22 * 3 + 1,
    "second": 22 * 6 + 22 * 3 + 1 + 3,
    "turning": 22 * 6,
    "turning_after": 22 * 6,
    **{f"before_{i}": 22 * 3 for i in BEFORE[1:]},
    **{f"after_{i}": 22 * 3 for i in AFTER[1:]},
    "previous": 22 * 3 + 1,
    "next": 22 * 3 + 1,
    "gap": 10,
}
"""Parts of the input and their widths, in order. A part that is not given is 0; a flag for each part says which are."""
INPUT_WIDTH = sum(SLOTS.values()) + len(SLOTS)


def _ancestors() -> Floats:
    """(22, 22): 1 where the column's joint is the row's or one of its ancestors."""
    out = np.eye(JOINT_COUNT)
    for joint in range(1, JOINT_COUNT):
        out[joint] += out[PARENTS[joint]]
    return out


ANCESTORS = _ancestors()


def joints_from_root(sixd: Floats) -> Floats:
    """Joints (..., 22, 3) from the root, in metres on the canonical body, from global 6D rotations (..., 22, 6)."""
    parents = list(PARENTS[1:])
    x, y = sixd[..., parents, :3], sixd[..., parents, 3:]
    o = REST_OFFSETS[1:].astype(sixd.dtype)
    bones = x * o[:, :1] + y * o[:, 1:2] + rot.cross(x, y) * o[:, 2:]
    return np.asarray(ANCESTORS.astype(sixd.dtype)[:, 1:] @ bones)


def rotate_about_y(vectors: Floats, angle: Floats) -> Floats:
    """Vectors (..., 3n), n at a time, rotated about Y by angles (...) in radians."""
    v = vectors.reshape(*vectors.shape[:-1], -1, 3)
    cos, sin = (f(angle).astype(vectors.dtype)[..., None] for f in (np.cos, np.sin))
    out = np.stack([v[..., 0] * cos + v[..., 2] * sin, v[..., 1], v[..., 2] * cos - v[..., 0] * sin], axis=-1)
    return np.reshape(out, vectors.shape)


def yaw_angle(q: Floats) -> Floats:
    """The heading (...) in radians: how far +Z is rotated about Y."""
    forward = rot.rotate(q, np.array([0.0, 0.0, 1.0], dtype=q.dtype))
    return np.asarray(np.arctan2(forward[..., 0], forward[..., 2]))


@dataclass(frozen=True, eq=False)
class Keys:
    """Poses around N gaps. sixd: (N, K, 132) global rotations.  joints: (N, K, 66) relative to the root.
    root: (N, K, 3) metres.  given: (N, K).  time: (N, K) frames.  K: `BEFORE`, `AFTER`, previous and next key."""

    sixd: Floats
    joints: Floats
    root: Floats
    given: Bools
    time: Floats


KEY_COUNT = len(BEFORE) + len(AFTER) + 2


def gap_input(keys: Keys, heading: Floats) -> Floats:
    """The input (N, INPUT_WIDTH), float32. heading: (N,) of the first key's pelvis, radians. The number of frames in a
    gap is time[second] - time[first] - 1."""
    first, second = 0, len(BEFORE)
    previous, following = KEY_COUNT - 2, KEY_COUNT - 1
    angle = -heading[:, None].repeat(KEY_COUNT, axis=1)
    sixd, joints = rotate_about_y(keys.sixd, angle), rotate_about_y(keys.joints, angle)
    from_first = keys.root - keys.root[:, first : first + 1] * np.array([1.0, 0.0, 1.0], dtype=keys.root.dtype)
    root = rotate_about_y(from_first, angle)
    world = joints + np.tile(root, 22)

    def change(values: Floats, a: int, b: int) -> Floats:
        """Change per frame from key a to key b."""
        return np.asarray((values[:, b] - values[:, a]) / (keys.time[:, b] - keys.time[:, a])[:, None])

    def pose(key: int, *more: Floats) -> Floats:
        return np.concatenate([sixd[:, key], joints[:, key], root[:, key, 1:2], *more], axis=-1)

    def other_key(key: int, near: int) -> Floats:
        """A further key relative to a key of the gap, and how far away it is in time."""
        apart = np.log(np.maximum(np.abs(keys.time[:, key] - keys.time[:, near]), 1.0))[:, None] / 4.0
        return np.concatenate([world[:, key] - np.tile(root[:, near], 22), apart], axis=-1)

    always = np.ones(len(heading), dtype=bool)
    parts: dict[str, tuple[Floats, Bools]] = {
        "first": (pose(first), always),
        "second": (pose(second, root[:, second] - root[:, first]), always),
        "turning": (change(sixd, 1, 0), keys.given[:, 1]),
        "turning_after": (change(sixd, second, second + 1), keys.given[:, second + 1]),
        "previous": (other_key(previous, first), keys.given[:, previous]),
        "next": (other_key(following, second), keys.given[:, following]),
        "gap": (_gap_features((keys.time[:, second] - keys.time[:, first] - 1.0)[:, None]), always),
    }
    for i, away in enumerate(BEFORE[1:], start=1):
        parts[f"before_{away}"] = (change(world, i, i - 1), keys.given[:, i])
    for i, away in enumerate(AFTER[1:], start=second + 1):
        parts[f"after_{away}"] = (change(world, i - 1, i), keys.given[:, i])
    values = [np.where(given[:, None], part, 0.0) for part, given in (parts[name] for name in SLOTS)]
    flags = np.stack([parts[name][1] for name in SLOTS], axis=-1)
    return np.asarray(np.concatenate([*values, flags], axis=-1), np.float32)


_SIXD_SIGNS = np.array([1.0, -1.0, -1.0, -1.0, 1.0, 1.0])  # of the first two columns of S R S, S = diag(-1, 1, 1)
_SIDE = np.array([-1.0, 1.0, 1.0])
_SWAPPED = list(MIRRORED_JOINTS)


def _mirrored_sixd(sixd: Floats) -> Floats:
    joints = sixd.reshape(*sixd.shape[:-1], JOINT_COUNT, 6)
    return np.reshape(joints[..., _SWAPPED, :] * _SIXD_SIGNS, sixd.shape)


def mirrored_keys(keys: Keys) -> Keys:
    """Keys mirrored left to right; the sign of their heading changes."""
    joints = keys.joints.reshape(*keys.joints.shape[:-1], JOINT_COUNT, 3)[..., _SWAPPED, :] * _SIDE
    return Keys(_mirrored_sixd(keys.sixd), joints.reshape(keys.joints.shape), keys.root * _SIDE, keys.given, keys.time)


def mirrored_offsets(offsets: Floats) -> Floats:
    """Offsets (..., OUTPUTS), or weights of curves, mirrored left to right."""
    return np.concatenate([_mirrored_sixd(offsets[..., :-3]), offsets[..., -3:] * _SIDE], axis=-1)


def _gap_features(frames: Floats) -> Floats:
    """Features (N, 10) of the number of frames (N, 1) in a gap."""
    longest, count = _WIDTHS
    centres = np.linspace(0.0, np.log(6.0 * longest), int(count))
    bumps = np.exp(-0.5 * ((np.log(frames) - centres) / 0.6) ** 2)
    return np.concatenate([np.log(frames) / 4.0, 1.0 / frames, bumps], axis=-1)


def curves(frame: Floats, frames: Floats) -> Floats:
    """Values (..., CURVES) of the curves at `frame` (...), 1 to `frames` (...), of a gap: sine waves, and bumps next to
    each key with a slope at the key that soon return to 0. Waves too short for the frame rate are 0."""
    share = (frame / (frames + 1.0))[..., None]
    order = np.arange(1, WAVES + 1)
    waves = np.where(order <= frames[..., None], np.sin(np.pi * order * share), 0.0)
    bumps = []
    for reach in BUMPS:
        for away in (frame, frames + 1.0 - frame):
            within = np.minimum(reach, frames + 1.0)
            part = np.clip(away / within, 0.0, 1.0)
            bumps.append(4.0 * part * (1.0 - part) ** 2)
    return np.concatenate([waves, np.stack(bumps, axis=-1)], axis=-1)


def contact_curves(frame: Floats, frames: Floats) -> Floats:
    """Values (..., CONTACT_CURVES) of cosines at `frame` (...) of a gap of `frames` (...)."""
    share = (frame / (frames + 1.0))[..., None]
    return np.asarray(np.cos(np.pi * np.arange(CONTACT_CURVES) * share))


@dataclass(frozen=True, eq=False)
class Between:
    """Interpolated poses. sixd: (..., S, 132), global rotations.  root: (..., S, 3), metres.  heading: (..., S)."""

    sixd: Floats
    root: Floats
    heading: Floats


def interpolate_gap(rotations: tuple[Floats, Floats], roots: tuple[Floats, Floats], share: Floats) -> Between:
    """Interpolate between two poses, rotations (N, 22, 4) relative to parents and roots (N, 3), at fractions (N, S)."""
    first, second = (r[:, None] for r in rotations)
    turned = rot.slerp(first, second, share[..., None].astype(first.dtype))
    yaws = [yaw_angle(r[:, 0]) for r in rotations]
    turn = np.mod(yaws[1] - yaws[0] + np.pi, 2.0 * np.pi) - np.pi
    heading = yaws[0][:, None] + turn[:, None] * share
    sixd = rot.to_sixd(global_rotations(turned))
    a, b = (r[:, None] for r in roots)
    root = a + (b - a) * share[..., None].astype(a.dtype)
    return Between(sixd.reshape(*sixd.shape[:-2], -1), root, heading)


def add_offsets(between: Between, offsets: Floats) -> tuple[Floats, Floats]:
    """Rotations (..., S, 22, 4) relative to parents, and root (..., S, 3), of interpolated poses with offsets
    (..., S, OUTPUTS) added, each in the heading of its frame."""
    turned = rotate_about_y(offsets.astype(np.float64), between.heading)
    sixd = between.sixd + turned[..., :-3]
    rotations = local_rotations(rot.from_sixd(sixd.reshape(*sixd.shape[:-1], 22, 6)))
    return rotations, between.root + turned[..., -3:]
