"""What makes a performance refused: a hand in the body, a joint bent too far, or the gesture's own checks."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import JOINT, JOINT_NAMES, SIDES
from ....retarget.typing import Floats
from .body import LANDMARKS, OUT, TOUCH, heading_of, landmark
from .gesture import Check
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
            bend = float(np.degrees(_bend(motion, f"{side}_{name}")).max())
            if bend > most:
                out.append(f"the {side} {name} is bent by {bend:.0f}°")
    # A head's pitch is not measured in the chest's frame: a chest that leans back lets the head come far forward.
    yaw, pitch, roll = np.abs(_euler(motion, "head")).max(axis=0)
    for angle, most, what in ((yaw, 95.0, "turned"), (pitch, 80.0, "bent"), (roll, 55.0, "tilted")):
        if angle > most:
            out.append(f"the head is {what} by {angle:.0f}°")
    sunk = -float(motion.joints[..., 1].min())
    if sunk > 0.04:
        out.append(f"the body is {sunk * 100:.0f} cm under the floor")
    return out


def hand_point(motion: Motion, side: str, touch: str) -> Floats:
    """(T, 3) wrist, palm or fingers in the world."""
    wrist = JOINT[f"{side}_wrist"]
    along = np.array([OUT[side] * TOUCH[touch], 0.0, 0.0])
    place: Floats = motion.joints[:, wrist] + rot.rotate(motion.global_rotations[:, wrist], along)
    return place


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


def _bend(motion: Motion, joint: str) -> Floats:
    """(T,) radians between the two bones of a limb."""
    index = JOINT[joint]
    child = JOINT[joint.replace("elbow", "wrist").replace("knee", "ankle")]
    above = JOINT[joint.replace("elbow", "shoulder").replace("knee", "hip")]
    upper = rot.normalize(motion.joints[:, index] - motion.joints[:, above])
    lower = rot.normalize(motion.joints[:, child] - motion.joints[:, index])
    return np.asarray(np.arccos(np.clip(np.sum(upper * lower, axis=-1), -1.0, 1.0)))


def _euler(motion: Motion, part: str) -> Floats:
    """(T, 3) yaw, pitch and roll in degrees, as in the files: of the head from the chest, of the chest from the
    pelvis, of the pelvis from its heading."""
    world = motion.global_rotations
    frame = {"head": world[:, JOINT["spine3"]], "chest": world[:, 0], "pelvis": heading_of(world)}[part]
    joint = {"head": "head", "chest": "spine3", "pelvis": "pelvis"}[part]
    m = rot.to_matrix(rot.multiply(rot.conjugate(frame), world[:, JOINT[joint]]))
    pitch = np.arcsin(np.clip(-m[..., 1, 2], -1.0, 1.0))
    yaw = np.arctan2(m[..., 0, 2], m[..., 2, 2])
    roll = -np.arctan2(m[..., 1, 0], m[..., 1, 1])
    return np.asarray(np.degrees(np.stack([yaw, pitch, roll], axis=-1)))


def point(motion: Motion, name: str) -> Floats:
    """(T, 3) of a joint, or of a hand's palm or fingers, or of a place on the body, such as right_ear."""
    if name in JOINT_NAMES:
        return np.asarray(motion.joints[:, JOINT[name]])
    side, _, place = name.partition("_")
    if side not in SIDES:
        side, place = "right", name
    if place in TOUCH:
        return hand_point(motion, side, place)
    if place not in LANDMARKS:
        raise ValueError(f"there is no joint or place {name}")
    heading = heading_of(motion.global_rotations)
    return landmark(place, side, motion.joints, motion.global_rotations, heading)


def series(motion: Motion, of: str) -> Floats:
    """(T,) what a check is about: see docs/authoring.md. Raises ValueError for what it doesn't know."""
    words = of.split()
    if words[0] == "distance" and len(words) == 3:
        return rot.length(point(motion, words[1]) - point(motion, words[2]))
    if words[0] == "bend" and len(words) == 2 and re.search("elbow|knee", words[1]):
        return np.asarray(np.degrees(_bend(motion, words[1])))
    if words[0] in ("head", "chest", "pelvis") and len(words) == 2:
        return np.asarray(_euler(motion, words[0])[:, ("yaw", "pitch", "roll").index(words[1])])
    if words[0] in ("height", "ahead", "out", "lean", "facing", "speed"):
        return _position(motion, words)
    raise ValueError(f"there is no measure {of}")


def _position(motion: Motion, words: list[str]) -> Floats:
    if words[0] == "lean":
        return np.degrees(
            np.arccos(np.clip(rot.normalize(motion.joints[:, JOINT["neck"]] - motion.joints[:, 0])[:, 1], -1, 1))
        )
    heading = heading_of(motion.global_rotations)
    if words[0] == "facing":
        ahead = rot.rotate(heading, np.array([0.0, 0.0, 1.0]))
        angles = np.unwrap(np.arctan2(ahead[:, 0], ahead[:, 2]))
        return np.asarray(np.degrees(angles - angles[0]))
    place = point(motion, words[1])
    if words[0] == "height":
        return np.asarray(place[:, 1])
    if words[0] == "speed":
        return rot.length(np.gradient(place, 1.0 / motion.fps, axis=0))
    frame = heading[:1] if words[2:] == ["world"] else heading
    from_root = place - (motion.joints[:1, 0] if words[2:] == ["world"] else motion.joints[:, 0])
    local = rot.rotate(rot.conjugate(np.broadcast_to(frame, heading.shape)), from_root)
    return np.asarray(
        local[:, 2] if words[0] == "ahead" else local[:, 0] * OUT["left" if "left" in words[1] else "right"]
    )


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


def swings(values: Floats, by: float) -> int:
    """How many strokes of at least `by`, to and fro, a series makes: a nod, down and up again, is two."""
    count, direction, extreme = 0, 0, values[0]
    for value in values[1:]:
        if (direction and (value - extreme) * direction > 0) or (not direction and abs(value - extreme) >= by):
            direction, extreme = direction or int(np.sign(value - extreme)), value
        elif direction and abs(value - extreme) >= by:
            count, direction, extreme = count + 1, -direction, value
    return count + (direction != 0)


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
