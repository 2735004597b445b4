"""What makes a performance refused: a hand in the body, a joint bent too far, or the gesture's own checks."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import JOINT, SIDES
from ....retarget.typing import Floats
from .body import TOUCH
from .gesture import Check
from .measures import bend, euler, hand_point, point, series, swings
from .takes import Take

_DEEPEST = 0.03  # metres
# Ellipsoids of the body: the joint that each moves with, its centre from the joint (x, y, z), and half its size.
_BODY = (
    ("head", (0.0, 0.09, 0.03), (0.075, 0.12, 0.095)),
    ("spine3", (0.0, 0.06, 0.02), (0.15, 0.2, 0.1)),
    ("spine1", (0.0, 0.03, 0.02), (0.14, 0.17, 0.1)),
    ("pelvis", (0.0, -0.02, 0.0), (0.15, 0.12, 0.1)),
)
_MOST_BENT = {"elbow": 158.0, "knee": 160.0}


def faults(motion: Motion) -> list[str]:
    """What no body can do in a motion: hands in head or trunk, limbs bent or turned too far, feet under the floor."""
    out = []
    for side in SIDES:
        depth, where = _depth(motion, side)
        if depth > _DEEPEST:
            out.append(f"the {side} hand is {depth * 100:.0f} cm inside the {where}")
        for name, most in _MOST_BENT.items():
            angle = float(np.degrees(bend(motion, f"{side}_{name}")).max())
            if angle > most:
                out.append(f"the {side} {name} is bent by {angle:.0f}°")
    yaw, pitch, roll = np.abs(euler(motion, "head")).max(axis=0)
    for angle, most, what in ((yaw, 95.0, "turned"), (pitch, 80.0, "bent"), (roll, 55.0, "tilted")):
        if angle > most:
            out.append(f"the head is {what} by {angle:.0f}°")
    sunk = -float(motion.joints[..., 1].min())
    if sunk > 0.04:
        out.append(f"the body is {sunk * 100:.0f} cm under the floor")
    return out


def _depth(motion: Motion, side: str) -> tuple[float, str]:
    """How deep wrist, palm or fingers are in the body, metres, and in which part."""
    deepest, part = 0.0, ""
    for touch in TOUCH:
        point = hand_point(motion, side, touch)
        for joint, centre, half in _BODY:
            turn = rot.conjugate(motion.global_rotations[:, JOINT[joint]])
            inside = (rot.rotate(turn, point - motion.joints[:, JOINT[joint]]) - np.array(centre)) / np.array(half)
            depth = float(((1.0 - rot.length(inside)) * min(half)).max())
            if depth > deepest:
                deepest, part = depth, "head" if joint == "head" else "trunk"
    return deepest, part


def measured(check: Check, motion: Motion, take: Take) -> float:
    """The number that a check is about, of the frames of the take itself."""
    if check.take == "slide":
        flat = point(motion, check.of)[:, [0, 2]]
        return float(rot.length(flat - np.median(flat, axis=0)).max())
    values = series(motion, check.of)
    if check.take == "swings":
        return float(swings(values, check.by))
    reduce: dict[str, Callable[[Floats], Any]] = {
        "least": np.min,
        "most": np.max,
        "range": np.ptp,
        "start": lambda v: v[0],
        "end": lambda v: v[-1],
    }
    return float(reduce[check.take](values))


def failures(checks: tuple[Check, ...], motion: Motion, take: Take, base: str) -> list[str]:
    """Sentences for the gesture's own checks that a performance of the right side fails."""
    out = []
    for check in checks:
        if check.base not in ("", base):
            continue
        value = measured(check, motion, take)
        each = take.count if check.per_count else 1
        if check.at_least is not None and value < check.at_least * each:
            out.append(f"{check.of} ({check.take}) is {value:.2f}, less than {check.at_least * each:g}")
        if check.at_most is not None and value > check.at_most * each:
            out.append(f"{check.of} ({check.take}) is {value:.2f}, more than {check.at_most * each:g}")
    return out
