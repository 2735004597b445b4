"""Checks of hands and arms: where they are, where they point, what they touch, how often they move."""

import numpy as np

from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import SIDES
from ....retarget.motion.smoothing import moving_mean
from ....retarget.typing import Bools, Floats
from .body import Body, counted, held, peaks, sided, spells, swings
from .language import check

Count = tuple[int, int]
TOUCH = 0.17  # metres from the middle of the hand to the landmark: fingers, and bodies of other sizes
_TOUCH = {"other hand": 0.2, "hip": 0.17, "belly": 0.22, "chest": 0.2, "other elbow": 0.17, "knee": 0.25,
          "other shoulder": 0.2}  # fmt: skip
_LEVELS = {"head": ("head", 0.1), "shoulder": ("shoulder", 0.0), "chest": ("spine3", 0.0), "hip": ("pelvis", 0.05)}
_AIMS = {"forward": (0.0, 0.0, 1.0), "back": (0.0, 0.0, -1.0), "left": (1.0, 0.0, 0.0), "right": (-1.0, 0.0, 0.0),
         "up": (0.0, 1.0, 0.0), "down": (0.0, -1.0, 0.0)}  # fmt: skip
AIM = 35.0  # degrees


def level(body: Body, side: str, place: str) -> Floats:
    """(T,) metres that the hand is above a height of the body."""
    joint, more = _LEVELS[place]
    return np.asarray(
        body.hand(side)[:, 1] - body.joint(f"{side}_{joint}" if joint == "shoulder" else joint)[:, 1] - more
    )


@check("{side} hand above {way}")
def hand_above(body: Body, which: str, place: str) -> bool:
    """For a moment; both at once where both are asked for."""
    flags = {s: level(body, s, place) > 0 for s in SIDES}
    if which == "both":
        return held(body, flags["left"] & flags["right"], 0.2)
    return sided(which, {s: held(body, f, 0.3) for s, f in flags.items()})


@check("{side} hand stays above {way}")
def hand_stays_above(body: Body, which: str, place: str) -> bool:
    """Most of the time."""
    return sided(which, {s: float((level(body, s, place) > 0).mean()) > 0.7 for s in SIDES})


@check("{side} hand stays below {way}", passive=True)
def hand_stays_below(body: Body, which: str, place: str) -> bool:
    return sided(which, {s: float((level(body, s, place) < 0).mean()) > 0.95 for s in SIDES})


def near(body: Body, side: str, place: str) -> Bools:
    """(T,) whether the hand is at a landmark."""
    away = rot.length(body.hand(side) - body.landmark(place, side))
    return np.asarray(away < _TOUCH.get(place, TOUCH))


@check("{side} hand at {place}")
def hand_at(body: Body, which: str, place: str) -> bool:
    """For a third of a second; both at once where both are asked for."""
    flags = {s: near(body, s, place) for s in SIDES}
    if which == "both":
        return held(body, flags["left"] & flags["right"], 0.3)
    return sided(which, {s: held(body, f, 0.3) for s, f in flags.items()})


@check("{side} hand near the floor")
def hand_low(body: Body, which: str) -> bool:
    return sided(which, {s: held(body, body.hand(s)[:, 1] < 0.42, 0.1) for s in SIDES})


@check("{side} arm points {way}")
def points(body: Body, which: str, way: str) -> bool:
    """Straight, within 35° of that direction of the body, for a third of a second; aside is to the arm's own side."""
    return sided(which, {s: held(body, _aims(body, s, way) & (body.extension(s) > 0.86), 0.3) for s in SIDES})


@check("{side} arm reaches {way}")
def reaches(body: Body, which: str, way: str) -> bool:
    """As pointing, with the elbow less straight."""
    return sided(which, {s: held(body, _aims(body, s, way) & (body.extension(s) > 0.7), 0.2) for s in SIDES})


def _aims(body: Body, side: str, way: str) -> Bools:
    aim = _AIMS[side if way == "aside" else way]
    arm = body.own_direction(rot.normalize(body.joint(f"{side}_wrist") - body.joint(f"{side}_shoulder")))
    return np.asarray(arm @ np.asarray(aim) > np.cos(np.radians(AIM)))


@check("arms are crossed")
def crossed(body: Body) -> bool:
    """Each hand at the other arm, in front of the body."""
    flags = []
    for side, other in (("left", "right"), ("right", "left")):
        elbow, shoulder = body.joint(f"{other}_elbow"), body.joint(f"{other}_shoulder")
        away = np.minimum(*(rot.length(body.hand(side) - p) for p in (elbow, 0.5 * (elbow + shoulder))))
        flags.append((away < 0.2) & (level(body, side, "shoulder") < 0))
    return held(body, flags[0] & flags[1], 0.4)


@check("hands carry")
def carry(body: Body) -> bool:
    """Both ahead of the body at the same height between hip and shoulder, an arm's width apart, most of the time."""
    own = [body.own(body.hand(s)) for s in SIDES]
    ahead = np.min([o[:, 2] for o in own], axis=0) > 0.2
    height = np.all([(level(body, s, "hip") > -0.1) & (level(body, s, "shoulder") < 0.05) for s in SIDES], axis=0)
    apart = rot.length(own[0] - own[1])
    return bool(
        (ahead & height & (apart > 0.12) & (apart < 0.7) & (np.abs(own[0][:, 1] - own[1][:, 1]) < 0.2)).mean() > 0.6
    )


@check("{side} hand waves")
def waves(body: Body, which: str) -> bool:
    return sided(which, {s: wave_count(body, s) >= 3 for s in SIDES})


def wave_count(body: Body, side: str) -> int:
    """How often a raised hand swings sideways around its elbow, or with it."""
    forearm = rot.normalize(body.hand(side) - body.joint(f"{side}_elbow"))
    raised = (
        (level(body, side, "chest") > -0.02)
        & (body.lean < 25)
        & ((forearm[:, 1] > 0.3) | (level(body, side, "head") > 0))
    )
    aside = body.own_direction(body.hand(side) - body.joint(f"{side}_shoulder"))[:, 0]
    return max((swings(aside[a:b], 0.07) for a, b in spells(raised) if b - a >= body.frames(0.45)), default=0)


@check("claps {count} times")
def claps(body: Body, count: Count) -> bool:
    """The hands meet and part again."""
    apart = rot.length(body.hand("left") - body.hand("right"))
    ready = np.all([(body.own(body.hand(s))[:, 2] > 0.12) & (level(body, s, "hip") > 0) for s in SIDES], axis=0)
    return count[0] <= sum(bool(apart[t] < 0.2 and ready[t]) for t in peaks(-apart, 0.08)) <= count[1]


@check("{side} hand punches {count} times")
def punches(body: Body, which: str, count: Count) -> bool:
    return counted(which, {s: len(punch_frames(body, s)) for s in SIDES}, count)


def punch_frames(body: Body, side: str) -> list[int]:
    """Where the fist stops, thrown out fast from the body to where it faces, between belly and the top of the head."""
    out = body.own_direction(body.joint(f"{side}_wrist") - body.joint("neck"))  # (T, 3)
    speed = body.rate(moving_mean(out[:, 2], 3))
    found = []
    straight, slow = body.extension(side), body.speed < 1.5
    forearm = body.own_direction(rot.normalize(body.joint(f"{side}_wrist") - body.joint(f"{side}_elbow")))[:, 2]
    for t in peaks(out[:, 2], 0.12):
        before = slice(max(0, t - body.frames(0.35)), t + 1)
        thrown = speed[before].max() > 1.2 and slow[t] and forearm[t] > 0.6
        if thrown and straight[t] > 0.74 and out[t, 2] > 0.27 and -0.33 < out[t, 1] < 0.4:
            found.append(t)
    return found


@check("{side} hand rises fast")
def uppercut(body: Body, which: str) -> bool:
    """From under the chest to the height of the head or higher, at 2 m/s or more, ahead of the body."""
    return sided(which, {s: _rises(body, s) for s in SIDES})


def _rises(body: Body, side: str) -> bool:
    own = body.own(body.hand(side))
    speed = body.rate(moving_mean(own[:, 1], 3))
    high = level(body, side, "shoulder") > -0.05
    return any(
        bool(speed[max(0, t - body.frames(0.4)) : t + 1].max() > 2.0 and own[t, 2] > 0.15)
        for t in peaks(own[:, 1], 0.3)
        if high[t]
    )


@check("{side} hand moves at {n} m/s")
def hand_fast(body: Body, which: str, least: float) -> bool:
    """Relative to the pelvis, at its fastest."""
    return sided(which, {s: float(hand_speed(body, s).max()) > least for s in SIDES})


def hand_speed(body: Body, side: str) -> Floats:
    """(T,) relative to the pelvis, smoothed over a tenth of a second."""
    if len(body) < 2:
        return np.zeros(len(body))
    relative = moving_mean(body.hand(side) - body.joint("pelvis"), body.frames(0.1))
    return rot.length(body.rate(relative))


@check("{side} hand throws {way}")
def throws(body: Body, which: str, way: str) -> bool:
    """Forward at 3 m/s or more, 2.3 from below: "over" the shoulder, or "under" it in a swing up from the hip."""
    return sided(which, {s: _throws(body, s, way) for s in SIDES})


def _throws(body: Body, side: str, way: str) -> bool:
    own = moving_mean(body.own(body.hand(side)), 3)
    ahead = body.rate(own[:, 2])
    above = level(body, side, "shoulder")
    wound_up = np.zeros(len(body), bool)
    start = body.frames(0.6)
    for t in range(len(body)):
        before = slice(max(0, t - start), t + 1)
        if way == "over":
            wound_up[t] = bool(((above[before] > 0.05) & (own[before, 2] < 0.15)).any())
        else:
            wound_up[t] = bool(((level(body, side, "hip")[before] < 0.05) & (own[before, 2] < -0.1)).any())
    return bool(((ahead > (3.0 if way == "over" else 2.3)) & wound_up).any() and own[:, 2].max() > 0.4)


@check("{side} hand strikes")
def strikes(body: Body, which: str) -> bool:
    """A fast, wide stroke with a weapon: down from above the shoulder at 2.8 m/s, or across the chest at 4 m/s."""
    return sided(which, {s: _strikes(body, s) for s in SIDES})


def _strikes(body: Body, side: str) -> bool:
    speed, height = hand_speed(body, side), level(body, side, "shoulder")
    own = body.own(body.hand(side))
    for t in np.flatnonzero((speed > 2.8) & (body.speed < 2.0)):
        around = slice(max(0, t - body.frames(0.4)), t + body.frames(0.3))
        raised = height[around][: t - around.start + 1].max() > 0.05 and height[around].min() < -0.15
        wide = np.linalg.norm(np.ptp(own[around], axis=0)) > (0.8 if raised else 0.6)
        if wide and (raised or (speed[t] > 4.0 and level(body, side, "chest")[t] > -0.3)):
            return True
    return False


@check("{side} hand beats {count} times")
def back_and_forth(body: Body, which: str, count: Count) -> bool:
    """Ahead of the body, as in knocking, hammering or beckoning: along or up and down."""
    return sided(which, {s: count[0] <= _beats(body, s) <= count[1] for s in SIDES})


def _beats(body: Body, side: str) -> int:
    """Cycles of 4 cm or more of a bent arm, without the slow part of its movement."""
    own = body.own_direction(body.hand(side) - body.joint(f"{side}_shoulder"))
    ready = (own[:, 2] > 0.15) & (level(body, side, "chest") > -0.2) & (body.extension(side) < 0.92)
    fast = own - moving_mean(own, body.frames(0.6))
    found = [swings(fast[a:b, axis], 0.04) for a, b in spells(ready) if b - a > body.frames(0.4) for axis in (1, 2)]
    return max(found, default=0) // 2


@check("arms swing {n} m")
def arms_swing(body: Body, least: float) -> bool:
    """Both hands go that far to and fro along the body, at the median of both."""
    return bool(min(np.ptp(body.own(body.hand(s))[:, 2]) for s in SIDES) >= least)


@check("{side} hand flaps {count} times")
def flaps(body: Body, which: str, count: Count) -> bool:
    """Up and down by 0.4 m or more."""
    return sided(which, {s: count[0] <= len(peaks(body.own(body.hand(s))[:, 1], 0.4)) <= count[1] for s in SIDES})


@check("dances")
def dances(body: Body) -> bool:
    """Hands, hips and feet all move without pause, not just along a path."""
    away = body.joints - body.joints[:, :1]
    speed = rot.length(body.rate(away))
    hands = np.mean([hand_speed(body, s).mean() for s in SIDES])
    room = np.mean([np.linalg.norm(np.ptp(body.own(body.hand(s)), axis=0)) for s in SIDES])
    feet = np.mean([np.ptp(body.joint(f"{s}_ankle")[:, [0, 2]] - body.path, axis=0).max() for s in SIDES])
    away_from_path = np.linalg.norm(body.path[-1] - body.path[0]) < 0.6 * body.seconds
    busy = (moving_mean(speed.mean(axis=1), body.frames(0.7)) > 0.2).mean() > 0.8
    return bool(busy and hands > 0.6 and room > 0.6 and feet > 0.15 and away_from_path)
