"""What the transition model is shown of a gap between two keys, and how its answer becomes poses.

The model answers for a whole gap at once: with the weights of a few curves that start and end at 0, so that both keys
are met whatever it says. They are put to the spherical interpolation of the keys, frame by frame in that frame's own
heading: turned about the vertical so that the interpolated pelvis faces +Z. Rotations are global there: what is wrong
in a hip does not carry the foot along. All that it sees is in the heading of the first key, over the first key's root,
so it sees the same numbers wherever and whichever way the character goes.
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
"""Frames before the first key that are looked at, where the motion is given there."""
AFTER = (0, 1, 2, 4)
"""Frames after the second."""
WAVES = 12
BUMPS = (4.0, 12.0)  # frames within which a curve that leaves a key with slope 1 is gone
CURVES = WAVES + 2 * len(BUMPS)
OUTPUTS = 22 * 6 + 3
"""Numbers of a frame that the curves change: global 6D rotations and the root."""
CONTACT_CURVES = WAVES + 1
_WIDTHS = (20.0, 8)  # frames, count: of the bumps over the logarithm of the gap
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
"""Parts of the input and their widths, in order; parts that are not given are 0, and a flag for each part says so."""
INPUT_WIDTH = sum(SLOTS.values()) + len(SLOTS)


def _ancestors() -> Floats:
    """(22, 22): 1 where the column's joint is the row's or above it."""
    out = np.eye(JOINT_COUNT)
    for joint in range(1, JOINT_COUNT):
        out[joint] += out[PARENTS[joint]]
    return out


ANCESTORS = _ancestors()


def joints_from_root(sixd: Floats) -> Floats:
    """(..., 22, 3) metres on the canonical body, of global 6D (..., 22, 6)."""
    parents = list(PARENTS[1:])
    x, y = sixd[..., parents, :3], sixd[..., parents, 3:]
    o = REST_OFFSETS[1:].astype(sixd.dtype)
    bones = x * o[:, :1] + y * o[:, 1:2] + rot.cross(x, y) * o[:, 2:]
    joints: Floats = ANCESTORS.astype(sixd.dtype)[:, 1:] @ bones
    return joints


def turned_about_y(vectors: Floats, angle: Floats) -> Floats:
    """Vectors (..., 3n) turned by angles (...) about Y, n vectors at a time."""
    v = vectors.reshape(*vectors.shape[:-1], -1, 3)
    cos, sin = (f(angle).astype(vectors.dtype)[..., None] for f in (np.cos, np.sin))
    out = np.stack([v[..., 0] * cos + v[..., 2] * sin, v[..., 1], v[..., 2] * cos - v[..., 0] * sin], axis=-1)
    turned: Floats = out.reshape(vectors.shape)
    return turned


def yaw_angle(q: Floats) -> Floats:
    """Radians (...) about Y of `rotations.yaw`."""
    forward = rot.rotate(q, np.array([0.0, 0.0, 1.0], dtype=q.dtype))
    angle: Floats = np.arctan2(forward[..., 0], forward[..., 2])
    return angle


@dataclass(frozen=True, eq=False)
class Keys:
    """Poses around N gaps, as the input needs them. sixd: (N, K, 132) global.  joints: (N, K, 66) from the root.
    root: (N, K, 3).  given: (N, K).  time: (N, K) frames.  K: `BEFORE`, `AFTER`, the key before and the key after."""

    sixd: Floats
    joints: Floats
    root: Floats
    given: Bools
    time: Floats


KEY_COUNT = len(BEFORE) + len(AFTER) + 2


def gap_input(keys: Keys, heading: Floats) -> Floats:
    """(N, INPUT_WIDTH) float32. heading: (N,) yaw of the first key's pelvis; frames between the keys are
    time[second] - time[first] - 1."""
    first, second = 0, len(BEFORE)
    previous, following = KEY_COUNT - 2, KEY_COUNT - 1
    around = -heading[:, None].repeat(KEY_COUNT, axis=1)
    sixd, joints = turned_about_y(keys.sixd, around), turned_about_y(keys.joints, around)
    level = keys.root - keys.root[:, first : first + 1] * np.array([1.0, 0.0, 1.0], dtype=keys.root.dtype)
    root = turned_about_y(level, around)
    world = joints + np.tile(root, 22)

    def change(values: Floats, a: int, b: int) -> Floats:
        out: Floats = (values[:, b] - values[:, a]) / (keys.time[:, b] - keys.time[:, a])[:, None]
        return out

    frames = (keys.time[:, second] - keys.time[:, first] - 1.0)[:, None]
    parts: dict[str, tuple[Floats, Bools]] = {}
    always = np.ones(len(heading), dtype=bool)
    parts["first"] = (np.concatenate([sixd[:, first], joints[:, first], root[:, first, 1:2]], axis=-1), always)
    parts["second"] = (
        np.concatenate(
            [sixd[:, second], joints[:, second], root[:, second, 1:2], root[:, second] - root[:, first]], -1
        ),
        always,
    )
    parts["turning"] = (change(sixd, 1, 0), keys.given[:, 1])
    parts["turning_after"] = (change(sixd, second, second + 1), keys.given[:, second + 1])
    for i, away in enumerate(BEFORE[1:], start=1):
        parts[f"before_{away}"] = (change(world, i, i - 1), keys.given[:, i])
    for i, away in enumerate(AFTER[1:], start=second + 1):
        parts[f"after_{away}"] = (change(world, i - 1, i), keys.given[:, i])
    for name, key, near in (("previous", previous, first), ("next", following, second)):
        apart = np.log(np.maximum(np.abs(keys.time[:, key] - keys.time[:, near]), 1.0))[:, None] / 4.0
        way = world[:, key] - np.tile(root[:, near], 22)
        parts[name] = (np.concatenate([way, apart], axis=-1), keys.given[:, key])
    parts["gap"] = (_gap_features(frames), always)
    rows = [np.where(given[:, None], values, 0.0) for values, given in (parts[name] for name in SLOTS)]
    flags = np.stack([parts[name][1] for name in SLOTS], axis=-1)
    out: Floats = np.concatenate([*rows, flags], axis=-1).astype(np.float32)
    return out


_SIXD_SIGNS = np.array([1.0, -1.0, -1.0, -1.0, 1.0, 1.0])  # of S R S with S = diag(-1, 1, 1), its first two columns
_SIDE = np.array([-1.0, 1.0, 1.0])
_SWAPPED = list(MIRRORED_JOINTS)


def _mirrored_sixd(sixd: Floats) -> Floats:
    parts = sixd.reshape(*sixd.shape[:-1], JOINT_COUNT, 6)[..., _SWAPPED, :] * _SIXD_SIGNS
    mirrored: Floats = parts.reshape(sixd.shape)
    return mirrored


def mirrored_keys(keys: Keys) -> Keys:
    """Left and right exchanged; the heading changes its sign."""
    joints = keys.joints.reshape(*keys.joints.shape[:-1], JOINT_COUNT, 3)[..., _SWAPPED, :] * _SIDE
    return Keys(_mirrored_sixd(keys.sixd), joints.reshape(keys.joints.shape), keys.root * _SIDE, keys.given, keys.time)


def mirrored_offsets(offsets: Floats) -> Floats:
    """Offsets (..., OUTPUTS), or weights of curves, with left and right exchanged."""
    return np.concatenate([_mirrored_sixd(offsets[..., :-3]), offsets[..., -3:] * _SIDE], axis=-1)


def _gap_features(frames: Floats) -> Floats:
    """(N, 10) of frames between keys (N, 1)."""
    longest, count = _WIDTHS
    centres = np.linspace(0.0, np.log(6.0 * longest), int(count))
    bumps = np.exp(-0.5 * ((np.log(frames) - centres) / 0.6) ** 2)
    return np.concatenate([np.log(frames) / 4.0, 1.0 / frames, bumps], axis=-1)


def curves(frame: Floats, frames: Floats) -> Floats:
    """(..., CURVES) values at `frame` (...), 1 to `frames` (...), of the curves from key to key: waves that pass 0 at
    both keys, and bumps that leave one with slope 1 and are soon gone. Waves finer than the frames are 0."""
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
    """(..., CONTACT_CURVES): cosines over the gap."""
    share = (frame / (frames + 1.0))[..., None]
    out: Floats = np.cos(np.pi * np.arange(CONTACT_CURVES) * share)
    return out


@dataclass(frozen=True, eq=False)
class Between:
    """Interpolated poses (..., S): sixd (..., S, 132) global, root (..., S, 3), both in the world; heading (..., S)."""

    sixd: Floats
    root: Floats
    heading: Floats


def interpolated(rotations: tuple[Floats, Floats], roots: tuple[Floats, Floats], share: Floats) -> Between:
    """Between two poses: rotations (N, 22, 4) relative to parents, roots (N, 3); at shares (N, S) of the way."""
    first, second = (r[:, None] for r in rotations)
    turned = rot.slerp(first, second, share[..., None].astype(first.dtype))
    yaws = [yaw_angle(r[:, 0]) for r in rotations]
    turn = np.mod(yaws[1] - yaws[0] + np.pi, 2.0 * np.pi) - np.pi
    heading = yaws[0][:, None] + turn[:, None] * share
    sixd = rot.to_sixd(global_rotations(turned))
    a, b = (r[:, None] for r in roots)
    root = a + (b - a) * share[..., None].astype(a.dtype)
    return Between(sixd.reshape(*sixd.shape[:-2], -1), root, heading)


def poses_of(between: Between, offsets: Floats) -> tuple[Floats, Floats]:
    """Rotations (..., S, 22, 4) relative to parents and root (..., S, 3): the interpolation with offsets
    (..., S, OUTPUTS) put to it, each in its frame's heading."""
    turned = turned_about_y(offsets.astype(np.float64), between.heading)
    sixd = between.sixd + turned[..., :-3]
    rotations = local_rotations(rot.from_sixd(sixd.reshape(*sixd.shape[:-1], 22, 6)))
    return rotations, between.root + turned[..., -3:]
