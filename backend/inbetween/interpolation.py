"""The motion between keys before anything is learned: spherical and linear interpolation, channel by channel.

`known` says of every frame which channels (`retarget.motion.known`) are given there, so that a pose may be partial;
every channel is interpolated between its own known frames.
Arrays may have leading batch axes: (..., T, channels).
"""

from dataclasses import dataclass

import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.motion.known import ROOT
from ...retarget.typing import Bools, Floats, Ints

UNKNOWN_HEIGHT = 0.93
"""Metres: where the pelvis is taken to be where no frame gives it."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """For every frame and channel (..., T, C): the known frame at or before it, and the one at or after it.

    -1 and T where there is none.
    """

    left: Ints
    right: Ints

    @property
    def low(self) -> Ints:
        """`left`, or where there is none `right`; 0 where nothing at all is known."""
        frames = self.left.shape[-2]
        low: Ints = np.where(self.left >= 0, self.left, self.right)
        return np.where(low < frames, low, 0)

    @property
    def high(self) -> Ints:
        """`right`, or where there is none `left`; 0 where nothing at all is known."""
        frames = self.left.shape[-2]
        high: Ints = np.where(self.right < frames, self.right, self.left)
        return np.maximum(high, 0)

    @property
    def share(self) -> Floats:
        """How far a frame is from `low` to `high`, 0 to 1."""
        frames = np.arange(self.left.shape[-2])[:, None]
        low, high = self.low, self.high
        share: Floats = np.clip((frames - low) / np.maximum(high - low, 1), 0.0, 1.0)
        return share


def neighbours(known: Bools) -> Neighbours:
    """Of a mask (..., T, C)."""
    frames = known.shape[-2]
    index = np.arange(frames, dtype=np.int64)[:, None]
    left = np.maximum.accumulate(np.where(known, index, -1), axis=-2)
    right = np.minimum.accumulate(np.where(known, index, frames)[..., ::-1, :], axis=-2)[..., ::-1, :]
    return Neighbours(left, right)


def at_frames(values: Floats, frames: Ints) -> Floats:
    """values (..., T, C, n) taken at frames (..., T, C) of their channel."""
    taken: Floats = np.take_along_axis(values, frames[..., None], axis=-3)
    return taken


def interpolate(rotations: Floats, root: Floats, known: Bools) -> tuple[Floats, Floats]:
    """Rotations (..., T, 22, 4) and root (..., T, 3) from the known channels alone; before the first and after the
    last known frame of a channel it holds. A channel that is nowhere known rests: no rotation, the pelvis over the
    origin."""
    found = neighbours(known)
    low, high, share = found.low, found.high, found.share
    r_low, r_high = (at_frames(rotations, i[..., :ROOT]) for i in (low, high))
    turned = rot.slerp(r_low, r_high, share[..., :ROOT].astype(rotations.dtype))
    p_low, p_high = (at_frames(root[..., None, :], i[..., ROOT:])[..., 0, :] for i in (low, high))
    moved = p_low + (p_high - p_low) * share[..., ROOT:].astype(root.dtype)
    given = known.any(axis=-2, keepdims=True)  # (..., 1, C)
    turned = np.where(given[..., :ROOT, None], turned, rot.IDENTITY.astype(rotations.dtype))
    rest = np.array([0.0, UNKNOWN_HEIGHT, 0.0], dtype=root.dtype)
    moved = np.where(given[..., ROOT:], moved, rest)
    return turned, moved
