"""Resampling between a scene's frames and the model's, such that every key falls on one of the model's frames.

Between two keys the model's frames are evenly spaced; their rate there differs from the model's by at most half a frame
per gap. Keys keep their times.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.typing import Bools, Floats
from .transition import Poses


@dataclass(frozen=True, eq=False)
class Grid:
    """times: (M,) the model's frames in (fractional) frames of the scene, ascending."""

    times: Floats

    @staticmethod
    def of(known: Bools, fps: float, model_fps: float) -> "Grid":
        """The grid of a scene with frame rate `fps` in which `known` (T, 23) marks the known channels."""
        frames = len(known)
        given = known.any(axis=1)
        edges = {0, frames - 1}
        for t in np.flatnonzero(given):
            if not (0 < t < frames - 1 and given[t - 1] and given[t + 1]):
                edges.add(int(t))
        times = [0.0]
        for a, b in itertools.pairwise(sorted(edges)):
            steps = max(1, round((b - a) * model_fps / fps))
            times += [a + (b - a) * i / steps for i in range(1, steps + 1)]
        return Grid(np.array(times))

    def poses(self, motion: Motion, known: Bools) -> tuple[Poses, Bools]:
        """The motion at the model's frames, and what is known there: a channel known in both scene frames around it."""
        low = np.floor(self.times + 1e-9).astype(int)
        high = np.minimum(np.ceil(self.times - 1e-9).astype(int), len(motion) - 1)
        share = np.clip(self.times - low, 0.0, 1.0)
        share[low == high] = 0.0
        rotations = rot.slerp(motion.rotations[low], motion.rotations[high], share[:, None])
        root = motion.root_position[low] * (1.0 - share[:, None]) + motion.root_position[high] * share[:, None]
        return Poses(rotations, root, motion.contacts[low]), known[low] & known[high]

    def to_scene(self, poses: Poses, frames: int) -> Poses:
        """Poses at the model's frames, resampled to the scene's: cubic interpolation (Catmull and Rom 1974)."""
        scene = np.arange(frames, dtype=np.float64)
        left = np.clip(np.searchsorted(self.times, scene + 1e-9, side="right") - 1, 0, max(len(self.times) - 2, 0))
        right = np.minimum(left + 1, len(self.times) - 1)
        gap = np.maximum(self.times[right] - self.times[left], 1e-9)
        share = np.clip((scene - self.times[left]) / gap, 0.0, 1.0)
        if np.allclose(share, np.round(share)):  # every scene frame is one of the model's
            index = np.where(share > 0.5, right, left)
            return Poses(poses.rotations[index], poses.root[index], poses.contacts[index])
        rotations = rot.normalize(_cubic(rot.unflip(poses.rotations), left, share))
        contacts = poses.contacts[left] + (poses.contacts[right] - poses.contacts[left]) * share[:, None]
        return Poses(rotations, _cubic(poses.root, left, share), contacts)


def _cubic(values: Floats, left: Floats, share: Floats) -> Floats:
    """Values (M, ...) interpolated at the fraction `share` between `left` and `left + 1`."""
    last = len(values) - 1
    before, a, b, after = (values[np.clip(left + i, 0, last)] for i in (-1, 0, 1, 2))
    t = share.reshape(-1, *[1] * (values.ndim - 1))
    return np.asarray(
        a
        + 0.5 * t * (b - before + t * (2.0 * before - 5.0 * a + 4.0 * b - after + t * (3.0 * (a - b) + after - before)))
    )
