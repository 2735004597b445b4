"""Motions that meet the numbers of a block: the candidate that comes closest, its path bent, its steps last.

The ground point of a motion is its pelvis without the sway of the steps (`retarget.motion.travel`).
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.motion.smoothing import smoothstep
from ...retarget.motion.travel import steering
from ...retarget.motion.travel.paths import Path, path, path_through
from ...retarget.motion.travel.steering import Course
from ...retarget.typing import Floats
from .plan import PACE_TOLERANCE, Wish

_NEAR_TURN, _NEAR_SHARE = 0.035, 0.01  # radians, share of a distance: what needs no correction
_FACING, _SETTLED, _SPIN = 0.4, 0.2, math.radians(150.0)  # seconds, seconds, radians a second of a turn to face
_BACK_AND_FORTH, _DRIFTS = 0.5, 0.98  # of a way's length, from end to end: below, it is no way; above, it is straight
_ASIDE, _BEND = math.radians(30.0), 1.0  # by which a way may miss its side; metres in which it bends to it
_NEAR = 0.05  # metres from a path's first point at which a block begins on it


def best(candidates: Sequence[Motion], wish: Wish) -> Motion:
    """The motion that has to be changed least to meet the wish; the first one if nothing is wished for."""
    return min(candidates, key=lambda motion: misfit(motion, wish)) if wish.choosy else candidates[0]


def misfit(motion: Motion, wish: Wish) -> float:
    """How far a motion is from a wish: the logarithm of how much longer its steps have to be, a quarter turn counts as
    much as steps of e times the length."""
    course, missing = Course.of(motion), 0.0
    if (length := _length(wish)) is not None:
        missing += abs(math.log(length / max(course.distance, 0.05)))
    turn = wish.turn if wish.circle is None else 2.0 * math.pi * wish.circle
    if turn is not None:
        missing += abs(course.turned - turn) / (0.5 * math.pi)
    if wish.side is not None:
        missing += abs(_off_side(course, wish.side)) / (0.5 * math.pi)
    return missing


def _off_side(course: Course, side: float) -> float:
    """Radians from the direction in which a motion goes as a whole to its own left (+1.0) or right (-1.0)."""
    along = course.ground[-1] - course.ground[0]
    facing = float(course.facing[: max(1, round(0.25 * course.motion.fps))].mean())
    return math.remainder(facing + side * 0.5 * math.pi - math.atan2(along[0], along[2]), 2.0 * math.pi)


def _length(wish: Wish) -> float | None:
    if wish.path is None:
        return wish.distance
    return float(np.linalg.norm(np.diff(wish.path[:, :2], axis=0), axis=1).sum())


def fitted(motion: Motion, wish: Wish, before: Motion | None = None) -> Motion:
    """A motion, where it lies in the shot, changed to meet the wish. before: what it follows after a gap, whose travel
    and turn count too."""
    covered = 0.0
    if before is not None:
        covered = float(rot.length((motion.root_position[0] - before.root_position[-1]) * [1.0, 0.0, 1.0]))
    if wish.path is not None:
        motion = follow(motion, wish.path, starts_there=before is None)
    elif wish.circle is not None:
        motion = _round(motion, wish)
    elif wish.turn is not None:
        motion = steering.with_turn(motion, wish.turn)
    if wish.distance is not None and wish.path is None:
        motion = _over(motion, max(wish.distance - covered, 0.05), wish)
    if wish.block.watching is not None:
        motion = steering.watching(motion, *_moving(motion, np.asarray(wish.block.watching)))
    if wish.block.facing is not None:
        motion = _facing(motion, np.asarray(wish.block.facing))
    return steering.in_place(motion)[0] if wish.block.in_place else motion


def corrected(motion: Motion, wish: Wish) -> Motion:
    """A block with the frames that lead into it, which were made after it was fitted, brought to its numbers."""
    course = Course.of(motion)
    if wish.path is not None or wish.block.in_place:
        return motion
    if wish.turn is not None and abs(course.turned - wish.turn) > _NEAR_TURN:
        motion = steering.with_turn(motion, wish.turn)
    if wish.distance is not None and wish.exactly and abs(course.distance / wish.distance - 1.0) > _NEAR_SHARE:
        motion = steering.with_distance(motion, wish.distance)
    return motion


def _over(motion: Motion, metres: float, wish: Wish) -> Motion:
    """The motion over a distance; one that is only said in words may be missed by PACE_TOLERANCE."""
    if wish.side is not None:
        motion = _to_side(motion, wish.side)
    elif wish.straight:
        motion = _straight(motion)
    own = Course.of(motion).distance
    if not wish.exactly:
        metres = float(np.clip(own, metres * (1.0 - PACE_TOLERANCE), metres * (1.0 + PACE_TOLERANCE)))
    return steering.with_distance(motion, metres)


def _straight(motion: Motion) -> Motion:
    """The motion without the drift of its way, which goes on in the direction in which it goes as a whole; one that
    goes there and back, or round, stays as it is."""
    course = Course.of(motion)
    along = course.ground[-1] - course.ground[0]
    share = float(rot.length(along)) / max(course.distance, 1e-6)
    if not _BACK_AND_FORTH < share < _DRIFTS:
        return motion
    way = path((course.distance, 0.0)).placed(course.ground[0], float(np.arctan2(along[0], along[2])))
    return steering.along(motion, way)


def _to_side(motion: Motion, side: float) -> Motion:
    """The motion to its own left (+1.0) or right (-1.0): one that goes elsewhere bends its way at the beginning."""
    course = Course.of(motion)
    off, length = _off_side(course, side), course.distance
    if abs(off) < _ASIDE or length < 2.0 * _NEAR:
        return motion
    along, begins = course.ground[-1] - course.ground[0], float(course.heading[0])
    wanted = math.remainder(math.atan2(along[0], along[2]) + off - begins, 2.0 * math.pi)
    bend, turn = min(_BEND, 0.5 * length), wanted
    for _ in range(4):  # what is gone before the bend is over counts, too
        way = path((bend, turn), (length - bend, 0.0), ease=min(0.3, 0.3 * bend))
        turn += wanted - math.atan2(way.places[-1, 0], way.places[-1, 2])
    return steering.along(motion, way.placed(course.ground[0], begins))


def _round(motion: Motion, wish: Wish) -> Motion:
    """The motion once round a circle, as long as its own way or the distance that is wished for."""
    course = Course.of(motion)
    length = wish.distance or course.distance
    turn = 2.0 * math.pi * (wish.circle or 1.0)
    around = path((length, turn), ease=min(0.3, 0.1 * length))
    went = steering.along(motion, around.placed(course.ground[0], float(course.heading[0])))
    return steering.with_ends_turned(went, Course.of(went).turned - turn)


def follow(motion: Motion, points: Floats, starts_there: bool) -> Motion:
    """The motion along points (K, 2 or 3). starts_there: whether it is moved to the first of them; otherwise it goes
    there from where it is."""
    course = Course.of(motion)
    ground = np.stack([points[:, 0], np.zeros(len(points)), points[:, 1]], axis=-1)
    times = points[:, 2] if points.shape[1] == 3 else None
    begins = course.ground[0]
    if (not starts_there and np.linalg.norm(ground[0] - begins) > _NEAR) or len(ground) < 2:
        ground = np.concatenate([begins[None], ground])
        times = None if times is None else np.concatenate([[0.0], np.maximum(times, 1.0 / motion.fps)])
    if float(rot.length(np.diff(ground, axis=0)).sum()) < 1e-3:
        return motion
    way = path_through(ground)
    return steering.along(motion, way, None if times is None else _timed(course, way, ground, times))


def _timed(course: Course, way: Path, points: Floats, times: Floats) -> Floats:
    """(T,) metres along the way in each frame, so that every point is reached at its time; between two, the motion
    goes as evenly as it does by itself."""
    at = np.maximum.accumulate([float(np.argmin(rot.length(way.places - p))) * way.step for p in points])
    at[0], at[-1] = 0.0, way.length
    clock = np.arange(len(course.motion)) / course.motion.fps
    own = np.interp(times, clock, course.travelled)
    out = np.interp(clock, times, at)
    for (a, b), (start, stop), (low, high) in zip(
        itertools.pairwise(times), itertools.pairwise(own), itertools.pairwise(at), strict=True
    ):
        inside = (clock >= a) & (clock <= b)
        if stop - start > 0.1:
            out[inside] = low + (high - low) * (course.travelled[inside] - start) / (stop - start)
    return np.asarray(np.maximum.accumulate(out))


def _moving(motion: Motion, points: Floats) -> tuple[Floats, Floats]:
    """Where something is in each frame, x (T,) and z (T,), of points (K, 2 or 3) on its way."""
    times = points[:, 2] if points.shape[1] == 3 else np.arange(len(points)) * motion.duration / max(len(points) - 1, 1)
    clock = np.arange(len(motion)) / motion.fps
    return np.interp(clock, times, points[:, 0]), np.interp(clock, times, points[:, 1])


def _facing(motion: Motion, target: Floats) -> Motion:
    """The motion, on its way, with a turn in its last moments after which it faces a place (x, z)."""
    course, frames = Course.of(motion), np.arange(len(motion))
    away = target - course.ground[-1][[0, 2]]
    end = float(course.facing[-max(1, round(0.25 * motion.fps)) :].mean())
    missing = math.remainder(math.atan2(away[0], away[1]) - end, 2.0 * math.pi)
    last = len(motion) - 1 - round(_SETTLED * motion.fps)
    begin = max(0.0, last - (_FACING + abs(missing) / _SPIN) * motion.fps)
    turn = missing * smoothstep((frames - begin) / max(last - begin, 1.0))
    return steering.steered(motion, course.ground, turn, course)


def measured(motion: Motion, wish: Wish) -> dict[str, float]:
    """What a block came to, of what was wished for: metres, degrees."""
    course, out = Course.of(motion), {}
    if wish.distance is not None or wish.path is not None:
        out["distance"] = round(course.distance, 3)
    if wish.turn is not None or wish.circle is not None:
        out["turn"] = round(math.degrees(course.turned), 1)
    return out
