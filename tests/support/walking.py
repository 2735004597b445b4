"""A walker from formulas: a pelvis that travels, and feet that stand and swing beneath it."""

import numpy as np

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.feet.legs import place_legs
from motiongpt.retarget.motion.skeleton import JOINT, REST_OFFSETS, rest_joints
from motiongpt.retarget.typing import Floats

STRIDE = 1.0
_STANCE = 0.6


def standing_still(seconds: float = 3.0) -> Motion:
    """A body that stands with its arms down and breathes."""
    return walking(np.zeros(round(seconds * 30.0)))


def walking(travelled: Floats) -> Motion:
    """A walk along +Z at 30 frames a second: travelled (T,) is the pelvis' distance in metres."""
    frames = len(travelled)
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    swing = 0.4 * np.sin(2 * np.pi * travelled / STRIDE)
    for side, down in (("left", -1.3), ("right", 1.3)):
        hang = rot.from_axis_angle((0.0, 0.0, 1.0), np.full(frames, down))
        forward = rot.from_axis_angle((1.0, 0.0, 0.0), swing if side == "left" else -swing)
        rotations[:, JOINT[f"{side}_shoulder"]] = rot.multiply(forward, hang)
    root = np.stack([np.zeros(frames), np.full(frames, 0.9 + 0.0005), travelled], axis=-1)
    root[:, 1] += 0.003 * np.sin(np.arange(frames) / 9.0)
    body = Motion(rotations, root, 30.0, np.zeros((frames, 4)))
    rest = rest_joints(REST_OFFSETS)
    ankles, toes = np.zeros((frames, 2, 3)), np.zeros((frames, 2, 3))
    for side in (0, 1):
        x = rest[JOINT[("left_ankle", "right_ankle")[side]], 0]
        z, height = _foot(travelled, side)
        ankles[:, side] = np.stack([np.full(frames, x), 0.06 + height, z - 0.05], axis=-1)
        toes[:, side] = ankles[:, side] + REST_OFFSETS[JOINT[("left_foot", "right_foot")[side]]]
    return place_legs(body, ankles, toes).with_contacts()


def _foot(travelled: Floats, side: int) -> tuple[Floats, Floats]:
    beat = travelled / STRIDE + side / 2
    count, share = np.floor(beat), beat - np.floor(beat)
    moved = np.clip((share - _STANCE) / (1.0 - _STANCE), 0.0, 1.0)
    eased = moved * moved * (3.0 - 2.0 * moved)
    return (count + _STANCE / 2 - side / 2 + eased) * STRIDE, 0.07 * np.sin(np.pi * moved)


def steady(seconds: float, speed: float = 1.0) -> Floats:
    """Metres (T,) at an even speed."""
    return np.arange(round(seconds * 30.0)) * speed / 30.0


def starting(seconds: float, speed: float = 1.0) -> Floats:
    """Metres (T,) of a second's standing and then a walk."""
    rate = np.clip((np.arange(round(seconds * 30.0)) / 30.0 - 1.0) / 0.8, 0.0, 1.0) * speed
    return np.concatenate([[0.0], np.cumsum(rate[:-1]) / 30.0])


def stopping(seconds: float, speed: float = 1.0) -> Floats:
    """Metres (T,) of a walk that comes to a stand in its last second."""
    rate = np.clip((seconds - 1.0 - np.arange(round(seconds * 30.0)) / 30.0) / 0.8, 0.0, 1.0) * speed
    return np.concatenate([[0.0], np.cumsum(rate[:-1]) / 30.0])
