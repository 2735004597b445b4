"""Interpolation between keys, without a learned model: slerp of rotations, linear for the root, channel by channel.

The mask `known` says which channels (`retarget.motion.known`) each frame gives, so a pose may be partial; every channel
is interpolated between its own known frames. Arrays may have leading batch axes: (..., T, channels).
"""

from dataclasses import dataclass

import numpy as np

from ...retarget.motion import rotations as rot
from ...retarget.motion.known import ROOT
from ...retarget.typing import Bools, Floats, Ints

UNKNOWN_HEIGHT = 0.93
"""Metres of the pelvis above the floor, where no frame gives its position."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """For each frame and channel (..., T, C): the known frame at or before it, or -1; the one at or after it, or T."""

    left: Ints
    right: Ints

    @property
    def low(self) -> Ints:
        """`left`, or `right` where there is none; 0 where the channel is never known."""
        frames = self.left.shape[-2]
        low = np.where(self.left >= 0, self.left, self.right)
        return np.where(low < frames, low, 0)

    @property
    def high(self) -> Ints:
        """`right`, or `left` where there is none; 0 where the channel is never known."""
        frames = self.left.shape[-2]
        return np.maximum(np.where(self.right < frames, self.right, self.left), 0)

    @property
    def share(self) -> Floats:
        """Position of each frame between `low` and `high`, 0 to 1."""
        frames = np.arange(self.left.shape[-2])[:, None]
        low, high = self.low, self.high
        return np.asarray(np.clip((frames - low) / np.maximum(high - low, 1), 0.0, 1.0))


def neighbours(known: Bools) -> Neighbours:
    """The neighbours in a mask (..., T, C).

    >>> found = neighbours(np.array([[False], [True], [False], [True]]))
    >>> found.left.T, found.right.T
    (array([[-1,  1,  1,  3]]), array([[1, 1, 3, 3]]))
    """
    frames = known.shape[-2]
    index = np.arange(frames, dtype=np.int64)[:, None]
    left = np.maximum.accumulate(np.where(known, index, -1), axis=-2)
    right = np.minimum.accumulate(np.where(known, index, frames)[..., ::-1, :], axis=-2)[..., ::-1, :]
    return Neighbours(left, right)


def at_frames(values: Floats, frames: Ints) -> Floats:
    """Values (..., T, C, n) gathered at frames (..., T, C), channel by channel."""
    return np.take_along_axis(values, frames[..., None], axis=-3)


def interpolate(rotations: Floats, root: Floats, known: Bools) -> tuple[Floats, Floats]:
    """Rotations (..., T, 22, 4) and root (..., T, 3) from the known channels alone.

    A channel is constant before its first and after its last known frame. One that is never known is at rest: a joint
    is not rotated, the root is above the origin.
    """
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
