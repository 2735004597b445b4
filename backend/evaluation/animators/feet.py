"""Checks of feet and legs: steps, jumps, hops, kicks, marches, limps."""

import numpy as np

from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import SIDES
from ....retarget.motion.smoothing import moving_mean
from ....retarget.typing import Bools, Floats
from .body import Body, counted, longest, other_side, peaks, sided, spells
from .language import check

Count = tuple[int, int]
OFF = 0.05  # metres over its lowest place from which on a foot is in the air
_SHORTEST_FLIGHT = 0.12
_LONGEST_FLIGHT = 1.0


def toe_height(body: Body, side: str) -> Floats:
    """(T,) metres of the lower of heel and toe over the floor, each over where it is when the foot lies flat."""
    toe, heel = body.joint(f"{side}_foot")[:, 1], body.joint(f"{side}_ankle")[:, 1]
    return np.asarray(np.minimum(toe - toe.min(), heel - heel.min()))


def step_count(body: Body, side: str) -> int:
    """How often a foot leaves the floor and comes down elsewhere or not."""
    height = body.joint(f"{side}_ankle")[:, 1]
    return len(peaks(height, 0.04))


def airborne(body: Body) -> Bools:
    """(T,) whether both feet are in the air."""
    return np.asarray(np.minimum(toe_height(body, "left"), toe_height(body, "right")) > OFF)


def jumps_of(body: Body, rise: float = 0.12) -> list[tuple[int, int]]:
    """(start, stop) of every flight in which the pelvis rises over where it was around it; runs hardly rise."""
    margin, found = body.frames(0.25), []
    height = body.joints[:, 0, 1]
    for start, stop in spells(airborne(body)):
        around = np.concatenate([height[max(0, start - margin) : start], height[stop : stop + margin]])
        long_enough = _SHORTEST_FLIGHT <= (stop - start) / body.fps <= _LONGEST_FLIGHT
        upright = np.median(body.pelvis[start:stop]) > 0.7
        if long_enough and upright and len(around) and height[start:stop].max() - around.min() > rise:
            found.append((start, stop))
    return found


@check("jumps {count} times")
def jumps(body: Body, count: Count) -> bool:
    """With both legs at once: flights in which the ankles stay near each other's height."""
    return count[0] <= sum(_with_both(body, *flight) for flight in jumps_of(body)) <= count[1]


def _with_both(body: Body, start: int, stop: int) -> bool:
    left, right = (body.joint(f"{side}_ankle")[start:stop, 1] for side in SIDES)
    return bool(np.abs(left - right).mean() < 0.15)


@check("leaps")
def leaps(body: Body) -> bool:
    """Any flight of a quarter of a second, from one foot or both."""
    return any((stop - start) / body.fps >= 0.25 for start, stop in jumps_of(body))


@check("jumps {n} m far")
def jumps_far(body: Body, least: float) -> bool:
    """During one flight."""
    return any(np.linalg.norm(body.path[min(b, len(body) - 1)] - body.path[a]) >= least for a, b in jumps_of(body))


@check("hops on the {side} leg {count} times")
def hops(body: Body, side: str, count: Count) -> bool:
    """Flights while the other foot stays up from the first to the last."""
    return sided(side, {s: count[0] <= _hops(body, s) <= count[1] for s in SIDES})


def _hops(body: Body, side: str) -> int:
    other = other_side(side)
    up = body.joint(f"{other}_ankle")[:, 1] - body.joint(f"{side}_ankle")[:, 1].min() > 0.15
    return sum(up[max(0, a - 2) : b + 2].all() for a, b in spells(toe_height(body, side) > 0.04) if b - a >= 2)


def foot_reach(body: Body, side: str) -> Floats:
    """(T,) height of the ankle over the floor, as a share of the pelvis' when standing."""
    return np.asarray(body.joint(f"{side}_ankle")[:, 1] / body.standing)


@check("{side} leg kicks {count} times")
def kicks(body: Body, side: str, count: Count) -> bool:
    """The leg straightens with the foot off the ground, ahead or aside, fast, while the other one stands."""
    return counted(side, {s: _kicks(body, s) for s in SIDES}, count)


def _kicks(body: Body, side: str) -> int:
    ankle, hip = body.joint(f"{side}_ankle"), body.joint(f"{side}_hip")
    ahead = body.own_direction(ankle - hip)
    out = np.hypot(np.maximum(ahead[:, 2], 0.0), ahead[:, 0])  # behind is where running legs swing
    speed = moving_mean(rot.length(body.rate(body.own(ankle))), 3)
    standing = body.joint(f"{other_side(side)}_ankle")[:, 1] < 0.3
    count = 0
    for t in peaks(out, 0.25):
        before = slice(max(0, t - body.frames(0.35)), t + 1)
        high = ankle[t, 1] > 0.3 and out[t] > 0.42
        low = ankle[t, 1] > 0.12 and out[t] > 0.53 and body.speed[t] < 1.5  # as a ball is kicked
        count += bool((high or low) and standing[t] and speed[before].max() > 2.0)
    return count


@check("{side} foot above {n} m")
def foot_above(body: Body, side: str, height: float) -> bool:
    return sided(side, {s: bool(body.joint(f"{s}_ankle")[:, 1].max() > height) for s in SIDES})


@check("lifts the knees high")
def high_knees(body: Body) -> bool:
    """Each knee comes near the height of the hip, twice at least in all."""
    found = [_knee_lifts(body, side) for side in SIDES]
    return min(found) >= 1 and sum(found) >= 3


def _knee_lifts(body: Body, side: str) -> int:
    knee, hip = body.joint(f"{side}_knee")[:, 1], body.joint(f"{side}_hip")[:, 1]
    return sum(bool(knee[t] > hip[t] - 0.14) for t in peaks(knee, 0.12))


@check("is on tiptoe")
def tiptoe(body: Body) -> bool:
    """The lower heel is well above the toes most of the time; in flat walks it is for a third of it."""
    ankles = np.stack([body.joint(f"{s}_ankle")[:, 1] - body.joint(f"{s}_foot")[:, 1] for s in SIDES])
    stance = np.stack([body.joint(f"{s}_foot")[:, 1] for s in SIDES])
    lower = np.take_along_axis(ankles, stance.argmin(axis=0)[None], 0)[0]
    return bool(np.median(lower) > 0.1)


def stance_shares(body: Body) -> Floats:
    """(2,) share of the time that the left and the right foot stand, slower than a third of a metre a second."""
    feet = np.stack([body.joint(f"{s}_foot") for s in SIDES], axis=1)
    speed = rot.length(body.rate(feet)[..., [0, 2]])
    return np.asarray((moving_mean(speed, 3) < 0.35).mean(axis=0))


@check("limps on the {side} leg")
def limps(body: Body, side: str) -> bool:
    """Stands on that leg for a shorter time than on the other, or lifts its foot less, or bends its knee less."""
    return sided(side, {s: _limps(body, s) for s in SIDES})


def _limps(body: Body, side: str) -> bool:
    if body.speed.mean() < 0.15:
        return False
    stance = dict(zip(SIDES, stance_shares(body), strict=True))
    lift = {s: float(np.ptp(body.joint(f"{s}_ankle")[:, 1])) for s in SIDES}
    bend = {s: _knee_range(body, s) for s in SIDES}
    other = other_side(side)
    return bool(
        stance[side] < 0.75 * stance[other] or lift[side] < 0.6 * lift[other] or bend[side] < 0.55 * bend[other]
    )


def _knee_range(body: Body, side: str) -> float:
    hip, knee, ankle = (body.joint(f"{side}_{j}") for j in ("hip", "knee", "ankle"))
    cos = (rot.normalize(knee - hip) * rot.normalize(ankle - knee)).sum(axis=-1)
    return float(np.ptp(np.degrees(np.arccos(np.clip(cos, -1.0, 1.0)))))


@check("steps {count} times")
def steps(body: Body, count: Count) -> bool:
    return count[0] <= sum(step_count(body, s) for s in SIDES) <= count[1]


@check("stomps the {side} foot")
def stomps(body: Body, side: str) -> bool:
    """A foot comes down from 15 cm or higher, fast, while the body stays."""
    return sided(side, {s: _stomps(body, s) for s in SIDES})


def _stomps(body: Body, side: str) -> bool:
    height = body.joint(f"{side}_ankle")[:, 1]
    fall = -body.rate(height)
    return bool(
        any(height[t] - height.min() > 0.13 and fall[t : t + body.frames(0.4)].max() > 1.2 for t in peaks(height, 0.1))
    )


@check("feet stay {n} m apart")
def wide(body: Body, least: float) -> bool:
    """Sideways, at the median."""
    left, right = (body.own(body.joint(f"{s}_ankle"))[:, 0] for s in SIDES)
    return bool(np.median(left - right) >= least)


@check("takes steps {n} m long")
def step_length(body: Body, least: float) -> bool:
    """The largest distance of the ankles over the floor, at nine of ten."""
    away = body.joint("left_ankle") - body.joint("right_ankle")
    return bool(np.quantile(rot.length(away[:, [0, 2]]), 0.9) >= least)


@check("a foot stays up for {n} s")
def one_leg(body: Body, seconds: float) -> bool:
    return max(longest(body.joint(f"{s}_ankle")[:, 1] > 0.25) for s in SIDES) >= body.frames(seconds)
