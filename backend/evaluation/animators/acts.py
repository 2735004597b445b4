"""Checks of whole acts, seen in several limbs at once: jumping jacks, guards, drawing a bow, ducking, skipping."""

import numpy as np

from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import SIDES
from ....retarget.motion.smoothing import moving_mean
from ....retarget.typing import Bools, Floats
from .body import Body, held, other_side, peaks, sided, spells, swings
from .feet import airborne
from .hands import hand_speed, level
from .language import check
from .posture import pitch

Count = tuple[int, int]


@check("jacks {count} times")
def jacks(body: Body, count: Count) -> bool:
    """Arms up to the sides while the feet are apart, down while they are together."""
    lower = np.minimum(*(level(body, s, "shoulder") for s in SIDES))
    apart = np.abs(body.own(body.joint("left_ankle"))[:, 0] - body.own(body.joint("right_ankle"))[:, 0])
    found = [t for t in peaks(lower, 0.35) if lower[t] > 0.0 and apart[max(0, t - 4) : t + 5].max() > 0.4]
    return bool(np.ptp(apart) > 0.2) and count[0] <= len(found) <= count[1]


@check("{side} hand is held out")
def held_out(body: Body, which: str) -> bool:
    """Ahead of the body at the height of the chest, and the other one not."""
    flags = {s: _shown(body, s) for s in SIDES}
    return sided(which, {s: held(body, flags[s] & ~flags[other_side(s)], 0.3) for s in SIDES})


def _shown(body: Body, side: str) -> Bools:
    height = level(body, side, "chest")
    bent = (body.extension(side) < 0.9) & (hand_speed(body, side) < 0.8)
    return np.asarray(bent & (body.own(body.hand(side))[:, 2] > 0.22) & (height > -0.2) & (height < 0.3))


@check("guards")
def guards(body: Body) -> bool:
    """Both fists before the chest or the face, elbows bent, most of the time."""
    flags = [
        (level(body, s, "chest") > -0.15) & (body.own(body.hand(s))[:, 2] > 0.15) & (body.extension(s) < 0.88)
        & (level(body, s, "head") < 0.15)
        for s in SIDES
    ]  # fmt: skip
    return bool((flags[0] & flags[1]).mean() > 0.6)


@check("draws a bow")
def draws_a_bow(body: Body) -> bool:
    """One arm straight out at the height of the shoulders, the other hand drawn back to the face or the chest."""
    found = []
    for side, other in (SIDES, SIDES[::-1]):
        out = (body.extension(side) > 0.82) & (np.abs(level(body, side, "shoulder")) < 0.3)
        back = (body.extension(other) < 0.75) & (np.abs(level(body, other, "shoulder")) < 0.25)
        found.append(held(body, out & back & _far(body), 0.3))
    return any(found)


def _far(body: Body) -> Bools:
    """(T,) whether the hands are half a metre apart or more."""
    return np.asarray(rot.length(body.hand("left") - body.hand("right")) > 0.5)


@check("ducks {way}")
def ducks(body: Body, way: str) -> bool:
    """The head leaves its place quickly: down by 25 cm, or 20 cm to a side, in under 0.6 s."""
    head = body.joint("head")
    step = body.frames(0.6)
    if len(body) <= step:
        return False
    moved = body.own_direction(np.concatenate([head[step:] - head[:-step], np.zeros((step, 3))]))
    values = {"left": moved[:, 0], "right": -moved[:, 0], "down": -moved[:, 1]}[way]
    ahead = np.abs(moved[:, 2])
    return bool(((values > (0.25 if way == "down" else 0.2)) & (values > 0.7 * ahead)).any())


@check("is pushed back")
def pushed_back(body: Body) -> bool:
    """The chest goes back quickly."""
    chest = moving_mean(body.joint("spine3"), body.frames(0.15))
    back = -body.own_direction(body.rate(chest))[:, 2]
    return bool(back.max() > 0.7 and -(body.velocity[:, 1]).min() > 0.25)


@check("skips")
def skips(body: Body) -> bool:
    """Hops that lift the body further than a run does, while it goes ahead slower than a sprint."""
    height = moving_mean(body.joints[:, 0, 1], 3)
    high = swings(height, 0.07) >= max(3, round(1.5 * body.seconds))
    flights = [f for f in spells(airborne(body)) if f[1] - f[0] >= 2]
    return bool(high and len(flights) >= 2 and 0.6 < body.speed.mean() < 3.2)


@check("crawls flat")
def crawls_flat(body: Body) -> bool:
    """On the belly, the pelvis near the floor."""
    front = body.turned("spine3", (0.0, 0.0, 1.0))[:, 1] < -0.4
    return bool(((body.lean > 55) & (body.pelvis < 0.36) & front).mean() > 0.6)


@check("does sit-ups")
def sit_ups(body: Body) -> bool:
    """The trunk rises from the floor and sinks again while the pelvis stays down."""
    low = body.pelvis < 0.35
    return bool(low.mean() > 0.8 and swings(body.lean, 30.0) >= 2 and body.lean.max() > 55)


def upper_lean(body: Body) -> Floats:
    """(T,) degrees that the upper back leans forward."""
    upper = body.own_direction(rot.normalize(body.joint("neck") - body.joint("spine1")))
    return np.asarray(np.degrees(np.arctan2(upper[:, 2], upper[:, 1])))


@check("chest is out")
def chest_out(body: Body) -> bool:
    """The upper back leans back and the face looks up a little, at the median."""
    return bool(np.median(upper_lean(body)) < -3.5 and np.median(pitch(body, "head")) < -4.0)


@check("feet cross")
def feet_cross(body: Body) -> bool:
    """The feet are set before each other, nearly on one line."""
    left, right = (body.own(body.joint(f"{s}_ankle")) for s in SIDES)
    stride = np.abs(left[:, 2] - right[:, 2])
    far = stride >= np.quantile(stride, 0.75)
    return bool(np.median((left - right)[far, 0]) < 0.085)


@check("shifts the weight")
def shifts_weight(body: Body) -> bool:
    """The pelvis goes from over one foot to over the other."""
    feet = 0.5 * (body.joint("left_ankle") + body.joint("right_ankle"))
    aside = moving_mean(body.own_direction(body.joints[:, 0] - feet)[:, 0], body.frames(0.3))
    return swings(aside, 0.05) >= 2


@check("trunk rocks {count} times")
def rocks(body: Body, count: Count) -> bool:
    """Forward and back by 4° or more."""
    lean = np.degrees(np.arctan2(body.trunk[:, 2], body.trunk[:, 1]))
    return swings(lean, 4.0) >= count[0]


@check("looks at a hand")
def looks_at_hand(body: Body) -> bool:
    """One bent arm before the body, away from head and chest, and the face turned down to it."""
    face = body.turned("head", (0.0, 0.0, 1.0))
    found = []
    for side in SIDES:
        away = body.hand(side) - body.joint("head")
        seen = ((face * rot.normalize(away)).sum(axis=-1) > np.cos(np.radians(42))) & (rot.length(away) > 0.27)
        shown = (
            (level(body, side, "hip") > 0.1) & (body.own(body.hand(side))[:, 2] > 0.2) & (body.extension(side) < 0.85)
        )
        alone = level(body, other_side(side), "hip") < 0.15
        found.append(held(body, seen & shown & alone & (level(body, side, "shoulder") < 0.1), 0.3))
    return any(found)
