"""Checks of where the body goes: distance, direction, speed, turns, paths, and standing still."""

import numpy as np

from ....retarget.motion import rotations as rot
from ....retarget.typing import Floats
from .body import Body, held, longest
from .feet import step_count
from .language import check

_WAYS = {"left": (0, 1.0), "right": (0, -1.0), "forward": (1, 1.0), "backward": (1, -1.0)}
MOVING = 0.3  # m/s
RUN_SPEED = 1.9  # walks in recordings rarely reach 1.6
STILL = 0.15  # m/s, mean over the joints: recorded idles have 0.02 to 0.12, the slowest walks 0.4


def travelled(body: Body) -> float:
    """Metres along the path."""
    return float(rot.length(np.diff(body.path, axis=0)).sum())


def _shares(body: Body) -> Floats:
    """(2,) metres to the left and ahead, each step in the heading that the body has there."""
    return np.asarray(body.velocity.sum(axis=0) / body.fps)


def tangents(body: Body) -> Floats:
    """Radians to the left that the path points, unwrapped, over the frames in which the body moves; may be empty."""
    if len(body) < 2:
        return np.zeros(0)
    v = body.rate(body.path)[body.speed > MOVING]
    return np.asarray(np.unwrap(np.arctan2(v[:, 0], v[:, 1])))


@check("goes {way}")
def goes(body: Body, way: str) -> bool:
    """At least half a metre, and mostly that way."""
    axis, sign = _WAYS[way]
    ahead = sign * _shares(body)[axis]
    return bool(ahead > 0.5 and ahead > 0.65 * travelled(body))


@check("travels {n} to {n} m")
def travels(body: Body, low: float, high: float) -> bool:
    return low <= travelled(body) <= high


@check("ends {n} to {n} m away")
def ends_away(body: Body, low: float, high: float) -> bool:
    return bool(low <= np.linalg.norm(body.path[-1] - body.path[0]) <= high)


@check("stays within {n} m", passive=True)
def stays(body: Body, far: float) -> bool:
    return bool(rot.length(body.path - body.path[0]).max() <= far)


@check("comes back")
def comes_back(body: Body) -> bool:
    """Ends at most half as far from the start as it has been, and that was at least 0.8 m."""
    away = rot.length(body.path - body.path[0])
    return bool(away.max() > 0.8 and away[-1] < 0.5 * away.max())


@check("moves at {n} to {n} m/s")
def moves_at(body: Body, low: float, high: float) -> bool:
    """Mean over the frames in which it moves, which are at least half a second."""
    moving = body.speed > 0.2
    return bool(moving.sum() >= body.frames(0.5) and low <= body.speed[moving].mean() <= high)


@check("walks")
def walks(body: Body) -> bool:
    """On both feet, at a walk's speed, upright enough not to crawl."""
    moving = body.speed > MOVING
    if moving.sum() < min(body.frames(0.7), 0.8 * len(body)):
        return False
    upright = np.median(body.pelvis[moving]) > 0.72 and np.median(body.lean[moving]) < 45
    slow = body.speed[moving].mean() < RUN_SPEED
    far = np.ptp(body.path[moving], axis=0).max() > 0.6
    return bool(upright and slow and far and min(step_count(body, s) for s in ("left", "right")) >= 1)


@check("runs")
def runs(body: Body) -> bool:
    """Faster than walks are, for half a second at least."""
    upright = np.median(body.pelvis) > 0.72
    return bool(upright and held(body, body.speed > RUN_SPEED, min(0.6, 0.5 * body.seconds)))


@check("walks on the spot")
def walks_on_the_spot(body: Body) -> bool:
    return stays(body, 0.6) and all(step_count(body, side) >= 2 for side in ("left", "right"))


def _between(turn: float, low: float, high: float, way: str) -> bool:
    turn = {"left": turn, "right": -turn, "either": abs(turn)}[way]
    return low <= turn <= high


@check("turns {n} to {n} degrees {side}")
def turns(body: Body, low: float, high: float, side: str) -> bool:
    """From the first facing to the last."""
    return _between(float(np.degrees(body.headings[-1] - body.headings[0])), low, high, side)


@check("path turns {n} to {n} degrees {side}")
def path_turns(body: Body, low: float, high: float, side: str) -> bool:
    """From the first direction of travel to the last."""
    angles = tangents(body)
    return (
        len(angles) > body.frames(0.5)
        and travelled(body) > 0.8
        and _between(float(np.degrees(angles[-1] - angles[0])), low, high, side)
    )


@check("walks a circle {side}")
def circles(body: Body, side: str) -> bool:
    """The path turns most of the way round, is as wide as it is long, and the body faces along it."""
    across = np.ptp(body.path, axis=0)
    round_ = across.min() > 0.5 * across.max() and across.max() > 0.6
    return bool(round_ and path_turns(body, 260, 2000, side) and turns(body, 200, 2000, side))


@check("path bends {n} degrees both ways")
def bends_both_ways(body: Body, least: float) -> bool:
    """Somewhere that much to the left, somewhere that much to the right."""
    angles = np.degrees(tangents(body))
    if not len(angles):
        return False
    left = (angles - np.minimum.accumulate(angles)).max()
    right = (np.maximum.accumulate(angles) - angles).max()
    return bool(min(left, right) >= least)


@check("path is straight", passive=True)
def straight(body: Body) -> bool:
    return bool(np.linalg.norm(body.path[-1] - body.path[0]) >= 0.9 * travelled(body) - 0.1)


@check("spins {n} degrees")
def spins(body: Body, least: float) -> bool:
    """Either way round, without a turn back."""
    return bool(np.degrees(np.ptp(body.headings)) >= least)


@check("speeds up")
def speeds_up(body: Body) -> bool:
    third = max(1, len(body) // 3)
    return bool(body.speed[-third:].mean() > 1.4 * body.speed[:third].mean() + 0.15)


@check("slows down")
def slows_down(body: Body) -> bool:
    third = max(1, len(body) // 3)
    return bool(body.speed[:third].mean() > 1.4 * body.speed[-third:].mean() + 0.15)


@check("stands still", passive=True)
def stands_still(body: Body) -> bool:
    """On its feet, hardly a joint moves, nowhere in particular."""
    calm = body.joint_speeds.mean() < STILL and np.quantile(body.joint_speeds.max(axis=1), 0.9) < 0.7
    return bool(calm and stays(body, 0.3) and np.median(body.pelvis) > 0.85)


@check("moves less than {n} m/s", passive=True)
def moves_less(body: Body, most: float) -> bool:
    """Mean over joints and frames."""
    return bool(body.joint_speeds.mean() < most)


@check("freezes for {n} s", passive=True)
def freezes(body: Body, seconds: float) -> bool:
    return longest(body.joint_speeds.mean(axis=1) < STILL) >= body.frames(seconds)
