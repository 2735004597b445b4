"""A pose bone's rotation as its mode stores it: quaternion, axis and angle, or Euler angles of any order, and back.

Blender names an Euler order by the axes as they are applied, so "XYZ" is the product Z Y X of rotations.
"""

from typing import Any, cast

import numpy as np
from mathutils import Euler, Quaternion

from ...retarget.motion import rotations as rot
from ...retarget.typing import Floats

PROPERTIES = {"QUATERNION": "rotation_quaternion", "AXIS_ANGLE": "rotation_axis_angle"}
_JUMP = 1.5
"""Radians of an angle, or length of an axis: channels that differ by more write a rotation in another way."""


def rotation_property(mode: str) -> str:
    """The property that holds the rotation of a bone in this mode."""
    return PROPERTIES.get(mode, "rotation_euler")


def from_quaternions(mode: str, basis: Floats) -> Floats:
    """Continuous values (T, 3 or 4), as the mode's property holds them, of quaternions (T, 4)."""
    return through_given(mode, basis, {})[0]


def through_given(mode: str, basis: Floats, given: dict[int, Floats]) -> tuple[Floats, list[int]]:
    """Values (T, 3 or 4) of quaternions (T, 4), continuous in time, that are exactly `given` at those frames.

    One rotation can be written in many ways (q and -q, Euler angles a whole turn apart). Each given value's way is kept
    until the next given value; where that one is written in another way, the values jump to it. Also returns the frames
    of these jumps.
    """
    order = sorted(given)
    if mode == "QUATERNION":
        return _signed(basis, [(frame, given[frame]) for frame in order])
    values = np.empty((len(basis), 3 if rotation_property(mode) == "rotation_euler" else 4))
    start = order[0] if order else 0
    values[start] = given[start] if order else _next(mode, basis[0], None)
    for frame in range(start - 1, -1, -1):
        values[frame] = _next(mode, basis[frame], values[frame + 1])
    jumps = []
    for frame in range(start + 1, len(basis)):
        values[frame] = _next(mode, basis[frame], values[frame - 1])
        if frame in given:
            if np.abs(values[frame] - given[frame]).max() > _JUMP:
                jumps.append(frame)
            values[frame] = given[frame]
    return values, jumps


def _signed(basis: Floats, given: list[tuple[int, Floats]]) -> tuple[Floats, list[int]]:
    """`through_given` for quaternions, whose two ways of writing a rotation differ in sign."""
    values = rot.unflip(basis)
    signs = [1.0 if values[frame] @ value >= 0.0 else -1.0 for frame, value in given]
    sign = np.full(len(values), signs[0] if signs else 1.0)
    for (frame, _), own in zip(given, signs, strict=True):
        sign[frame:] = own
    values *= sign[:, None]
    for frame, value in given:
        values[frame] = value
    return values, [given[i][0] for i in range(1, len(given)) if signs[i] != signs[i - 1]]


def to_quaternions(mode: str, values: Floats) -> Floats:
    """Unit quaternions (T, 4) of values (T, 3 or 4) of the mode's property; the inverse of `from_quaternions`."""
    if mode == "QUATERNION":
        length = np.linalg.norm(values, axis=-1, keepdims=True)
        return np.where(length > 1e-9, values / np.maximum(length, 1e-9), rot.IDENTITY)
    if mode == "AXIS_ANGLE":
        axis = values[:, 1:]
        length = np.linalg.norm(axis, axis=-1, keepdims=True)
        return rot.from_axis_angle(np.where(length > 1e-9, axis / np.maximum(length, 1e-9), (0.0, 1.0, 0.0)),
                                   values[:, 0])  # fmt: skip
    order = mode[::-1]
    return rot.from_euler(np.stack([values[:, "XYZ".index(axis)] for axis in order], axis=-1), order)


def _next(mode: str, q: Floats, before: Floats | None) -> Floats:
    """The angles, or axis and angle, of a quaternion (4,); of all equivalent ones, those nearest to `before`."""
    if mode == "AXIS_ANGLE":
        sine = float(np.linalg.norm(q[1:]))
        axis = q[1:] / sine if sine > 1e-9 else np.array([0.0, 1.0, 0.0])
        angle = 2.0 * np.arctan2(sine, q[0])
        if before is None:
            return np.array([angle, *axis])
        if sine <= 1e-9:  # a zero rotation has no axis: keep the previous one
            axis = before[1:]
        elif axis @ before[1:] < 0.0:
            angle, axis = -angle, -axis
        angle += 2.0 * np.pi * np.round((before[0] - angle) / (2.0 * np.pi))
        return np.array([angle, *axis])
    order = cast(Any, mode)  # one of the six that Blender's stubs list
    previous = Euler((0.0, 0.0, 0.0) if before is None else before.tolist(), order)
    return np.array(Quaternion(q.tolist()).to_euler(order, previous))
