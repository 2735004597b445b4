"""Motion corrected to meet keyed poses exactly, and smoothly: positions and velocities are continuous at every key.

A correction is the difference between a channel's key and the motion there: a rotation vector for a joint, an offset
for the root. Between keys it is interpolated with slopes that match those of the keys. A slope dies away within
`SETTLE` seconds, so that a fast start does not bend a long gap.
"""

from dataclasses import replace

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.motion.known import CHANNELS, ROOT
from ...retarget.motion.skeleton import JOINT_COUNT, JOINT_NAMES
from ...retarget.motion.smoothing import smoothstep
from ...retarget.typing import Bools, Floats, Ints

SETTLE = 0.4
"""Seconds within which the slope of a correction at a key dies away."""

_FASTEST = {
    "pelvis": 57.0, "hip": 117.0, "knee": 158.0, "ankle": 253.0, "foot": 270.0, "spine1": 24.0, "spine2": 24.0,
    "spine3": 32.0, "neck": 33.0, "head": 40.0, "collar": 44.0, "shoulder": 124.0, "elbow": 182.0, "wrist": 148.0,
}  # fmt: skip
"""rad/s²: the 99th percentile of each joint's angular acceleration in the training clips, at 30 fps."""
_FASTEST_ROOT = 16.0  # m/s², by the same measure


def whole_poses(keep: Floats | Ints, frames: int) -> Bools:
    """Mask (T, 23) in which every channel of the frames `keep` is known."""
    known = np.zeros((frames, CHANNELS), dtype=bool)
    known[np.asarray(keep, int)] = True
    return known


def pinned(motion: Motion, target: Motion, known: Bools) -> Motion:
    """The motion with its `known` channels (T, 23) exactly as in `target`, and smoothly corrected around them.

    Both have the same frames, rate and body. A channel without any key is unchanged; before a channel's first key and
    after its last, the correction is held. Contacts are the target's where all channels are known.
    """
    settle = SETTLE * motion.fps
    turns = rot.multiply(target.rotations, rot.conjugate(motion.rotations))  # (T, 22, 4), used at keys only
    moves = target.root_position - motion.root_position
    correction = np.zeros((len(motion), CHANNELS, 3))
    for channels, keys in _group_channels(known):
        joints = channels[channels < ROOT]
        missing = np.zeros((len(keys), len(channels), 3))
        missing[:, : len(joints)] = _unwrapped_vectors(turns[np.ix_(keys, joints)])
        if ROOT in channels:
            missing[:, -1] = moves[keys]
        correction[:, channels] = spread(keys, missing, len(motion), settle)
    return _with_known(_corrected(motion, correction), target, known)


def softened(motion: Motion, known: Bools) -> Motion:
    """The motion with accelerations at keys limited to the 99th percentile of recorded motion.

    Only channels that are not `known` (T, 23) change, near the keys where the limit is exceeded.
    """
    settle = SETTLE * motion.fps
    turned = rot.to_rotation_vector(rot.multiply(motion.rotations[1:], rot.conjugate(motion.rotations[:-1])))
    velocity = np.concatenate([turned, np.diff(motion.root_position, axis=0)[:, None]], axis=1)  # (T - 1, 23, 3)
    limit = np.array([*(_FASTEST[name.rpartition("_")[2]] for name in JOINT_NAMES), _FASTEST_ROOT]) / motion.fps**2
    correction = np.zeros((len(motion), CHANNELS, 3))
    for channels, keys in _group_channels(known):
        given = known[:, channels[0]]
        inner = keys[(keys > 0) & (keys < len(motion) - 1)]
        change = velocity[inner][:, channels] - velocity[inner - 1][:, channels]  # (K, C, 3)
        size = np.linalg.norm(change, axis=-1, keepdims=True)
        excess = change * np.maximum(1.0 - limit[channels][:, None] / np.maximum(size, 1e-12), 0.0)
        correction[:, channels] += _relief(given, inner, excess, settle)
    return _with_known(_corrected(motion, correction), motion, known)


def _relief(given: Bools, keys: Ints, excess: Floats, settle: float) -> Floats:
    """Correction (T, C, 3) of the free frames beside `keys` that removes the velocity changes `excess` (K, C, 3)."""
    out = np.zeros((len(given), *excess.shape[1:]))
    all_keys = np.flatnonzero(given)
    for key, change in zip(keys, excess, strict=True):
        if not change.any():
            continue
        before, after = not given[key - 1], not given[key + 1]
        share = 1.0 / max(before + after, 1)
        if after:
            stop = next(iter(all_keys[all_keys > key]), len(given))
            away = np.arange(1, stop - key)
            out[key + 1 : stop] -= share * _bump(away, min(stop - key, settle))[:, None, None] * change
        if before:
            start = next(iter(all_keys[all_keys < key][::-1]), -1)
            away = np.arange(key - start - 1, 0, -1)
            out[start + 1 : key] -= share * _bump(away, min(key - start, settle))[:, None, None] * change
    return out


def spread(keys: Ints, values: Floats, frames: int, settle: float) -> Floats:
    """Values (T, ...) of every frame from those at keys (K, ...), with a continuous first derivative.

    Between isolated keys the values follow a monotone cubic (Fritsch and Carlson 1980). The difference of two keys in
    adjacent frames is the slope next to them, which dies away within `settle` frames.
    """
    shape = values.shape[1:]
    values = values.reshape(len(keys), -1)
    slopes = _slopes(keys, values)
    time = np.arange(frames)
    left = np.clip(np.searchsorted(keys, time, side="right") - 1, 0, max(len(keys) - 2, 0))
    right = np.minimum(left + 1, len(keys) - 1)
    gap = np.maximum(keys[right] - keys[left], 1)
    t = smoothstep((time - keys[left]) / gap)[:, None]
    within = np.where(_has_adjacent(keys), settle, np.inf)  # an isolated key's slope may last the whole gap
    reach_left, reach_right = np.minimum(gap, within[left]), np.minimum(gap, within[right])
    inside = ((time >= keys[0]) & (time <= keys[-1]))[:, None]
    outgoing = slopes[left] * _bump(time - keys[left], reach_left)[:, None]
    incoming = slopes[right] * _bump(keys[right] - time, reach_right)[:, None]
    out: Floats = values[left] + (values[right] - values[left]) * t + np.where(inside, outgoing - incoming, 0.0)
    out = out - slopes[0] * _coast(keys[0] - time, settle)[:, None]
    out = out + slopes[-1] * _coast(time - keys[-1], settle)[:, None]
    return out.reshape(frames, *shape)


def _has_adjacent(keys: Ints) -> Bools:
    """(K,): whether a key has another one in the frame before or after it."""
    dense = np.diff(keys) == 1
    return np.logical_or(np.append(False, dense), np.append(dense, False))


def _slopes(keys: Ints, values: Floats) -> Floats:
    """Slopes (K, n) per frame of values (K, n) at keys."""
    slopes = np.zeros(values.shape)
    if len(keys) < 2:
        return slopes
    gap = np.diff(keys)[:, None]
    secant = np.diff(values, axis=0) / gap
    low, high = secant[:-1], secant[1:]
    # The harmonic mean, weighted by the gaps; zero at an extremum.
    a, b = 2.0 * gap[1:] + gap[:-1], gap[1:] + 2.0 * gap[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        harmonic = (a + b) / (a / low + b / high)
    slopes[1:-1] = np.where(low * high > 0.0, harmonic, 0.0)
    dense = gap[:, 0] == 1
    before, after = np.append(False, dense), np.append(dense, False)
    slopes[after] = secant[np.flatnonzero(after)]
    slopes[before] = secant[np.flatnonzero(before) - 1]
    return slopes


def _bump(away: Floats | Ints, reach: Floats | float) -> Floats:
    """A bump that starts at 0 with slope 1, and ends at `reach` with value and slope 0."""
    share = np.clip(away / np.asarray(reach), 0.0, 1.0)
    return np.asarray(np.asarray(reach) * share * (1.0 - share) ** 2)


def _coast(away: Floats | Ints, settle: float) -> Floats:
    """0 up to `away` = 0, from there on a slope of 1 that decreases linearly to 0 at `settle`."""
    x: Floats = np.clip(np.asarray(away, dtype=np.float64), 0.0, settle)
    return np.asarray(x - x * x / (2.0 * settle))


def _group_channels(known: Bools) -> list[tuple[Ints, Ints]]:
    """(channels, frames) of the channels that are known in the same frames; without those that are never known."""
    columns, group = np.unique(known.T, axis=0, return_inverse=True)
    group = group.reshape(-1)
    return [(np.flatnonzero(group == i), np.flatnonzero(column)) for i, column in enumerate(columns) if column.any()]


def _unwrapped_vectors(turns: Floats) -> Floats:
    """Rotation vectors (K, C, 3) of quaternions (K, C, 4), unwrapped: each as close as possible to the one before."""
    vectors = rot.to_rotation_vector(turns)
    for i in range(1, len(vectors)):
        angle = np.linalg.norm(vectors[i], axis=-1, keepdims=True)
        other = vectors[i] * (1.0 - 2.0 * np.pi / np.maximum(angle, 1e-9))
        nearer = np.linalg.norm(other - vectors[i - 1], axis=-1) < np.linalg.norm(vectors[i] - vectors[i - 1], axis=-1)
        vectors[i] = np.where(nearer[:, None] & (angle > 1e-6), other, vectors[i])
    return vectors


def _corrected(motion: Motion, correction: Floats) -> Motion:
    """The motion with a correction (T, 23, 3) applied."""
    turn = rot.from_rotation_vector(correction[:, :JOINT_COUNT])
    rotations = rot.normalize(rot.multiply(turn, motion.rotations))
    return replace(motion, rotations=rotations, root_position=motion.root_position + correction[:, ROOT])


def _with_known(motion: Motion, target: Motion, known: Bools) -> Motion:
    """The motion with its known channels copied from the target, bit for bit."""
    rotations, root, contacts = motion.rotations.copy(), motion.root_position.copy(), motion.contacts.copy()
    joints, placed, full = known[:, :JOINT_COUNT], known[:, ROOT], known.all(axis=1)
    rotations[joints] = target.rotations[joints]
    root[placed] = target.root_position[placed]
    contacts[full] = target.contacts[full]
    return replace(motion, rotations=_unflip_free(rotations, joints), root_position=root, contacts=contacts)


def _unflip_free(rotations: Floats, fixed: Bools) -> Floats:
    """Quaternions (T, 22, 4), with signs flipped in free frames so that each is on the side of the frame before it."""
    out = rotations.copy()
    for t in range(1, len(out)):
        flip = (np.sum(out[t] * out[t - 1], axis=-1) < 0.0) & ~fixed[t]
        out[t][flip] *= -1.0
    return out
