"""IK controls of a control rig from a solved motion: ends that are placed, poles that elbows and knees point at.

Controls are in the space of what they hang from: a bone, or what carries the character. There a point x that follows a
bone moves to head + D (x - rest head), with D the bone's turn away from rest.
"""

from dataclasses import dataclass

import numpy as np

from ..motion import rotations as rot
from ..rigs.rig import Rig, RigMotion
from ..typing import Floats

CARRIER = "the carrier"
_STRAIGHT = 0.08
"""Sine of the angle between upper bone and limb below which the pole increasingly follows the upper bone's roll."""


@dataclass(frozen=True, eq=False)
class IkControl:
    """name: the bone's.  rotation: (4,) and head: (3,) of the bone at rest, in the rig's axes.

    parent: the rig's bone from which the control hangs, "" for none; CARRIER for what carries the character.
    """

    name: str
    rotation: Floats
    head: Floats
    parent: str = CARRIER


@dataclass(frozen=True, eq=False)
class IkLimb:
    """chain: the limb's FK bones.  toe: FK bone and IK control of the toes, if the foot has them.

    pole: None where the limb bends as its bones are keyed.
    tip: (3,) the point at rest that IK brings to the head of the end's control, which is not turned; None for a control
    that moves with the foot or hand as if it were a child of it. A control that is the foot's or hand's own is turned
    with it, and carries that point.
    aim: (3,) the direction at rest that IK turns to the pole, fixed to the upper bone; None for the one in which the
    limb bends.
    """

    chain: tuple[str, str, str]
    end: IkControl
    pole: IkControl | None
    toe: tuple[str, IkControl] | None = None
    tip: Floats | None = None
    aim: Floats | None = None


@dataclass(frozen=True, eq=False)
class Placed:
    """A control's rotation (T, 4) relative to rest, in its own axes, and its offset (T, 3) from its rest head, in the
    rig's axes; None for what is not keyed."""

    control: IkControl
    rotation: Floats | None
    offset: Floats | None


def place_limb(limb: IkLimb, rig: Rig, rig_motion: RigMotion, root_bone: str) -> list[Placed]:
    """Where to put the controls of a limb so that its bones are where the solved motion has them."""
    turned, heads = _hanging_from(limb.end.parent, rig, rig_motion, root_bone)
    middle, end = (rig.index[name] for name in limb.chain[1:])
    foot = turned[:, end]
    if limb.tip is None:
        place = heads[:, end] + rot.rotate(foot, np.broadcast_to(limb.end.head - rig.heads[end], heads[:, end].shape))
    else:
        reach = np.broadcast_to(limb.tip - rig.heads[middle], heads[:, middle].shape)
        place = heads[:, middle] + rot.rotate(turned[:, middle], reach)
        if limb.end.name == limb.chain[2]:
            place = place - rot.rotate(foot, np.broadcast_to(limb.tip - limb.end.head, place.shape))
    turn = _own_axes(foot, limb.end) if limb.tip is None else None
    placed = [Placed(limb.end, turn, place - limb.end.head)]
    if limb.pole is not None:
        placed.append(_place_pole(limb, limb.pole, rig, *_hanging_from(limb.pole.parent, rig, rig_motion, root_bone)))
    if limb.toe is not None:
        bend = rot.multiply(rot.conjugate(foot), turned[:, rig.index[limb.toe[0]]])
        placed.append(Placed(limb.toe[1], _own_axes(bend, limb.toe[1]), None))
    return placed


def _place_pole(limb: IkLimb, pole: IkControl, rig: Rig, turned: Floats, heads: Floats) -> Placed:
    """The pole, as far from the elbow or knee as at rest. turned: (T, N, 4) and heads: (T, N, 3) in its space."""
    upper, middle, end = (rig.index[name] for name in limb.chain)
    away = float(np.linalg.norm(pole.head - rig.heads[middle]))
    points, rest = [heads[:, bone] for bone in (upper, middle, end)], [rig.heads[b] for b in (upper, middle, end)]
    if limb.tip is not None:
        reach = np.broadcast_to(limb.tip - rig.heads[middle], points[1].shape)
        points[2], rest[2] = points[1] + rot.rotate(turned[:, middle], reach), limb.tip
    if limb.aim is None:
        bend = _bend_direction(points, rest, turned[:, upper])
        return Placed(pole, None, points[1] + away * bend - pole.head)
    # Blender turns the limb about the line between its ends until the aim, seen along this line, points at the pole.
    line = rot.normalize(points[2] - points[0])
    across = rot.perpendicular(rot.rotate(turned[:, upper], np.broadcast_to(limb.aim, line.shape)), line)
    base = points[0] + line * np.sum((points[1] - points[0]) * line, axis=-1, keepdims=True)
    return Placed(pole, None, base + away * rot.normalize(across) - pole.head)


def _hanging_from(parent: str, rig: Rig, rig_motion: RigMotion, root_bone: str) -> tuple[Floats, Floats]:
    """Turns away from rest (T, N, 4) and heads (T, N, 3) of all bones, in the space of a control's parent."""
    turned = rot.multiply(rig_motion.global_rotations(rig), rot.conjugate(rig.rest_rotations))
    heads = rig_motion.heads(rig, root_bone)
    carrier = rig_motion.carrier
    if parent in rig.index:
        bone = rig.index[parent]
        back, at = rot.conjugate(turned[:, bone])[:, None], heads[:, bone, None]
        return rot.multiply(back, turned), rot.rotate(back, heads - at) + rig.heads[bone]
    if carrier is None or (parent != CARRIER and carrier.bone is not None):
        return turned, heads
    back = rot.conjugate(carrier.turn)[:, None]
    return rot.multiply(back, turned), rot.rotate(back, heads - carrier.shift[:, None])


def _own_axes(turn: Floats, control: IkControl) -> Floats:
    """Turns (T, 4) in the rig's axes as a pose bone's rotations, in its rest axes."""
    return rot.unflip(rot.multiply(rot.conjugate(control.rotation), rot.multiply(turn, control.rotation)))


def _bend_direction(points: list[Floats], rest: list[Floats], turned: Floats) -> Floats:
    """Directions (T, 3), of unit length, from the line between a limb's start and end to its middle joint.

    points: start, middle and end (T, 3).  rest: the same at rest, (3,).  turned: (T, 4) of the upper bone.
    For a limb that is straight, or bends very slightly the wrong way, it is the direction at rest, rotated with the
    upper bone: a pole on the other side would roll the whole limb over.
    """
    out, sine = _off_line(*points)
    own, _ = _off_line(*rest)
    own = rot.rotate(turned, np.broadcast_to(own, out.shape))
    line = rot.normalize(points[2] - points[0])
    own = rot.normalize(rot.perpendicular(own, line))
    agrees = np.clip(np.sum(out * own, axis=-1) / 0.3, 0.0, 1.0)
    bent = np.clip(sine / _STRAIGHT, 0.0, 1.0) * agrees
    sure = np.maximum(bent, np.clip(sine / _STRAIGHT - 1.0, 0.0, 1.0))[:, None]
    return rot.normalize(sure * out + (1.0 - sure) * own)


def _off_line(start: Floats, middle: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Direction (..., 3) from the line between start and end to the middle, and the sine (...) of the angle between."""
    off = rot.perpendicular(rot.normalize(middle - start), rot.normalize(end - start))
    return rot.normalize(off), rot.length(off)
