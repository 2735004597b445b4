"""Loops: the best cycle inside a motion, closed so that pose, velocity and contacts meet.

Its frames are one cycle, without the first frame doubled at its end: frame 0 follows the last one. Heading and height
are the same after a cycle; the travel goes on straight, by `meta["loop"]["travel"]` a cycle.
"""

from dataclasses import replace

import numpy as np

from ...errors import MotionGPTError
from ...typing import Floats, Ints
from .. import Motion
from .. import rotations as rot
from ..feet import plant_feet
from ..smoothing import moving_mean, smoothstep
from .steering import Course

_SHORTEST = 0.5  # seconds of a cycle
_BLEND = 0.3  # seconds before its end in which a cycle passes over into what was before its beginning
_STILL = 0.3  # m/s, mean over the joints: calmer motions have no cycle of their own and loop over as long as they can
_WORTH = 0.002  # metres of pose that a cycle may be worse for every second that it is longer
_MOVES = 0.4  # of the whole motion's range that a cycle of it shows at least
_AROUND = 1.5  # seconds of laps before and after the one whose feet are planted


def looped(motion: Motion) -> Motion:
    """The best cycle of a motion. Raises MotionGPTError for one that is too short to hold a cycle."""
    blend = max(2, round(_BLEND * motion.fps))
    if len(motion) < blend + round(_SHORTEST * motion.fps) + 2:
        raise MotionGPTError(
            f"{motion.duration:.2g} seconds are too short for a loop.",
            f"Give at least {_BLEND + _SHORTEST + 0.2:g} seconds.",
        )
    start, stop = find_cycle(motion, blend)
    return closed(motion, start, stop, blend)


def find_cycle(motion: Motion, before: int) -> tuple[int, int]:
    """Frames (start, stop) whose poses, velocities and contacts are most alike; `before` frames come before the start.

    Of a calm motion, longer ones are preferred; of others, ones that show most of the movement.
    """
    signs = _signs(motion)
    frames = np.arange(len(motion))
    square = (signs**2).sum(axis=1)
    cost = np.sqrt(np.maximum(square[:, None] + square[None] - 2.0 * signs @ signs.T, 0.0) / signs.shape[1])
    length = frames[None] - frames[:, None]
    allowed = (length >= round(_SHORTEST * motion.fps)) & (frames[:, None] >= before) & (frames[None] < len(motion) - 1)
    calm = float(rot.length(np.gradient(motion.joints, 1.0 / motion.fps, axis=0)).mean()) < _STILL
    cost = cost - length * ((10.0 if calm else 1.0) * _WORTH / motion.fps)
    cost = np.where(allowed & (_shown(signs, length) >= _MOVES), cost, np.inf)
    if not np.isfinite(cost).any():
        return before, len(motion) - 2
    start, stop = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return int(start), int(stop)


def _shown(signs: Floats, length: Ints) -> Floats:
    """(T, T) share of the motion's range that the frames from one to another show: a pause between two waves is no
    cycle of a wave."""
    spread = signs - signs.mean(axis=0)
    sums = np.concatenate([np.zeros((1, signs.shape[1])), np.cumsum(spread, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((spread**2).sum(axis=1))])
    count = np.maximum(length, 1)
    dots = sums @ sums.T
    own = np.diag(dots)
    apart = own[:-1, None] + own[None, :-1] - 2.0 * dots[:-1, :-1]
    variance = (squares[None, :-1] - squares[:-1, None]) / count - apart / count**2
    whole = max(float((spread**2).sum() / len(signs)), 1e-9)
    return np.asarray(np.sqrt(np.maximum(variance, 0.0) / whole))


def _signs(motion: Motion) -> Floats:
    """(T, D) metres: joints about the ground point in the body's heading, a fifth of a second of their velocity, and
    contacts, of which a whole one counts as 5 cm."""
    course = Course.of(motion)
    facing = moving_mean(course.facing, max(1, round(0.5 * motion.fps)))
    back = rot.from_axis_angle(np.array([0.0, 1.0, 0.0]), -facing)[:, None]
    local = rot.rotate(back, motion.joints - course.ground[:, None])
    velocity = rot.rotate(back, np.gradient(motion.joints, 1.0 / motion.fps, axis=0))
    parts = [local.reshape(len(motion), -1), 0.1 * velocity.reshape(len(motion), -1), 0.05 * motion.contacts]
    return np.concatenate(parts, axis=1)


def closed(motion: Motion, start: int, stop: int, blend: int) -> Motion:
    """Frames start to stop - 1 as a loop; its last `blend` frames pass over into those before the start."""
    count = stop - start
    level = _level(motion, start, stop)
    ahead = (Course.of(level).ground[stop] - Course.of(level).ground[start]) * [1.0, 0.0, 1.0]
    if (motion.contacts[start:stop] > 0.5).all(axis=0).any():  # on a foot that never leaves its place, nobody travels
        level = level.shifted(-ahead * ((np.arange(len(motion)) - start) / count)[:, None])
        ahead = np.zeros(3)
    share = np.zeros(count)
    share[-blend:] = smoothstep((np.arange(blend) + 1.0) / (blend + 1.0))
    earlier = np.clip(np.arange(start - count, start), 0, None)  # what would be before frame 0, if this is a loop
    cycle, previous = level.slice(start, stop), level.at(earlier).shifted(ahead)
    rotations = rot.slerp(cycle.rotations, previous.rotations, share[:, None])
    root = cycle.root_position + (previous.root_position - cycle.root_position) * share[:, None]
    contacts = np.where(share[:, None] > 0.5, previous.contacts, cycle.contacts)
    made = replace(cycle, rotations=rot.normalize(rotations), root_position=root, contacts=contacts)
    made = _planted(made, ahead)
    start_place = made.root_position[0] * [1.0, 0.0, 1.0]
    meta = {k: v for k, v in motion.meta.items() if k not in ("blocks", "tokens")}
    said = {"frames": count, "start": start, "travel": [float(ahead[0]), float(ahead[2])]}
    return replace(made.shifted(-start_place), meta=meta | {"loop": said})


def _level(motion: Motion, start: int, stop: int) -> Motion:
    """The motion without what heading and height change from frame `start` to frame `stop`."""
    course = Course.of(motion)
    facing = moving_mean(course.facing, max(1, round(0.5 * motion.fps)))
    share = (np.arange(len(motion)) - start) / (stop - start)
    turn = -(facing[stop] - facing[start]) * share
    middle = rot.from_axis_angle(np.array([0.0, 1.0, 0.0]), 0.5 * (turn[1:] + turn[:-1]))
    first = course.ground[:1]
    ground = np.concatenate([first, first + np.cumsum(rot.rotate(middle, np.diff(course.ground, axis=0)), axis=0)])
    spin = rot.from_axis_angle(np.array([0.0, 1.0, 0.0]), turn)
    rotations = motion.rotations.copy()
    rotations[:, 0] = rot.multiply(spin, rotations[:, 0])
    root = ground + rot.rotate(spin, motion.root_position - course.ground)
    root[:, 1] -= (root[stop, 1] - root[start, 1]) * share
    return replace(motion, rotations=rotations, root_position=root)


def _planted(cycle: Motion, ahead: Floats) -> Motion:
    """A cycle with its feet planted as in the middle of many laps, so that contacts go on over the seam."""
    count = len(cycle)
    around = int(np.ceil(_AROUND * cycle.fps / count))
    laps = np.repeat(np.arange(2 * around + 1), count)
    many = cycle.at(np.tile(np.arange(count), 2 * around + 1))
    many = replace(many, rotations=rot.unflip(many.rotations)).shifted(laps[:, None] * ahead)
    return plant_feet(many).slice(around * count, (around + 1) * count).shifted(-around * ahead)


def tiled(loop: Motion, laps: int) -> Motion:
    """A loop played several times, for looking at and measuring it."""
    x, z = loop.meta["loop"]["travel"]
    frames = np.tile(np.arange(len(loop)), laps)
    many = loop.at(frames).shifted(np.repeat(np.arange(laps), len(loop))[:, None] * np.array([x, 0.0, z]))
    return replace(many, rotations=rot.unflip(many.rotations))
