"""What can be measured on a performance, by the names that checks use: see docs/authoring.md."""

import re

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import JOINT, JOINT_NAMES, SIDES
from ....retarget.typing import Floats
from .body import LANDMARKS, OUT, TOUCH, heading_of, landmark

_ANGLES = ("yaw", "pitch", "roll")


def hand_point(motion: Motion, side: str, touch: str) -> Floats:
    """(T, 3) wrist, palm or fingers in the world."""
    wrist = JOINT[f"{side}_wrist"]
    along = np.array([OUT[side] * TOUCH[touch], 0.0, 0.0])
    place: Floats = motion.joints[:, wrist] + rot.rotate(motion.global_rotations[:, wrist], along)
    return place


def bend(motion: Motion, joint: str) -> Floats:
    """(T,) radians between the two bones of a limb."""
    index = JOINT[joint]
    child = JOINT[joint.replace("elbow", "wrist").replace("knee", "ankle")]
    above = JOINT[joint.replace("elbow", "shoulder").replace("knee", "hip")]
    upper = rot.normalize(motion.joints[:, index] - motion.joints[:, above])
    lower = rot.normalize(motion.joints[:, child] - motion.joints[:, index])
    return np.asarray(np.arccos(np.clip(np.sum(upper * lower, axis=-1), -1.0, 1.0)))


def euler(motion: Motion, part: str) -> Floats:
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
        return np.asarray(np.degrees(bend(motion, words[1])))
    if words[0] in ("head", "chest", "pelvis") and words[1:] and words[1] in _ANGLES:
        return np.asarray(euler(motion, words[0])[:, _ANGLES.index(words[1])])
    if of in ("lean", "facing") or (words[0] in ("height", "ahead", "out", "speed") and words[1:]):
        return _position(motion, words)
    raise ValueError(f"there is no measure {of}")


def _position(motion: Motion, words: list[str]) -> Floats:
    if words[0] == "lean":
        up = rot.normalize(motion.joints[:, JOINT["neck"]] - motion.joints[:, 0])[:, 1]
        return np.asarray(np.degrees(np.arccos(np.clip(up, -1.0, 1.0))))
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


def swings(values: Floats, by: float) -> int:
    """How many strokes of at least `by`, to and fro, a series makes: a nod, down and up again, is two."""
    count, direction, extreme = 0, 0, values[0]
    for value in values[1:]:
        if (direction and (value - extreme) * direction > 0) or (not direction and abs(value - extreme) >= by):
            direction, extreme = direction or int(np.sign(value - extreme)), value
        elif direction and abs(value - extreme) >= by:
            count, direction, extreme = count + 1, -direction, value
    return count + (direction != 0)
