"""Any motion made to go elsewhere: a distance, a turn, a path over the floor, to a place, in place.

Every frame is moved rigidly about the vertical from the motion's own ground point to a new one, then the feet are set
down again. Metres, radians to the left; the ground point is the pelvis' place on the floor without its sway.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...typing import Floats
from .. import Motion
from .. import rotations as rot
from ..feet import bend_toes, plant_feet
from ..feet.footing import set_down
from ..smoothing import moving_mean, smoothstep
from .paths import Path
from .track import STRIDE, carried, find_steps, smooth_path

_GROUND = np.array([1.0, 0.0, 1.0])
_STANDS = 0.15  # m/s: slower ground points have no direction of their own
_DIRECTION = 0.5  # seconds over which directions of travel are averaged
_EDGE = 0.3  # seconds at either end over which a change of the steps' length sets in
_EVEN = 0.6  # share of the way that lies between the ends, below which all steps change alike
_NEAR = 0.4  # metres: nearer things have no direction of their own
_LITTLE = 1e-3  # metres and radians that need no feet to be set down again


@dataclass(frozen=True, eq=False)
class Course:
    """Where a motion goes. ground: (T, 3) its ground point."""

    motion: Motion
    ground: Floats

    @classmethod
    def of(cls, motion: Motion) -> "Course":
        return cls(motion, smooth_path(motion) if len(motion) > 2 else motion.root_position * _GROUND)

    @cached_property
    def travelled(self) -> Floats:
        """(T,) metres along the ground point's path."""
        return np.concatenate([[0.0], np.cumsum(rot.length(np.diff(self.ground, axis=0)))])

    @property
    def distance(self) -> float:
        """Metres along the path, of all frames."""
        return float(self.travelled[-1])

    @cached_property
    def facing(self) -> Floats:
        """(T,) radians that the pelvis faces, unwrapped."""
        ahead = rot.rotate(rot.yaw(self.motion.rotations[:, 0]), np.array([0.0, 0.0, 1.0]))
        return np.asarray(np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 2])))

    @property
    def turned(self) -> float:
        """Radians from the first facing to the last, without the sway of the steps."""
        facing = moving_mean(self.facing, max(1, round(_DIRECTION * self.motion.fps)))
        return float(facing[-1] - facing[0])

    @cached_property
    def heading(self) -> Floats:
        """(T,) radians in which the ground point moves, unwrapped; where it stands, as before or after."""
        fps = self.motion.fps
        velocity = np.gradient(self.ground, 1.0 / fps, axis=0) if len(self.ground) > 1 else np.zeros((1, 3))
        velocity = moving_mean(velocity, max(1, round(_DIRECTION * fps)))
        moving = np.flatnonzero(rot.length(velocity) > _STANDS)
        if not len(moving):
            return np.full(len(self.ground), float(self.facing[0]))
        angles = np.unwrap(np.arctan2(velocity[moving, 0], velocity[moving, 2]))
        return np.interp(np.arange(len(self.ground)), moving, angles)


def steered(motion: Motion, to_ground: Floats, turn: Floats, course: Course | None = None) -> Motion:
    """The motion with its ground point at other places (T, 3), every frame turned by turn (T,), feet set down again."""
    course = course or Course.of(motion)
    move = to_ground - course.ground
    if np.abs(move).max() < _LITTLE and np.abs(turn).max() < _LITTLE:
        return motion
    moved = carried(motion, course.ground, np.zeros(len(turn)), to_ground, turn)
    return set_down_again(moved, motion)


def set_down_again(moved: Motion, motion: Motion) -> Motion:
    """A motion that was moved, with feet that stand where those of the motion before do."""
    steps = find_steps(motion)
    landed = set_down(moved, steps) if steps else moved
    return bend_toes(plant_feet(replace(landed, contacts=motion.contacts)))


def scaled(motion: Motion, factor: float) -> Motion:
    """The motion with all steps longer or shorter by a factor, from where it begins."""
    course = Course.of(motion)
    # The first and last steps keep more of their speed, so that what is joined to them goes on at it.
    frames, edge = np.arange(len(motion)), max(1.0, min(_EDGE * motion.fps, len(motion) / 4))
    ease = smoothstep((frames + 0.5) / edge) * smoothstep((len(motion) - frames - 0.5) / edge)
    steps = np.diff(course.ground, axis=0)
    weight = 0.5 * (ease[1:] + ease[:-1])
    lengths = rot.length(steps)
    reached = float((lengths * weight).sum()) / max(float(lengths.sum()), 1e-9)
    more = (factor - 1.0) * (weight / reached if reached > _EVEN else np.ones_like(weight))
    start = course.ground[:1]
    ground = np.concatenate([start, start + np.cumsum(steps * (1.0 + more)[:, None], axis=0)])
    return steered(motion, ground, np.zeros(len(motion)), course)


def with_distance(motion: Motion, metres: float, limits: tuple[float, float] = (0.4, 2.5)) -> Motion:
    """The motion over that many metres of path; steps get longer or shorter by a factor within the limits, so one that
    hardly goes anywhere does not get there."""
    own = Course.of(motion).distance
    return scaled(motion, float(np.clip(metres / max(own, 1e-3), *limits)))


def with_turn(motion: Motion, turn: float) -> Motion:
    """The motion with that turn from its first facing to its last; the difference to its own is spread over the frames
    in which it turns or travels, and the path bends with it."""
    course = Course.of(motion)
    missing = turn - course.turned
    rate = np.abs(np.gradient(moving_mean(course.facing, max(1, round(_DIRECTION * motion.fps)))))
    effort = rate + 0.3 * np.gradient(course.travelled) + 0.05 / len(motion)
    # Nobody turns in the first and last moments, which join what is before and after.
    edge = min(0.3 * motion.fps, len(motion) / 4)
    frames = np.arange(len(motion))
    effort = effort * smoothstep((frames + 0.5) / edge) * smoothstep((len(motion) - frames - 0.5) / edge)
    share = np.cumsum(moving_mean(effort, max(1, round(0.4 * motion.fps))))
    return _turned_by(course, missing * (share - share[0]) / max(float(share[-1] - share[0]), 1e-9))


def _turned_by(course: Course, extra: Floats) -> Motion:
    """The motion with its heading changed by extra (T,), and a path that bends with it."""
    steps = np.diff(course.ground, axis=0)
    middle = rot.from_axis_angle(np.array([0.0, 1.0, 0.0]), 0.5 * (extra[1:] + extra[:-1]))
    start = course.ground[:1]
    ground = np.concatenate([start, start + np.cumsum(rot.rotate(middle, steps), axis=0)])
    return steered(course.motion, ground, extra, course)


def along(motion: Motion, path: Path, times: Floats | None = None, stretch: bool = True) -> Motion:
    """The motion along a path, from its beginning to its end, facing the path as it faced its own.

    times: metres along the path at which to be in each frame (T,); None spreads the path over the motion's own
    progress. stretch: whether the whole path is to be walked; otherwise the steps keep their length.
    """
    course = Course.of(motion)
    scale = path.length / max(course.distance, 1e-6) if stretch else 1.0
    travelled = course.travelled * scale if times is None else times
    places, heading = path.at(travelled)
    # Heading and facing of the motion's own course may differ, as for a walk backwards, but not by less than a sway.
    return steered(motion, places, heading - course.heading, course)


def with_ends_turned(motion: Motion, less: float) -> Motion:
    """The motion with its body, not its way, turning that much less, radians to the left, half of it in each of the
    first and last moments: on a tight curve, the way without its sway is straighter there than what is walked."""
    course, frames = Course.of(motion), np.arange(len(motion))
    edge = max(1.0, min(0.5 * STRIDE * motion.fps, len(motion) / 3))
    begin, end = smoothstep(frames / edge), smoothstep((len(motion) - 1 - frames) / edge)
    return steered(motion, course.ground, 0.5 * less * (end - begin), course)


def watching(motion: Motion, x: Floats, z: Floats) -> Motion:
    """The motion on its own way, turned towards a place that may move, x (T,) and z (T,), in every frame; the swaying
    of its steps stays. Where the place is nearer than an arm's length, it goes on as before."""
    course = Course.of(motion)
    away = np.stack([x, z], axis=-1) - course.ground[:, [0, 2]]
    far = np.flatnonzero(np.linalg.norm(away, axis=1) > _NEAR)
    if not len(far):
        return motion
    wanted = np.interp(np.arange(len(away)), far, np.unwrap(np.arctan2(away[far, 0], away[far, 1])))
    turn = wanted - moving_mean(course.facing, max(1, round(_DIRECTION * motion.fps)))
    turn -= 2.0 * np.pi * np.round(turn[0] / (2.0 * np.pi))
    return steered(motion, course.ground, moving_mean(turn, max(1, round(_DIRECTION * motion.fps))), course)


def led_to(motion: Motion, place: Floats, facing: float) -> Motion:
    """The motion with its last ground point at a place (3,), facing that way there; the difference is spread over the
    frames in which it travels, or evenly over one that does not."""
    course = Course.of(motion)
    last = float(moving_mean(course.facing, max(1, round(_DIRECTION * motion.fps)))[-1])
    turn = (facing - last + np.pi) % (2.0 * np.pi) - np.pi
    effort = course.travelled + 0.05 * np.arange(len(motion)) / motion.fps
    share = smoothstep(effort / max(float(effort[-1]), 1e-9))
    bent = _turned_by(course, turn * share)
    course = Course.of(bent)
    return steered(bent, course.ground + (place * _GROUND - course.ground[-1]) * share[:, None], 0.0 * share, course)


def in_place(motion: Motion) -> tuple[Motion, Floats]:
    """The motion without its travel, and the travel (T, 3) that `with_travel` gives back. Feet slide, as on a
    treadmill."""
    course = Course.of(motion)
    travel = course.ground - course.ground[0]
    return motion.shifted(-travel), travel


def with_travel(motion: Motion, travel: Floats) -> Motion:
    """A motion in place with travel (T, 3) put back: the inverse of `in_place`."""
    return motion.shifted(travel)
