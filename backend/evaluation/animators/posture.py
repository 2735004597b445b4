"""Checks of the trunk and head: sitting, kneeling, lying, bowing, falling, nodding, looking, shrugging."""

import numpy as np

from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import JOINT, SIDES
from ....retarget.motion.smoothing import moving_mean
from ....retarget.typing import Bools, Floats
from .body import Body, held, swings
from .language import check

HELD = 0.25  # seconds for which a posture must last
Count = tuple[int, int]


def _ahead(body: Body, joint: str) -> Floats:
    """(T,) metres that the mean of both sides' joint is ahead of the pelvis."""
    return np.asarray(np.mean([body.own(body.joint(f"{s}_{joint}"))[:, 2] for s in SIDES], axis=0))


def _knee_height(body: Body) -> Floats:
    """(T, 2)."""
    return np.stack([body.joint(f"{s}_knee")[:, 1] for s in SIDES], axis=-1)


def _seated(body: Body) -> Bools:
    """(T,) thighs level, shins down, feet ahead of the pelvis."""
    knees, ankles = _knee_height(body).mean(axis=1), _ahead(body, "ankle")
    level = np.abs(body.joints[:, 0, 1] - knees) < 0.24
    return np.asarray(
        level & (ankles > 0.2) & (body.pelvis > 0.3) & (body.pelvis < 0.7) & (body.lean < 50) & (knees > 0.28)
    )


@check("sits")
def sits(body: Body) -> bool:
    """As on a chair."""
    return held(body, _seated(body), HELD)


@check("stays seated")
def stays_seated(body: Body) -> bool:
    """On a chair, most of the time."""
    return bool(_seated(body).mean() > 0.75)


@check("sits on the floor")
def sits_on_the_floor(body: Body) -> bool:
    return held(body, (body.pelvis < 0.3) & (body.lean < 50), HELD)


@check("squats")
def squats(body: Body) -> bool:
    """Pelvis low over the feet, which are not far ahead, knees off the floor."""
    feet = np.abs(_ahead(body, "ankle")) < 0.3
    return held(body, (body.pelvis < 0.68) & feet & (_knee_height(body).min(axis=1) > 0.2) & (body.lean < 70), 0.15)


@check("crouches")
def crouches(body: Body) -> bool:
    """Knees bent so far that the pelvis sinks by a sixth, on the feet."""
    return held(body, (body.pelvis < 0.83) & (body.pelvis > 0.25) & (_knee_height(body).min(axis=1) > 0.15), 0.3)


@check("kneels")
def kneels(body: Body) -> bool:
    """One or both knees on the floor, the trunk upright."""
    down = _knee_height(body).min(axis=1) < 0.17
    return held(body, down & (body.lean < 60) & (body.pelvis > 0.25) & (body.pelvis < 0.72), HELD)


def _facing_up(body: Body) -> Floats:
    """(T,) upward part of where the chest faces: 1 on the back, -1 on the front."""
    return body.turned("spine3", (0.0, 0.0, 1.0))[:, 1]


def _lying(body: Body) -> Bools:
    return np.asarray((body.lean > 55) & (body.pelvis < 0.35) & (body.joint("head")[:, 1] < 0.5))


@check("lies")
def lies(body: Body) -> bool:
    return held(body, _lying(body), HELD)


@check("lies on the back")
def lies_on_the_back(body: Body) -> bool:
    return held(body, _lying(body) & (_facing_up(body) > 0.4), 0.3)


@check("lies on the front")
def lies_on_the_front(body: Body) -> bool:
    return held(body, _lying(body) & (_facing_up(body) < -0.4), 0.3)


@check("is on all fours")
def on_all_fours(body: Body) -> bool:
    """Trunk level, a hand and a knee near the floor, most of the time."""
    hands = np.min([body.hand(s)[:, 1] for s in SIDES], axis=0)
    down = (body.lean > 45) & (body.lean < 120) & (hands < 0.3) & (_knee_height(body).min(axis=1) < 0.35)
    return bool(down.mean() > 0.6)


def _leg_extension(body: Body, side: str) -> Floats:
    """(T,) distance from hip to ankle as a share of the straight leg's."""
    hip, knee, ankle = (body.joint(f"{side}_{j}") for j in ("hip", "knee", "ankle"))
    return np.asarray(rot.length(ankle - hip) / (rot.length(knee - hip) + rot.length(ankle - knee)))


@check("does push-ups")
def push_ups(body: Body) -> bool:
    """Face down on the hands, knees off the floor, the shoulders going down and up."""
    prone = (body.lean > 60) & (_facing_up(body) < -0.5)
    shoulders = np.mean([body.joint(f"{s}_shoulder")[:, 1] for s in SIDES], axis=0)
    legs = np.mean([_leg_extension(body, s) for s in SIDES], axis=0)
    return bool(np.median(legs) > 0.9 and prone.mean() > 0.6 and swings(shoulders[prone], 0.1) >= 2)


@check("bends forward {n} degrees")
def bends(body: Body, least: float) -> bool:
    """On its feet, further than it stood at the start or at the end."""
    forward = np.degrees(np.arctan2(body.trunk[:, 2], body.trunk[:, 1]))
    base = min(forward[0], forward[-1], np.median(forward))
    return held(body, (forward - base > least) & (body.pelvis > 0.5), 0.15)


@check("leans {way} {n} degrees")
def leans(body: Body, way: str, least: float) -> bool:
    """For a while, from upright."""
    axis, sign = {"forward": (2, 1), "back": (2, -1), "left": (0, 1), "right": (0, -1)}[way]
    return held(body, np.degrees(np.arctan2(sign * body.trunk[:, axis], body.trunk[:, 1])) > least, 0.25)


@check("leans forward {n} degrees throughout")
def stoops(body: Body, least: float) -> bool:
    """At the median; the upper back counts, which is what old and tired people bend."""
    upper = body.own_direction(rot.normalize(body.joint("head") - body.joint("spine1")))
    return bool(np.median(np.degrees(np.arctan2(upper[:, 2], upper[:, 1]))) > least)


@check("stands upright", passive=True)
def upright(body: Body) -> bool:
    return bool(np.mean((body.pelvis > 0.85) & (body.lean < 30)) > 0.8)


@check("begins upright", passive=True)
def begins_upright(body: Body) -> bool:
    """On its feet in the first tenth of a second."""
    first = slice(None, body.frames(0.1))
    return bool((body.pelvis[first] > 0.83).all() and (body.lean[first] < 35).all())


@check("ends upright", passive=True)
def ends_upright(body: Body) -> bool:
    """On its feet in the last tenth of a second."""
    last = slice(-body.frames(0.1), None)
    return bool((body.pelvis[last] > 0.83).all() and (body.lean[last] < 35).all())


@check("is low")
def low(body: Body) -> bool:
    """The pelvis is under a third of its height."""
    return held(body, body.pelvis < 0.36, 0.25)


@check("pelvis below {n}")
def pelvis_below(body: Body, share: float) -> bool:
    """As a share of its height when standing, for a moment."""
    return held(body, body.pelvis < share, 0.15)


@check("falls")
def falls(body: Body) -> bool:
    """From upright to the floor within a second and a half, and not up again."""
    low = body.pelvis < 0.4
    if not low.any() or not low[-body.frames(0.2) :].all():
        return False
    first = int(np.argmax(low))
    before = body.pelvis[max(0, first - body.frames(1.5)) : first + 1]
    return bool(before.max() > 0.8)


@check("lands {way} of where it stood")
def lands(body: Body, way: str) -> bool:
    """The head ends up on that side of where the pelvis was, in the first heading."""
    away = body.joint("head")[-1] - body.joints[0, 0]
    sin, cos = np.sin(body.headings[0]), np.cos(body.headings[0])
    left, ahead = away[0] * cos - away[2] * sin, away[0] * sin + away[2] * cos
    return bool({"ahead": ahead, "behind": -ahead, "left": left, "right": -left}[way] > 0.35)


def pitch(body: Body, joint: str) -> Floats:
    """(T,) degrees that a joint looks down, in the body's own frame, unwrapped over somersaults."""
    ahead = body.own_direction(body.turned(joint, (0.0, 0.0, 1.0)))
    up = body.own_direction(body.turned(joint, (0.0, 1.0, 0.0)))
    return (
        np.degrees(np.unwrap(np.arctan2(up[:, 2], up[:, 1])))
        if joint == "pelvis"
        else -np.degrees(np.arcsin(np.clip(ahead[:, 1], -1.0, 1.0)))
    )


@check("flips {way}")
def flips(body: Body, way: str) -> bool:
    """The trunk goes all the way round."""
    x = body.turned("spine1", (0.0, 1.0, 0.0))
    across = body.turned("spine1", (1.0, 0.0, 0.0))
    turn = np.cross(x[:-1], x[1:])
    angle = np.degrees(np.arcsin(np.clip((turn * across[:-1]).sum(axis=-1), -1.0, 1.0)))
    total = np.cumsum(angle)
    most = total.max(initial=0.0) if way == "forward" else -total.min(initial=0.0)
    return bool(most > 270)


@check("is upside down")
def upside_down(body: Body) -> bool:
    return held(body, body.trunk[:, 1] < -0.4, 0.1)


def _head_in_chest(body: Body) -> Floats:
    """(T, 3) where the face points, in the frame of the chest."""
    return rot.rotate(rot.conjugate(body.turns[:, JOINT["spine3"]]), body.turned("head", (0.0, 0.0, 1.0)))


def head_pitch(body: Body) -> Floats:
    """(T,) degrees that the face points down relative to the chest."""
    return np.asarray(-np.degrees(np.arcsin(np.clip(_head_in_chest(body)[:, 1], -1.0, 1.0))))


def head_yaw(body: Body) -> Floats:
    """(T,) degrees that the face points to the left of the chest."""
    ahead = _head_in_chest(body)
    return np.asarray(np.degrees(np.arctan2(ahead[:, 0], ahead[:, 2])))


def _tremble(values: Floats, body: Body, seconds: float = 0.7) -> Floats:
    """What is left of values (T,) without the slow part."""
    return np.asarray(values - moving_mean(values, body.frames(seconds)))


@check("nods")
def nods(body: Body) -> bool:
    """The head goes down and up twice, by more than it turns."""
    moves = [_tremble(pitch(body, "head"), body, 1.2), _tremble(head_pitch(body), body, 1.2)]
    aside = _tremble(head_yaw(body), body, 1.2)
    often = min(swings(m, 8.0) for m in moves) >= 3 or min(swings(m, 14.0) for m in moves) >= 2
    return bool(often and _trunk_is_calm(body) and moves[1].std() > aside.std())


@check("shakes the head")
def shakes(body: Body) -> bool:
    face = body.turned("head", (0.0, 0.0, 1.0))
    world = np.degrees(np.unwrap(np.arctan2(face[:, 0], face[:, 2])))
    moves = [_tremble(world, body, 1.2), _tremble(head_yaw(body), body, 1.2)]
    often = min(swings(m, 12.0) for m in moves) >= 3
    return bool(often and _trunk_is_calm(body) and moves[1].std() > _tremble(head_pitch(body), body, 1.2).std())


def _trunk_is_calm(body: Body) -> bool:
    """It neither travels nor rocks, either of which moves the head as well."""
    return bool(np.median(body.speed) < 0.35 and np.quantile(body.lean, 0.95) - np.quantile(body.lean, 0.05) < 14)


@check("looks {way}")
def looks(body: Body, way: str) -> bool:
    """The face turns from where the body faced at first, for a moment."""
    face = body.turned("head", (0.0, 0.0, 1.0))
    yaw = np.degrees(np.unwrap(np.arctan2(face[:, 0], face[:, 2])) - body.headings[0])
    yaw = (yaw + 180.0) % 360.0 - 180.0
    down = -np.degrees(np.arcsin(np.clip(face[:, 1], -1.0, 1.0)))
    values = {"left": yaw, "right": -yaw, "down": down, "up": -down, "behind": np.abs(yaw) - 60}[way]
    return held(body, values > (22 if way in ("up", "down") else 25), 0.15)


@check("hangs the head")
def hangs(body: Body) -> bool:
    """The face points down at the median."""
    face = body.turned("head", (0.0, 0.0, 1.0))[:, 1]
    return bool(np.median(np.degrees(np.arcsin(np.clip(-face, -1.0, 1.0)))) > 18)


def shoulder_lift(body: Body, side: str) -> Floats:
    """(T,) degrees that the line from collar to shoulder rises over the chest."""
    line = rot.normalize(body.joint(f"{side}_shoulder") - body.joint(f"{side}_collar"))
    chest = rot.rotate(rot.conjugate(body.turns[:, JOINT["spine3"]]), line)
    return np.asarray(np.degrees(np.arcsin(np.clip(chest[:, 1], -1.0, 1.0))))


@check("shrugs")
def shrugs(body: Body) -> bool:
    """Both shoulders rise and fall while the arms stay under them."""
    both = np.minimum(*(shoulder_lift(body, s) - shoulder_lift(body, s).min() for s in SIDES))
    low = np.all([body.joint(f"{s}_elbow")[:, 1] < body.joint(f"{s}_shoulder")[:, 1] - 0.08 for s in SIDES], axis=0)
    return bool(swings(np.where(low, both, 0.0), 12.0) >= 2 and _trunk_is_calm(body))


@check("sways {n} degrees")
def sways(body: Body, least: float) -> bool:
    """The trunk tilts from side to side, slowly, that far in all."""
    tilt = moving_mean(np.degrees(np.arctan2(body.trunk[:, 0], body.trunk[:, 1])), body.frames(0.3))
    return bool(np.quantile(tilt, 0.95) - np.quantile(tilt, 0.05) >= least)


@check("twists {n} degrees")
def twists(body: Body, least: float) -> bool:
    """The shoulders turn against the hips."""
    across = body.own_direction(body.joint("left_shoulder") - body.joint("right_shoulder"))
    return bool(np.degrees(np.ptp(np.arctan2(-across[:, 2], across[:, 0]))) >= least)


@check("bounces {n} m")
def bounces(body: Body, least: float) -> bool:
    """The pelvis goes up and down by that much at the median of its swings."""
    height = moving_mean(body.joints[:, 0, 1], 3)
    return swings(height, least) >= max(3, round(1.2 * body.seconds))
