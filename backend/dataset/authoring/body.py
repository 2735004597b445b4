"""Places on the body and around it, and the frames that offsets are given in.

Points (T, 3) are in the world, metres. `world` are the joints' global rotations (T, 22, 4), `joints` their positions.
"""

from typing import Literal

import numpy as np

from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import ARM, JOINT, REST_OFFSETS
from ....retarget.typing import Floats

Amount = float | tuple[float, float]
"""A number, or the two ends of a range that it is drawn from."""
Vector = tuple[Amount, Amount, Amount]
"""(out, up, ahead)."""
Direction = Literal["out", "in", "up", "down", "ahead", "back"] | Vector

ARM_LENGTH = float(sum(np.linalg.norm(REST_OFFSETS[JOINT[f"left_{name}"]]) for name in ARM[1:]))
TOUCH = {"wrist": 0.0, "palm": 0.085, "fingers": 0.17}
"""Metres from the wrist to what of the hand touches."""
OTHER = {"left": "right", "right": "left"}
OUT = {"left": 1.0, "right": -1.0}
"""The sign of x that is away from the body's middle."""

# Joint that the place moves with ("own" and "other" are sides), and the place from it in the T-pose, metres:
# away from the middle on the joint's own side, up, ahead. Sizes are those of an adult of the canonical body.
LANDMARKS: dict[str, tuple[str, tuple[float, float, float]]] = {
    "ear": ("head", (0.085, 0.055, 0.01)),
    "temple": ("head", (0.085, 0.11, 0.06)),
    "cheek": ("head", (0.065, 0.03, 0.085)),
    "eye": ("head", (0.035, 0.085, 0.105)),
    "brow": ("head", (0.03, 0.125, 0.1)),
    "forehead": ("head", (0.0, 0.145, 0.1)),
    "nose": ("head", (0.0, 0.05, 0.135)),
    "mouth": ("head", (0.0, 0.01, 0.12)),
    "chin": ("head", (0.0, -0.045, 0.1)),
    "crown": ("head", (0.0, 0.22, 0.0)),
    "nape": ("head", (0.0, 0.02, -0.1)),
    "neck": ("neck", (0.0, 0.03, 0.09)),
    "chest": ("spine3", (0.0, 0.09, 0.15)),
    "breast": ("spine3", (0.09, 0.09, 0.15)),
    "belly": ("spine1", (0.0, 0.0, 0.16)),
    "back": ("spine2", (0.0, 0.0, -0.15)),
    "hips": ("pelvis", (0.19, 0.07, 0.02)),
    "groin": ("pelvis", (0.0, -0.08, 0.15)),
    "shoulder": ("own_shoulder", (0.0, 0.0, 0.0)),
    "other_shoulder": ("other_shoulder", (0.02, 0.04, 0.05)),
    "other_upper_arm": ("other_shoulder:other_elbow", (0.0, 0.0, 0.06)),
    "other_elbow": ("other_elbow", (0.0, 0.0, 0.0)),
    "other_forearm": ("other_elbow:other_wrist", (0.0, 0.05, 0.0)),
    "other_wrist": ("other_wrist", (0.0, 0.0, 0.0)),
    "other_hand": ("other_wrist", (0.085, 0.0, 0.0)),
    "thigh": ("own_hip:own_knee", (0.0, 0.0, 0.08)),
    "knee": ("own_knee", (0.0, 0.0, 0.07)),
    "other_knee": ("other_knee", (0.0, 0.0, 0.07)),
    "shin": ("own_knee:own_ankle", (0.0, 0.0, 0.06)),
    "foot": ("own_foot", (0.0, 0.02, 0.05)),
    "floor": ("floor", (0.0, 0.0, 0.0)),
    "hang": ("own_shoulder", (0.12, -0.5, 0.02)),
}
"""Names of places that a hand can go to."""
_MIRRORED = {f"other_{name}": name for name in ("ear", "temple", "cheek", "eye", "brow", "breast", "hips", "thigh")}
LANDMARKS |= {name: LANDMARKS[own] for name, own in _MIRRORED.items() if name not in LANDMARKS}

_DIRECTIONS = {
    "out": (1.0, 0.0, 0.0), "in": (-1.0, 0.0, 0.0), "up": (0.0, 1.0, 0.0),
    "down": (0.0, -1.0, 0.0), "ahead": (0.0, 0.0, 1.0), "back": (0.0, 0.0, -1.0),
}  # fmt: skip


def number(drawn: Amount) -> float:
    """An amount of a take, whose ranges have all been drawn."""
    return drawn[0] if isinstance(drawn, tuple) else drawn


def sideways(vector: Floats, side: str) -> Floats:
    """(out, up, ahead) of a side as (x, y, z)."""
    return np.asarray(vector, np.float64) * (OUT[side], 1.0, 1.0)


def direction_of(direction: Direction, side: str) -> Floats:
    """The (x, y, z) of a direction's name or vector, of unit length."""
    vector = _DIRECTIONS[direction] if isinstance(direction, str) else direction
    return rot.normalize(sideways(np.asarray(vector, np.float64), side))


def heading_of(world: Floats) -> Floats:
    """(T, 4) the turn about Y to where the pelvis faces; from its sides, so it holds for a body on its back too."""
    left = rot.rotate(world[:, 0], np.array([1.0, 0.0, 0.0]))
    return rot.from_axis_angle((0.0, 1.0, 0.0), np.arctan2(-left[:, 2], left[:, 0]))


def landmark(name: str, side: str, joints: Floats, world: Floats, heading: Floats) -> Floats:
    """(T, 3): a place of `LANDMARKS` for the hand of that side. heading: (T, 4), for places on the floor."""
    where, offset = LANDMARKS[name]
    names = [part.replace("own_", f"{side}_").replace("other_", f"{OTHER[side]}_") for part in where.split(":")]
    on = OTHER[side] if name in _MIRRORED or where.startswith("other_") else side
    moved = sideways(np.array(offset), on)
    if where == "floor":
        under = joints[:, JOINT[f"{side}_hip"]] * (1.0, 0.0, 1.0)
        return under + rot.rotate(heading, np.broadcast_to(moved, under.shape))
    places = np.mean([joints[:, JOINT[n]] for n in names], axis=0)
    return np.asarray(places + rot.rotate(world[:, JOINT[names[0]]], np.broadcast_to(moved, places.shape)))


def needs_other_hand(name: str) -> bool:
    """Whether a place lies on the other arm, which is then posed first."""
    return name in ("other_upper_arm", "other_elbow", "other_forearm", "other_wrist", "other_hand")


def swivel(start: Floats, middle: Floats, end: Floats, pole: Floats, weight: Floats) -> Floats:
    """Turns (T, 4) about the line from start to end that bring a limb's middle joint towards the pole (T, 3), as far
    as weight (T,) says."""
    axis = rot.normalize(end - start)
    now, wanted = rot.perpendicular(middle - start, axis), rot.perpendicular(rot.normalize(pole), axis)
    sine = np.sum(rot.cross(now, wanted) * axis, axis=-1)
    angle = np.unwrap(np.arctan2(sine, np.sum(now * wanted, axis=-1)))
    angle -= 2 * np.pi * np.round(float(np.median(angle)) / (2 * np.pi))
    # Along its own axis a limb can't be swivelled to a pole: the closer to that, the less is done.
    trust = np.clip(rot.length(wanted) / 0.35, 0.0, 1.0) * np.clip(rot.length(now) / 0.02, 0.0, 1.0)
    return rot.from_axis_angle(axis, angle * weight * trust)
