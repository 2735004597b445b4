"""What checks look at: joints, headings and landmarks of a motion, or of a part of it.

Metres, seconds, degrees; Y up. In the body's own frame left is +X and ahead is +Z, and the pelvis is over the origin.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion import rotations as rot
from ....retarget.motion.skeleton import JOINT, rest_joints
from ....retarget.motion.smoothing import moving_mean
from ....retarget.typing import Bools, Float64s, Floats

HAND = 0.09
"""From the wrist to the middle of the hand."""
_FACE = {
    "mouth": (0.0, 0.02, 0.11), "chin": (0.0, -0.02, 0.09), "face": (0.0, 0.07, 0.11), "brow": (0.0, 0.13, 0.10),
    "eyes": (0.0, 0.09, 0.11), "ear": (0.075, 0.06, 0.02), "head": (0.0, 0.1, 0.03),
    "back of the head": (0.0, 0.09, -0.07),
}  # fmt: skip
"""From the head joint of the rest pose, which lies between the ears' lower ends; the ear is the left one."""
_TRUNK = {"chest": ("spine3", (0.0, 0.07, 0.11)), "belly": ("pelvis", (0.0, 0.12, 0.12))}
_HIP = (0.15, 0.05, 0.02)
LANDMARKS = (*_FACE, *_TRUNK, "hip", "shoulder", "knee", "other shoulder", "other elbow", "other hand")
SMOOTHING = 0.3  # seconds over which the path of the root is averaged, so that it does not follow single steps


@dataclass(frozen=True, eq=False)
class Body:
    """joints: (T, 22, 3) in the world.  turns: (T, 22, 4), each joint relative to the world.  standing: height of the
    pelvis over the lowest joint of the rest pose."""

    joints: Floats
    turns: Floats
    fps: float
    standing: float

    @classmethod
    def of(cls, motion: Motion) -> "Body":
        rest = rest_joints(motion.offsets)
        return cls(motion.joints, motion.global_rotations, motion.fps, -float(rest[:, 1].min()))

    def __len__(self) -> int:
        return len(self.joints)

    @property
    def seconds(self) -> float:
        return len(self) / self.fps

    def part(self, start: int, stop: int) -> "Body":
        """Frames start to stop - 1."""
        return Body(self.joints[start:stop], self.turns[start:stop], self.fps, self.standing)

    def joint(self, name: str) -> Floats:
        """(T, 3)."""
        return np.asarray(self.joints[:, JOINT[name]])

    def rate(self, values: Floats) -> Floats:
        """Change of values (T, ...) a second; 0 of a single frame."""
        return np.gradient(values, 1.0 / self.fps, axis=0) if len(self) > 1 else np.zeros_like(values)

    def frames(self, seconds: float) -> int:
        return max(1, round(seconds * self.fps))

    @cached_property
    def headings(self) -> Float64s:
        """(T,) radians to the left that the hips face, unwrapped: square to the line between them, which
        holds for a body that bends over, too."""
        across = self.joint("left_hip") - self.joint("right_hip")
        angles: Float64s = np.unwrap(np.arctan2(-across[:, 2], across[:, 0]))
        return angles

    def own(self, points: Floats) -> Floats:
        """World points (T, 3) in the body's own frame; heights stay over the floor."""
        away = points - self.joints[:, 0] * (1.0, 0.0, 1.0)
        return self.own_direction(away)

    def own_direction(self, vectors: Floats) -> Floats:
        """World vectors (T, 3) in the body's heading."""
        sin, cos = np.sin(self.headings), np.cos(self.headings)
        x, y, z = vectors.T
        return np.stack([x * cos - z * sin, y, x * sin + z * cos], axis=-1)

    @cached_property
    def path(self) -> Floats:
        """(T, 2) the pelvis over the floor, smoothed."""
        return moving_mean(self.joints[:, 0][:, [0, 2]], self.frames(SMOOTHING))

    @cached_property
    def velocity(self) -> Floats:
        """(T, 2) of the path in the body's heading, m/s: to the left, ahead."""
        if len(self) < 2:
            return np.zeros((len(self), 2))
        v = np.gradient(self.path, 1.0 / self.fps, axis=0)
        return self.own_direction(np.stack([v[:, 0], np.zeros(len(v)), v[:, 1]], axis=-1))[:, [0, 2]]

    @cached_property
    def speed(self) -> Floats:
        """(T,) of the path, m/s."""
        return rot.length(self.velocity)

    @cached_property
    def joint_speeds(self) -> Floats:
        """(T, 22) m/s."""
        if len(self) < 2:
            return np.zeros(self.joints.shape[:2])
        return rot.length(np.gradient(self.joints, 1.0 / self.fps, axis=0))

    @cached_property
    def pelvis(self) -> Floats:
        """(T,) height of the pelvis as a share of that of standing straight."""
        return np.asarray(self.joints[:, 0, 1] / self.standing)

    @cached_property
    def trunk(self) -> Floats:
        """(T, 3) unit vector from pelvis to neck in the body's own frame."""
        return self.own_direction(rot.normalize(self.joint("neck") - self.joint("pelvis")))

    @cached_property
    def lean(self) -> Floats:
        """(T,) degrees that the trunk leans from upright, in any direction."""
        return np.asarray(np.degrees(np.arccos(np.clip(self.trunk[:, 1], -1.0, 1.0))))

    def turned(self, joint: str, vector: tuple[float, float, float]) -> Floats:
        """(T, 3) where a vector of the rest pose points now, in the world."""
        return rot.rotate(self.turns[:, JOINT[joint]], np.asarray(vector))

    def hand(self, side: str) -> Floats:
        """(T, 3) the middle of a hand."""
        way = HAND if side == "left" else -HAND
        return self.joint(f"{side}_wrist") + self.turned(f"{side}_wrist", (way, 0.0, 0.0))

    def landmark(self, name: str, side: str) -> Floats:
        """(T, 3) a place of LANDMARKS that the hand of `side` may touch."""
        sign, other = (1.0, "right") if side == "left" else (-1.0, "left")
        if name in _FACE:
            x, y, z = _FACE[name]
            return self.joint("head") + self.turned("head", (x * sign, y, z))
        if name in _TRUNK:
            joint, vector = _TRUNK[name]
            return self.joint(joint) + self.turned(joint, vector)
        if name == "hip":
            x, y, z = _HIP
            return self.joint("pelvis") + self.turned("pelvis", (x * sign, y, z))
        if name == "other hand":
            return self.hand(other)
        return self.joint(f"{other}_{name.split()[1]}" if name.startswith("other ") else f"{side}_{name}")

    def extension(self, side: str) -> Floats:
        """(T,) distance from shoulder to wrist as a share of the straight arm's."""
        shoulder, elbow, wrist = (self.joint(f"{side}_{j}") for j in ("shoulder", "elbow", "wrist"))
        whole = rot.length(elbow - shoulder) + rot.length(wrist - elbow)
        return np.asarray(rot.length(wrist - shoulder) / whole)


def held(body: Body, flags: Bools, seconds: float) -> bool:
    """Whether the flags (T,) are all set over some stretch of at least `seconds`, or of all of a shorter body."""
    return longest(flags) >= min(body.frames(seconds), len(body))


def longest(flags: Bools) -> int:
    """Frames of the longest stretch of set flags (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def spells(flags: Bools) -> list[tuple[int, int]]:
    """(start, stop) of every stretch of set flags (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def swings(values: Floats, width: float) -> int:
    """How many rises and falls of at least `width` follow each other in values (T,)."""
    count, direction, low, high = 0, 0, values[0], values[0]
    for value in values[1:]:
        low, high = min(low, value), max(high, value)
        if direction <= 0 and value - low >= width:
            count, direction, low, high = count + 1, 1, value, value
        elif direction >= 0 and high - value >= width:
            count, direction, low, high = count + 1, -1, value, value
        elif direction > 0:
            low = high
        elif direction < 0:
            high = low
    return count


def peaks(values: Floats, drop: float) -> list[int]:
    """Frames of the maxima of values (T,) that rise by `drop` from the minimum before and fall by as much after, or by
    half as much at the ends, where a motion may begin or stop in the middle."""
    found: list[int] = []
    rising, low, best = False, float(values[0]), 0
    for t, value in enumerate(values):
        if not rising:
            low = min(low, value)
            if value - low >= drop:
                rising, best = True, t
        elif value > values[best]:
            best = t
        elif values[best] - value >= drop:
            found.append(best)
            rising, low = False, float(value)
    if rising and values[best] - values[-1] >= 0.5 * drop:
        found.append(best)
    return found


def other_side(side: str) -> str:
    return "right" if side == "left" else "left"


def sided(which: str, test: Mapping[str, bool]) -> bool:
    """Whether the sides pass that `which` names: left, right, either or both; "only left" also asks that the right one
    fails, and "one" that just one of them passes."""
    if which.startswith("only "):
        side = which.removeprefix("only ")
        return test[side] and not test[other_side(side)]
    if which == "one":
        return test["left"] != test["right"]
    if which == "both":
        return test["left"] and test["right"]
    return any(test.values()) if which == "either" else test[which]


def counted(which: str, found: Mapping[str, int], count: tuple[int, int]) -> bool:
    """Whether the sides that `which` names, as in `sided`, have count[0] to count[1] of something; for "either", both
    together."""
    if which == "either":
        return count[0] <= sum(found.values()) <= count[1]
    if which.startswith("only ") and found[other_side(which.removeprefix("only "))]:
        return False
    return sided(which.removeprefix("only "), {side: count[0] <= n <= count[1] for side, n in found.items()})
