"""Motion made to meet keyed poses exactly, and smoothly: positions and velocities are continuous at every key.

A correction is what a channel lacks at its keys: a rotation vector of each joint, a shift of the root. Between keys it
goes from one to the next with the slopes that the keys around it ask for, and those slopes die away within `SETTLE`
seconds, so that a fast start does not bend a long gap.
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
"""Seconds within which a correction's slope at a key is gone."""

_FASTEST = {
    "pelvis": 57.0, "hip": 117.0, "knee": 158.0, "ankle": 253.0, "foot": 270.0, "spine1": 24.0, "spine2": 24.0,
    "spine3": 32.0, "neck": 33.0, "head": 40.0, "collar": 44.0, "shoulder": 124.0, "elbow": 182.0, "wrist": 148.0,
}  # fmt: skip
"""rad/s²: 99th percentile of every joint's angular acceleration in the training clips, at 30 frames a second."""
_FASTEST_ROOT = 16.0  # m/s², likewise


def whole_poses(keep: Floats | Ints, frames: int) -> Bools:
    """(T, 23) mask in which the frames `keep` are given whole."""
    known = np.zeros((frames, CHANNELS), dtype=bool)
    known[np.asarray(keep, int)] = True
    return known


def pinned(motion: Motion, target: Motion, known: Bools) -> Motion:
    """The motion with its channels `known` (T, 23) exactly as in `target`, and bent smoothly to meet them.

    Both have the same frames, rate and body. A channel that is nowhere known stays as it is; before its first and after
    its last key its correction holds. Contacts are the target's where the whole pose is.
    """
    settle = SETTLE * motion.fps
    turns = rot.multiply(target.rotations, rot.conjugate(motion.rotations))  # (T, 22, 4), of use at keys
    moves = target.root_position - motion.root_position
    correction = np.zeros((len(motion), CHANNELS, 3))
    for channels, keys in _alike(known):
        joints = channels[channels < ROOT]
        lacking = np.zeros((len(keys), len(channels), 3))
        lacking[:, : len(joints)] = _unwound(turns[np.ix_(keys, joints)])
        if ROOT in channels:
            lacking[:, -1] = moves[keys]
        correction[:, channels] = spread(keys, lacking, len(motion), settle)
    return _exactly(_bent(motion, correction), target, known)


def softened(motion: Motion, known: Bools) -> Motion:
    """The motion with no velocity changing faster at a key than in one frame in a hundred of recorded motion.

    Only what is not `known` (T, 23) moves, around keys where it must.
    """
    settle = SETTLE * motion.fps
    turned = rot.to_rotation_vector(rot.multiply(motion.rotations[1:], rot.conjugate(motion.rotations[:-1])))
    velocity = np.concatenate([turned, np.diff(motion.root_position, axis=0)[:, None]], axis=1)  # (T - 1, 23, 3)
    limit = np.array([*(_FASTEST[name.rpartition("_")[2]] for name in JOINT_NAMES), _FASTEST_ROOT]) / motion.fps**2
    correction = np.zeros((len(motion), CHANNELS, 3))
    for channels, keys in _alike(known):
        given = known[:, channels[0]]
        inner = keys[(keys > 0) & (keys < len(motion) - 1)]
        change = velocity[inner][:, channels] - velocity[inner - 1][:, channels]  # (K, C, 3)
        size = np.linalg.norm(change, axis=-1, keepdims=True)
        excess = change * np.maximum(1.0 - limit[channels][:, None] / np.maximum(size, 1e-12), 0.0)
        correction[:, channels] += _relieved(given, inner, excess, settle)
    return _exactly(_bent(motion, correction), motion, known)


def _relieved(given: Bools, keys: Ints, excess: Floats, settle: float) -> Floats:
    """(T, C, 3) that takes the changes of velocity `excess` (K, C, 3) away from `keys`, in the free frames beside
    them."""
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
            out[key + 1 : stop] -= share * _kernel(away, min(stop - key, settle))[:, None, None] * change
        if before:
            start = next(iter(all_keys[all_keys < key][::-1]), -1)
            away = np.arange(key - start - 1, 0, -1)
            out[start + 1 : key] -= share * _kernel(away, min(key - start, settle))[:, None, None] * change
    return out


def spread(keys: Ints, values: Floats, frames: int, settle: float) -> Floats:
    """Values (T, ...) for every frame from those at keys (K, ...), with a continuous first derivative.

    Where two keys follow each other their difference is the slope with which the values leave and come, and it is gone
    within `settle` frames; between keys that stand alone the values are a monotone cubic (Fritsch and Carlson 1980).
    """
    shape = values.shape[1:]
    values = values.reshape(len(keys), -1)
    slopes = _slopes(keys, values)
    time = np.arange(frames)
    left = np.clip(np.searchsorted(keys, time, side="right") - 1, 0, max(len(keys) - 2, 0))
    right = np.minimum(left + 1, len(keys) - 1)
    gap = np.maximum(keys[right] - keys[left], 1)
    t = smoothstep((time - keys[left]) / gap)[:, None]
    within = np.where(_beside_others(keys), settle, np.inf)  # slopes of keys that stand alone may last the gap
    reach_left, reach_right = np.minimum(gap, within[left]), np.minimum(gap, within[right])
    inside = ((time >= keys[0]) & (time <= keys[-1]))[:, None]
    leaving = slopes[left] * _kernel(time - keys[left], reach_left)[:, None]
    coming = slopes[right] * _kernel(keys[right] - time, reach_right)[:, None]
    out: Floats = values[left] + (values[right] - values[left]) * t + np.where(inside, leaving - coming, 0.0)
    out = out - slopes[0] * _running_out(keys[0] - time, settle)[:, None]
    out = out + slopes[-1] * _running_out(time - keys[-1], settle)[:, None]
    result: Floats = out.reshape(frames, *shape)
    return result


def _beside_others(keys: Ints) -> Bools:
    """(K,): keys with another in the frame before or after."""
    dense = np.diff(keys) == 1
    beside: Bools = np.append(False, dense) | np.append(dense, False)
    return beside


def _slopes(keys: Ints, values: Floats) -> Floats:
    """(K, n) a frame."""
    slopes = np.zeros(values.shape)
    if len(keys) < 2:
        return slopes
    gap = np.diff(keys)[:, None]
    secant = np.diff(values, axis=0) / gap
    low, high = secant[:-1], secant[1:]
    # The harmonic mean, weighted by the gaps; zero at a turning point.
    a, b = 2.0 * gap[1:] + gap[:-1], gap[1:] + 2.0 * gap[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        harmonic = (a + b) / (a / low + b / high)
    slopes[1:-1] = np.where(low * high > 0.0, harmonic, 0.0)
    dense = gap[:, 0] == 1
    before, after = np.append(False, dense), np.append(dense, False)
    slopes[after] = secant[np.flatnonzero(after)]
    slopes[before] = secant[np.flatnonzero(before) - 1]
    return slopes


def _kernel(away: Floats | Ints, reach: Floats | float) -> Floats:
    """A bump that leaves 0 with slope 1 and is back, slope and all, at `reach`."""
    share = np.clip(away / np.asarray(reach), 0.0, 1.0)
    bump: Floats = np.asarray(reach) * share * (1.0 - share) ** 2
    return bump


def _running_out(away: Floats | Ints, settle: float) -> Floats:
    """0 up to `away` = 0, leaving it with slope 1, which is gone at `settle`."""
    x: Floats = np.clip(np.asarray(away, dtype=np.float64), 0.0, settle)
    way: Floats = x - x * x / (2.0 * settle)
    return way


def _alike(known: Bools) -> list[tuple[Ints, Ints]]:
    """Channels that are known in the same frames, with those frames; channels without any are left out."""
    columns, group = np.unique(known.T, axis=0, return_inverse=True)
    group = group.reshape(-1)
    return [(np.flatnonzero(group == i), np.flatnonzero(column)) for i, column in enumerate(columns) if column.any()]


def _unwound(turns: Floats) -> Floats:
    """Rotation vectors (K, C, 3) of turns (K, C, 4), each the nearest to the one before it that means the same."""
    vectors = rot.to_rotation_vector(turns)
    for i in range(1, len(vectors)):
        angle = np.linalg.norm(vectors[i], axis=-1, keepdims=True)
        other = vectors[i] * (1.0 - 2.0 * np.pi / np.maximum(angle, 1e-9))
        nearer = np.linalg.norm(other - vectors[i - 1], axis=-1) < np.linalg.norm(vectors[i] - vectors[i - 1], axis=-1)
        vectors[i] = np.where(nearer[:, None] & (angle > 1e-6), other, vectors[i])
    return vectors


def _bent(motion: Motion, correction: Floats) -> Motion:
    """The motion with a correction (T, 23, 3) put to it."""
    turn = rot.from_rotation_vector(correction[:, :JOINT_COUNT])
    rotations = rot.normalize(rot.multiply(turn, motion.rotations))
    return replace(motion, rotations=rotations, root_position=motion.root_position + correction[:, ROOT])


def _exactly(motion: Motion, target: Motion, known: Bools) -> Motion:
    """The motion with its known channels the very numbers of the target's."""
    rotations, root, contacts = motion.rotations.copy(), motion.root_position.copy(), motion.contacts.copy()
    joints, placed, whole = known[:, :JOINT_COUNT], known[:, ROOT], known.all(axis=1)
    rotations[joints] = target.rotations[joints]
    root[placed] = target.root_position[placed]
    contacts[whole] = target.contacts[whole]
    return replace(motion, rotations=_same_side(rotations, joints), root_position=root, contacts=contacts)


def _same_side(rotations: Floats, fixed: Bools) -> Floats:
    """Quaternions (T, 22, 4) with signs such that free frames lie on the side of the frame before them."""
    out = rotations.copy()
    for t in range(1, len(out)):
        flip = (np.sum(out[t] * out[t - 1], axis=-1) < 0.0) & ~fixed[t]
        out[t][flip] *= -1.0
    return out
