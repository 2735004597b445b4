"""Changes to a body's posture, laid over recorded motion: bent spine, amplified swings, arms held or borrowed.

Directions are in the chest's own axes: x to the character's left, y up, z ahead.
"""

from dataclasses import replace

import numpy as np

from .....retarget.motion import Motion
from .....retarget.motion import rotations as rot
from .....retarget.motion.skeleton import JOINT, SIDES, SPINE
from .....retarget.motion.smoothing import moving_mean
from .....retarget.typing import Floats

_X, _Y, _Z = np.eye(3)
Direction = tuple[float, float, float]


def tilted(motion: Motion, forward: Floats | float = 0.0, left: Floats | float = 0.0, head: float = 0.5) -> Motion:
    """The spine bent by these degrees (T,), spread over its joints; the head gives back a share of them."""
    count = len(motion)
    pitch = np.radians(np.broadcast_to(np.asarray(forward, dtype=float), count)) / len(SPINE)
    roll = np.radians(np.broadcast_to(np.asarray(left, dtype=float), count)) / len(SPINE)
    rotations = motion.rotations.copy()
    turn = rot.multiply(rot.from_axis_angle(_X, pitch), rot.from_axis_angle(_Z, -roll))
    for name in SPINE:
        rotations[:, JOINT[name]] = rot.multiply(rotations[:, JOINT[name]], turn)
    back = rot.multiply(rot.from_axis_angle(_X, -3 * pitch * head / 2), rot.from_axis_angle(_Z, 3 * roll * head / 2))
    for name in ("neck", "head"):
        rotations[:, JOINT[name]] = rot.multiply(rotations[:, JOINT[name]], back)
    return replace(motion, rotations=rot.unflip(rotations))


def turned(motion: Motion, joint: str, axis: str, degrees: Floats | float) -> Motion:
    """One joint turned about its own axis "x", "y" or "z" by these degrees (T,)."""
    rotations = motion.rotations.copy()
    angle = np.broadcast_to(np.radians(np.asarray(degrees, dtype=float)), len(motion))
    turn = rot.from_axis_angle({"x": _X, "y": _Y, "z": _Z}[axis], angle)
    rotations[:, JOINT[joint]] = rot.multiply(rotations[:, JOINT[joint]], turn)
    return replace(motion, rotations=rot.unflip(rotations))


def amplified(motion: Motion, joints: tuple[str, ...], times: float) -> Motion:
    """The joints' swings about their mean pose, larger or smaller."""
    rotations = rot.unflip(motion.rotations)
    out = rotations.copy()
    for name in joints:
        joint = JOINT[name]
        mean = rot.normalize(rotations[:, joint].mean(axis=0))
        swing = rot.to_rotation_vector(rot.multiply(rot.conjugate(mean), rotations[:, joint]))
        out[:, joint] = rot.multiply(mean, rot.from_rotation_vector(times * swing))
    return replace(motion, rotations=rot.unflip(out))


def arm_held(motion: Motion, side: str, upper: Direction, lower: Direction, weight: float = 1.0) -> Motion:
    """An arm held with its upper and lower bones along these directions; x is away from the body on either side.

    weight: from 0, the arm's own movement, to 1.
    """
    out = 1.0 if side == "left" else -1.0
    along = np.array([out, 0.0, 0.0])  # of the arm's bones in the T-pose
    first, second = (rot.normalize(np.array(d) * [out, 1.0, 1.0]) for d in (upper, lower))
    upper_turn = rot.between(along, first)
    lower_turn = rot.multiply(rot.between(first, second), upper_turn)
    world = motion.global_rotations
    chest, collar = world[:, JOINT["spine3"]], world[:, JOINT[f"{side}_collar"]]
    rotations = motion.rotations.copy()
    held = {
        f"{side}_shoulder": rot.multiply(rot.conjugate(collar), rot.multiply(chest, upper_turn)),
        f"{side}_elbow": np.tile(rot.multiply(rot.conjugate(upper_turn), lower_turn), (len(motion), 1)),
    }
    for name, value in held.items():
        own = rotations[:, JOINT[name]]
        rotations[:, JOINT[name]] = rot.slerp(own, value, np.full(len(motion), weight))
    return replace(motion, rotations=rot.unflip(rot.normalize(rotations)))


def arms_held(motion: Motion, upper: Direction, lower: Direction, weight: float = 1.0) -> Motion:
    """Both arms held."""
    for side in SIDES:
        motion = arm_held(motion, side, upper, lower, weight)
    return motion


def arms_of(motion: Motion, other: Motion, sides: tuple[str, ...]) -> Motion:
    """The arms of another motion, as they stand in the world about a body that faces the same way: the chest's own
    sway does not carry over. The shorter of the two motions ends it."""
    count = min(len(motion), len(other))
    motion, other = motion.slice(0, count), other.slice(0, count)
    rotations = motion.rotations.copy()
    for side in sides:
        for part in ("collar", "shoulder", "elbow", "wrist"):
            rotations[:, JOINT[f"{side}_{part}"]] = other.rotations[:, JOINT[f"{side}_{part}"]]
    return replace(motion, rotations=rot.unflip(rotations))


def noise(count: int, fps: float, seconds: float, rng: np.random.Generator) -> Floats:
    """(count,) smooth noise of standard deviation 1 that changes over about that many seconds."""
    width = max(3, round(seconds * fps / 2))
    values = rng.standard_normal(count + 4 * width)
    for _ in range(3):
        values = moving_mean(values, width)
    values = values[2 * width : 2 * width + count]
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-9))
