"""Hands and feet pinned to places or to objects that move, for a span of frames, by two-bone IK at the end of solving.

A pin holds a point of the hand or foot. Where it holds, the point is on its target exactly, as far as the limb reaches;
before and after, the limb passes over to where it was. Shoulders, hips and everything above them stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..motion import Motion
from ..motion import rotations as rot
from ..motion.skeleton import JOINT_NAMES, PARENTS, rest_joints
from ..motion.smoothing import smoothstep
from ..motion.two_bone_ik import bend_limb
from ..rigs.calibration import Calibration, calibrate_from_rest
from ..rigs.mapping import Mapping, map_rig
from ..rigs.rig import Rig, RigMotion
from ..typing import Floats

LIMBS = {
    "left_hand": ("left_shoulder", "left_elbow", "left_wrist"),
    "right_hand": ("right_shoulder", "right_elbow", "right_wrist"),
    "left_foot": ("left_hip", "left_knee", "left_ankle"),
    "right_foot": ("right_hip", "right_knee", "right_ankle"),
}
"""What can be pinned -> the joints of its limb."""
_HINGES = {"left_hand": (0.0, -1.0, 0.0), "right_hand": (0.0, 1.0, 0.0)}  # of the elbows, in the canonical T-pose
_KNEE = (1.0, 0.0, 0.0)
_PALM = 0.33  # of the forearm's length from the wrist, where no fingers say where the palm is
_FINGERS = 3  # bones that hang from a hand, from which on they are taken for fingers


@dataclass(frozen=True, eq=False)
class Pin:
    """limb: of LIMBS.  first, last: frames of the motion, from 0, from which to which it is held; they may be outside.
    blend: frames before and after.  places: (T, 3) and turns: (T, 4) of the target, in the rig's axes and units.
    hold: whether the point keeps the place relative to the target that it has on the first frame held, instead of being
    on it.  turned: whether the hand or foot keeps its turn relative to the target, too.  joint: whether the wrist or
    ankle is the point, instead of the palm or sole.
    """

    limb: str
    first: int
    last: int
    blend: int
    places: Floats
    turns: Floats
    hold: bool = False
    turned: bool = False
    joint: bool = False


def weights(pin: Pin, frames: int) -> Floats:
    """(T,) from 0, where a pin does nothing, to 1, where it holds.

    >>> still = Pin("left_hand", 3, 5, 2, np.zeros((9, 3)), np.tile(rot.IDENTITY, (9, 1)))
    >>> weights(still, 9).round(2).tolist()
    [0.0, 0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0]
    """
    at = np.arange(frames)
    outside = np.maximum(np.maximum(pin.first - at, at - pin.last), 0)
    return np.asarray(smoothstep(1.0 - outside / max(pin.blend, 1e-9)))


def pinned(rig_motion: RigMotion, rig: Rig, mapping: Mapping, pins: Sequence[Pin]) -> tuple[RigMotion, list[float]]:
    """The motion with its limbs pinned, one pin after the other, and how far each pin's target is out of reach at most,
    in the rig's units; 0.0 where the limb reaches it all along."""
    cal = calibrate_from_rest(rig, mapping) if pins else None
    missed = []
    for pin in pins:
        assert cal is not None
        rig_motion, far = _pinned(rig_motion, rig, mapping, cal, pin)
        missed.append(far)
    return rig_motion, missed


def _pinned(rig_motion: RigMotion, rig: Rig, mapping: Mapping, cal: Calibration, pin: Pin) -> tuple[RigMotion, float]:
    weight = weights(pin, len(rig_motion.basis))
    touched = np.flatnonzero(weight > 0.0)
    if not len(touched):
        return rig_motion, 0.0
    chain = [rig.index[mapping.bones[joint]] for joint in LIMBS[pin.limb]]
    world = rig_motion.global_rotations(rig)  # (T, N, 4)
    start, middle, end = (rig_motion.heads(rig, mapping.root_bone)[:, bone] for bone in chain)
    goal, facing = _goals(pin, rig, chain, end, world[:, chain[2]], weight)
    limb = bend_limb(start, middle, end, goal, _hinge(pin.limb, cal, rig.names[chain[0]], world[:, chain[0]]))
    turns = (limb.upper, limb.lower, rot.multiply(facing, rot.conjugate(world[:, chain[2]])))
    basis = rig_motion.basis.copy()
    basis[touched] = _with_chain(rig, chain, world, turns, rig_motion.basis)[touched]
    held = weight >= 1.0
    far = float(rot.length(limb.end - goal)[held].max(initial=0.0))
    return replace(rig_motion, basis=rot.unflip(basis)), far if far > 1e-6 else 0.0


def _goals(pin: Pin, rig: Rig, chain: list[int], end: Floats, turn: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Where the wrist or ankle has to be (T, 3), and the hand's or foot's global rotation there (T, 4)."""
    offset = np.zeros(3) if pin.joint else grip(pin.limb, rig, chain)
    point = end + rot.rotate(turn, np.broadcast_to(offset, end.shape))
    first = int(np.clip(pin.first, 0, len(end) - 1))
    target, back = pin.places, rot.conjugate(pin.turns[first])
    if pin.hold:
        target = target + rot.rotate(
            pin.turns, np.broadcast_to(rot.rotate(back, point[first] - pin.places[first]), end.shape)
        )
    if pin.turned:
        turn = rot.slerp(turn, rot.multiply(pin.turns, rot.multiply(back, turn[first])), weight)
    goal = point + weight[:, None] * (target - point)
    return goal - rot.rotate(turn, np.broadcast_to(offset, end.shape)), turn


def grip(limb: str, rig: Rig, chain: Sequence[int]) -> Floats:
    """(3,) from the wrist to the palm's middle, or from the ankle down to the sole, in the axes of the hand or foot.

    chain: the limb's three bones.
    """
    _, middle, end = chain
    away = rig.heads[end] - rig.heads[middle]
    if limb.endswith("hand"):
        fingers = [rig.heads[child] for child in rig.children[end]]
        to_palm = _PALM * away
        if len(fingers) >= _FINGERS:
            to_palm = 0.5 * (np.mean(fingers, axis=0) - rig.heads[end])
        return rot.rotate(rot.conjugate(rig.rest_rotations[end]), to_palm)
    up = rig.up if rig.up is not None else 1
    points = rig.low_points if rig.low_points is not None and len(rig.low_points) else rig.heads
    down = np.zeros(3)
    down[up] = min(points[:, up].min() - rig.heads[end, up], 0.0)
    return rot.rotate(rot.conjugate(rig.rest_rotations[end]), down)


def _hinge(limb: str, cal: Calibration, bone: str, world: Floats) -> Floats:
    """(T, 3) the axis about which the limb bends, in the rig's axes: the canonical one, turned with the upper bone."""
    canonical = rot.multiply(rot.multiply(cal.axes, world), rot.conjugate(cal.tpose[bone]))
    axis = np.broadcast_to(np.array(_HINGES.get(limb, _KNEE)), (len(world), 3))
    return rot.rotate(rot.conjugate(cal.axes), rot.rotate(canonical, axis))


def _with_chain(
    rig: Rig, chain: list[int], world: Floats, turns: tuple[Floats, Floats, Floats], basis: Floats
) -> Floats:
    """The basis (T, N, 4) with the chain's bones turned globally; what hangs between and below them goes along."""
    moved = world.copy()
    for bone, turn in zip(chain, turns, strict=True):  # the next bone's turn replaces that of the one above it
        below = rig.descendants(bone)
        moved[:, below] = rot.multiply(turn[:, None], world[:, below])
    out = basis.copy()
    for bone in chain:
        follow = rot.multiply(moved[:, rig.parents[bone]], rig.rest_local[bone])
        out[:, bone] = rot.normalize(rot.multiply(rot.conjugate(follow), moved[:, bone]))
    return out


def pin_motion(motion: Motion, pins: Sequence[Pin]) -> tuple[Motion, list[float]]:
    """A motion on its own body with its limbs pinned. Targets are in its own axes, in metres."""
    rest = rest_joints(motion.offsets)
    rig = Rig(JOINT_NAMES, PARENTS, np.tile(rot.IDENTITY, (len(rest), 1)), rest, rest, up=1)
    solved = RigMotion(motion.rotations, motion.root_position - rest[0], motion.fps)
    solved, missed = pinned(solved, rig, map_rig(rig), pins)
    return replace(motion, rotations=solved.basis), missed
