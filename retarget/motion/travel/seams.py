"""Motions joined at a seam where position and speed go on, and cycles looped to any length.

The difference between the two sides decays by a cubic that also takes up the difference in speed ("inertialization",
Bollo 2016, with a fixed time instead of a critical damping).
"""

from dataclasses import replace

import numpy as np

from ...typing import Floats
from .. import Motion
from .. import rotations as rot
from ..skeleton import JOINT_COUNT
from .track import Track

_IDENTITIES = np.tile(rot.IDENTITY, (JOINT_COUNT, 1))


def followed(first: Motion, second: Motion, seconds: float) -> Motion:
    """`first`, then `second`, whose frame 0 comes one frame after the last of `first` and which already lies where it
    is to go on. The difference between the two fades out within `seconds` of the second."""
    fade = max(2, min(round(seconds * first.fps), len(second) - 1))
    turn, spin = _gaps(first, second)
    start, speed = _hermite(len(second), fade)
    vectors = np.multiply.outer(start, turn) + np.multiply.outer(speed, spin)  # (T, 22, 3)
    rotations = rot.multiply(rot.from_rotation_vector(np.asarray(vectors)), second.rotations)
    before = 2 * first.root_position[-1] - first.root_position[-2]  # where frame 0 of the second is expected
    step = first.root_position[-1] - first.root_position[-2] - (second.root_position[1] - second.root_position[0])
    root = second.root_position + (before - second.root_position[0]) * start[:, None] + step * speed[:, None]
    return replace(
        first,
        rotations=rot.unflip(rot.normalize(np.concatenate([first.rotations, rotations]))),
        root_position=np.concatenate([first.root_position, root]),
        contacts=np.concatenate([first.contacts, second.contacts]),
    )


def _gaps(first: Motion, second: Motion) -> tuple[Floats, Floats]:
    """Rotation vectors (22, 3) from the second's frame 0 to where the first is heading, and per frame of its speed."""
    step = rot.multiply(first.rotations[-1], rot.conjugate(first.rotations[-2]))
    expected = rot.multiply(step, first.rotations[-1])
    own = rot.multiply(second.rotations[1], rot.conjugate(second.rotations[0]))
    turn = rot.to_rotation_vector(rot.multiply(expected, rot.conjugate(second.rotations[0])))
    return turn, rot.to_rotation_vector(step) - rot.to_rotation_vector(own)


def _hermite(count: int, fade: int) -> tuple[Floats, Floats]:
    """(count,) each: the part of a gap, and of a gap in speed (per frame), that is left; both 0 from `fade` on."""
    t = np.clip(np.arange(count, dtype=np.float64) / fade, 0.0, 1.0)
    return np.asarray(2 * t**3 - 3 * t**2 + 1), np.asarray((t**3 - 2 * t**2 + t) * fade)


def pose_signs(track: Track) -> Floats:
    """(T, 132) metres: each frame's pose and movement, for finding frames that are alike: joints about the ground
    point, and a tenth of their speeds."""
    joints = track.motion.joints - track.ground[:, None]
    speed = 0.1 * np.gradient(track.motion.joints, 1.0 / track.motion.fps, axis=0)
    return np.asarray(np.concatenate([joints, speed], axis=-1).reshape(len(track), -1))


def alike(first: Floats, second: Floats) -> Floats:
    """(A, B) root mean square differences between frames of two sets of signs (A, D), (B, D)."""
    square = (first**2).sum(1)[:, None] + (second**2).sum(1)[None] - 2.0 * first @ second.T
    return np.asarray(np.sqrt(np.maximum(square, 0.0) / first.shape[1]))


def connected(first: Track, second: Track, leave: tuple[int, int], enter: tuple[int, int], seconds: float) -> Track:
    """Two tracks joined at the frames that are most alike: one of the first in `leave`, one of the second in `enter`
    (frames from, to)."""
    cost = alike(pose_signs(first)[slice(*leave)], pose_signs(second)[slice(*enter)])
    out, into = np.unravel_index(int(np.argmin(cost)), cost.shape)
    last, start = leave[0] + int(out), min(enter[0] + int(into), len(second) - 3)
    # The second's next frame follows the first's last one.
    return spliced(first.slice(0, last + 1), second.slice(start, len(second)).slice(1, len(second) - start), seconds)


def spliced(first: Track, second: Track, seconds: float) -> Track:
    """Two tracks end to end."""
    pace = first.travelled[-1] - first.travelled[-2]
    start = first.travelled[-1] + 0.5 * (pace + second.travelled[1] - second.travelled[0])
    moved = second.motion.shifted(np.array([0.0, 0.0, start]))
    travelled = np.concatenate([first.travelled, second.travelled + start])
    return Track(followed(first.motion, moved, seconds), travelled)


def cycle_of(track: Track, shortest: float = 0.55) -> tuple[int, int]:
    """Frames (start, stop) of the stretch whose two ends are most alike: one stride or more. Longer stretches are
    preferred where they close nearly as well, so that not every stride is the same."""
    signs = pose_signs(track)
    cost = alike(signs, signs)
    frames = np.arange(len(track))
    length = frames[None] - frames[:, None]
    edge = 3  # speeds at a clip's ends are one-sided
    allowed = (length >= shortest * track.motion.fps) & (frames[:, None] >= edge) & (frames[None] < len(track) - edge)
    best = cost[allowed].min()
    score = np.where(allowed & (cost < 1.5 * best + 0.002), cost - 0.0003 * length, np.inf)
    start, stop = np.unravel_index(int(np.argmin(score)), score.shape)
    return int(start), int(stop)


def looped(track: Track, seconds: float, cycle: tuple[int, int] | None = None) -> Track:
    """A cycle of the track repeated for that many seconds; what is left of the gap between its ends is spread over it,
    so that speed neither jumps nor falls."""
    start, stop = cycle or cycle_of(track)
    motion, count = track.motion, stop - start
    share = (np.arange(count) / count - 0.5)[:, None]
    gap = rot.to_rotation_vector(rot.multiply(motion.rotations[start], rot.conjugate(motion.rotations[stop])))
    turns = rot.from_rotation_vector(gap * share[..., None])
    rotations = rot.multiply(turns, motion.rotations[start:stop])
    distance = track.travelled[stop] - track.travelled[start]
    ahead = np.array([0.0, 0.0, distance])
    close = motion.root_position[start] + ahead - motion.root_position[stop]
    root = motion.root_position[start:stop] + close * share - [0.0, 0.0, track.travelled[start]]
    pace = np.linspace(0.0, distance, count, endpoint=False)
    even = track.travelled[start:stop] - track.travelled[start]
    total = max(count, round(seconds * motion.fps))
    frames, laps = np.arange(total) % count, np.arange(total) // count
    moved = replace(
        motion,
        rotations=rot.unflip(rot.normalize(rotations[frames])),
        root_position=root[frames] + laps[:, None] * ahead,
        contacts=motion.contacts[start:stop][frames],
    )
    return Track(moved, (0.5 * (pace + even))[frames] + laps * distance)
