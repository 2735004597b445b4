"""Examples for the transition model: gaps in clips, with the keys around them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import MIRRORED_JOINTS, REST_OFFSETS, global_rotations
from ....retarget.typing import Float64s, Floats, Ints
from ...dataset.clips import load_motions
from ...dataset.sampling import draw_weights
from ...inbetween.network_input import AFTER, BEFORE, KEY_COUNT, Keys, joints_from_root

LONGEST = 120
"""Most frames between two keys."""


@dataclass(frozen=True, eq=False)
class Clips:
    """All clips of one split at 30 frames a second, one after the other, then all of them mirrored.

    rotations: (F, 22, 4).  root: (F, 3).  contacts: (F, 4).  sixd: (F, 132) global.  joints: (F, 66) from the root.
    starts, lengths: (C,).  weights: probability of each clip.
    """

    rotations: Floats
    root: Floats
    contacts: Floats
    sixd: Floats
    joints: Floats
    starts: Ints
    lengths: Ints
    weights: Float64s


def load_clips(folder: Path, split: str) -> Clips:
    """The clips of a split, or all if it is empty (a small data set)."""
    motions, chosen = zip(*load_motions(folder, split), strict=True)
    both = [*motions, *(m.mirror() for m in motions)]
    lengths = np.array([len(m) for m in both])
    rotations = np.concatenate([m.rotations.astype(np.float32) for m in both])
    sixd = rot.to_sixd(global_rotations(rotations))
    weights = draw_weights(list(chosen))
    return Clips(
        rotations,
        np.concatenate([m.root_position.astype(np.float32) for m in both]),
        np.concatenate([m.contacts.astype(np.float32) for m in both]),
        sixd.reshape(len(sixd), -1),
        joints_from_root(sixd).reshape(len(sixd), -1),
        np.cumsum(lengths) - lengths,
        lengths,
        np.concatenate([weights, weights]) / 2.0,
    )


@dataclass(frozen=True, eq=False)
class Gaps:
    """N gaps. first, second: (N,) rows of the keys at both ends.  keys: all that are given around them."""

    first: Ints
    second: Ints
    keys: Keys

    @property
    def frames(self) -> Ints:
        """(N,) between the keys."""
        return self.second - self.first - 1


def draw_gaps(clips: Clips, count: int, rng: np.random.Generator) -> Gaps:
    """Random gaps, log-uniform in length, plus a few long ones; all, some or none of the frames around are given."""
    frames = np.exp(rng.uniform(np.log(1.6), np.log(64.0), count)).astype(int)
    long = rng.random(count) < 0.05
    frames[long] = rng.integers(60, LONGEST + 1, int(long.sum()))
    chosen = rng.choice(len(clips.lengths), count, p=clips.weights)
    frames = np.minimum(frames, clips.lengths[chosen] - 2)
    place = (rng.random(count) * (clips.lengths[chosen] - frames - 1)).astype(int)
    first = clips.starts[chosen] + place
    before = np.select(
        [rng.random(count) < 0.55, rng.random(count) < 0.7], [len(BEFORE) - 1, 0], rng.integers(0, 5, count)
    )
    after = np.where(rng.random(count) < 0.8, 0, rng.integers(1, 4, count))
    previous = np.where(rng.random(count) < 0.3, rng.integers(2, 60, count), 0)
    following = np.where(rng.random(count) < 0.3, rng.integers(2, 60, count), 0)
    return gaps_at(clips, first, frames, chosen, np.stack([before, after, previous, following], axis=-1))


def gaps_at(
    clips: Clips,
    first: Ints,
    frames: Ints,
    chosen: Ints,
    layout: Ints,
) -> Gaps:
    """Gaps of `frames` (N,) after the rows `first` (N,) of the clips `chosen` (N,).

    layout: (N, 4) how many of `BEFORE` and `AFTER` are given besides the keys, and how many frames before and after
    the keys another key is (0: none).
    """
    second = first + frames + 1
    start = clips.starts[chosen]
    stop = start + clips.lengths[chosen]
    before, after, previous, following = layout.T
    alone_before, alone_after = before == 0, after == 0
    rows = [first - i for i in BEFORE] + [second + i for i in AFTER] + [first - previous, second + following]
    given = [before >= i for i in range(len(BEFORE))] + [after >= i for i in range(len(AFTER))]
    given += [alone_before & (previous > 0), alone_after & (following > 0)]
    index = np.stack(rows, axis=-1)
    inside = (index >= start[:, None]) & (index < stop[:, None])
    index = np.clip(index, start[:, None], stop[:, None] - 1)
    wanted = np.stack(given, axis=-1) & inside
    time = np.stack(rows, axis=-1).astype(np.float32)
    # Keys that are not given still need distinct times, so that nothing divides by zero.
    time[:, -2] = np.where(previous == 0, first - 1, time[:, -2])
    time[:, -1] = np.where(following == 0, second + 1, time[:, -1])
    time -= first[:, None]
    return Gaps(first, second, Keys(clips.sixd[index], clips.joints[index], clips.root[index], wanted, time))


assert np.allclose(REST_OFFSETS * [-1.0, 1.0, 1.0], REST_OFFSETS[list(MIRRORED_JOINTS)]) and KEY_COUNT == 11
