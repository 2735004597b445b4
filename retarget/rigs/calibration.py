"""Calibration: how a rig's bones are oriented when the canonical skeleton stands in its T-pose.

Let A be the turn from the rig's axes to the canonical ones, G_j a joint's canonical global rotation, and B_j the global
rotation of its bone, in canonical axes. Both describe the same limb, so B_j(t) = G_j(t) T_j with T_j constant: the
bone's orientation in the T-pose. With T_j known, motion goes either way:  B = G T  and  G = B T^-1.

From a rest pose R_j that is not a T:  T_j = C_j A R_j, where C_j turns the limb from its direction at rest to that in
the T-pose: first with its parent limb, then by the shortest way, so that a bent elbow straightens about its hinge. C is
the identity for torso, head and feet, whose rest orientation is that of the T-pose.

Many BVH files have no meaningful rest pose: with all rotations zero, the bones of a chain lie along one axis. There T_j
is estimated from the motion. Such skeletons come from tools whose joint axes are parallel to the world's in the T-pose,
so T_j is the one of the 24 axis permutations that is nearest to what the frames suggest, turned so that the limb's own
axis lies along its direction in the T-pose.
"""

import itertools
from dataclasses import dataclass, replace

import numpy as np

from ..errors import MotionGPTError
from ..motion import rotations as rot
from ..motion.skeleton import JOINT, LEG, LEG_LENGTH, LIMB_BONES, NEXT_JOINT, REST_OFFSETS, SIDES
from ..typing import Floats
from .mapping import Mapping
from .rig import Rig
from .upright import find_up, nearest_axis, standing, torso_and_legs


@dataclass(frozen=True, eq=False)
class Calibration:
    """axes: (4,) turn from the rig's axes to the canonical ones.  tpose: bone name -> T_j (4,).
    scale: canonical metres per rig unit, by leg length."""

    axes: Floats
    tpose: dict[str, Floats]
    scale: float


def _limbs(mapping: Mapping) -> list[tuple[str, str, str, str]]:
    """(kind, joint, bone, the bone that it points at) of every limb that has both ends."""
    out = []
    for side in SIDES:
        for kind, aim in NEXT_JOINT.items():
            joint, target = f"{side}_{kind}", f"{side}_{aim}"
            if joint in mapping.bones and target in mapping.bones:
                out.append((kind, joint, mapping.bones[joint], mapping.bones[target]))
    return out


def _aim_direction(joint: str) -> Floats:
    """The direction (3,) of a joint's limb in the canonical T-pose."""
    side, kind = joint.split("_")
    return rot.normalize(REST_OFFSETS[JOINT[f"{side}_{NEXT_JOINT[kind]}"]])


def _scale(rig: Rig, mapping: Mapping) -> float:
    """Canonical metres per rig unit, by the mean length of the legs. Raises MotionGPTError for legs without length."""
    total = 0.0
    for side in SIDES:
        hip, knee, ankle = (rig.heads[rig.index[mapping.bones[f"{side}_{k}"]]] for k in LEG)
        total += float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))
    if not total > 1e-9:
        raise MotionGPTError("Its legs have no length in the rest pose.", "Export it with the rest pose.", "no_pose")
    return LEG_LENGTH / (total / 2)


def _axes(left: Floats, up: Floats) -> Floats:
    """Turns (..., 4) to canonical axes from axes in which left is (..., 3) and up is (3,)."""
    left = rot.normalize(rot.perpendicular(left, up))
    rows = np.stack([left, np.broadcast_to(up, left.shape), np.cross(left, up)], axis=-2)
    return rot.from_matrix(rows)


def stands_at_rest(rig: Rig, mapping: Mapping) -> bool:
    """Whether the rest pose is that of a standing person: shoulders opposite the feet, left and right apart."""
    left, upward, down = torso_and_legs(rig, mapping, rig.heads)
    return bool(np.sum(upward * down) < -0.7 and np.linalg.norm(left) > 1.2 and abs(np.sum(left * upward)) < 0.7)


def calibrate(rig: Rig, mapping: Mapping, rotations: Floats, heads: Floats) -> Calibration:
    """For frames of motion, by the rest pose if that stands, and by the frames otherwise; the frames alone say what
    is up in them.

    rotations: (T, N, 4) global, of the bones, and heads: (T, N, 3) of their joints, in the rig's axes. Clips of one
    skeleton are best taken together.  Raises MotionGPTError for a skeleton whose legs have no length.
    """
    if not stands_at_rest(rig, mapping):
        return calibrate_from_motion(rig, mapping, rotations, heads)
    by_rest = calibrate_from_rest(rig, mapping)
    rest_up = rest_axis(rig, mapping)
    up = find_up(rig, mapping, heads, by_rest.scale, rest_up)
    return by_rest if up @ rest_up > 0.5 else replace(by_rest, axes=_any_heading(up))


def _any_heading(up: Floats) -> Floats:
    """A turn (4,) to canonical axes from axes in which up is (3,), a signed axis."""
    return _axes(nearest_axis(np.cross(up, np.roll(up, 1))), up)


def rest_axis(rig: Rig, mapping: Mapping) -> Floats:
    """The axis (3,) along which a rest pose stands."""
    _, upward, _ = torso_and_legs(rig, mapping, rig.heads)
    return np.asarray(np.eye(3)[rig.up]) if rig.up is not None else nearest_axis(upward)


def calibrate_from_rest(rig: Rig, mapping: Mapping) -> Calibration:
    """For a rig whose rest pose is that of a person, in T, A or any other stance on flat feet."""
    left, _, _ = torso_and_legs(rig, mapping, rig.heads)
    up = rest_axis(rig, mapping)
    snapped = nearest_axis(left - up * (left @ up))
    left = snapped if rot.normalize(left) @ snapped > 0.99 else left  # mocap skeletons are askew by millimetres
    axes = _axes(left, up)
    rest = rot.multiply(axes, rig.rest_rotations)  # (N, 4)
    correction: dict[str, Floats] = {}
    for kind, joint, bone, target in _limbs(mapping):
        if kind in LIMB_BONES:
            along = rot.rotate(axes, rig.heads[rig.index[target]] - rig.heads[rig.index[bone]])
            parent = {"knee": "hip", "elbow": "shoulder"}.get(kind, "")
            carried = correction.get(joint.replace(kind, parent) if parent else "", rot.IDENTITY)
            shortest = rot.between(rot.rotate(carried, along), _aim_direction(joint))
            correction[joint] = rot.multiply(shortest, carried)
    for side in SIDES:  # a hand is in line with its forearm
        if f"{side}_elbow" in correction:
            correction[f"{side}_wrist"] = correction[f"{side}_elbow"]
    tpose = {bone: rest[rig.index[bone]] for bone in mapping.driven}
    for joint, turn in correction.items():
        bone = mapping.bones[joint]
        tpose[bone] = rot.multiply(turn, tpose[bone])
    return Calibration(axes, tpose, _scale(rig, mapping))


def _permutations() -> Floats:
    """The 24 rotations (24, 3, 3) that take axes to axes."""
    out = []
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            m = np.zeros((3, 3))
            m[range(3), order] = signs
            if np.linalg.det(m) > 0:
                out.append(m)
    return np.array(out)


_PERMUTATIONS = _permutations()


def _vote(rotations: Floats) -> Floats:
    """The axis permutation (4,) that is nearest to most rotations (K, 4)."""
    traces = np.einsum("pij,kij->kp", _PERMUTATIONS, rot.to_matrix(rotations))
    return rot.from_matrix(_PERMUTATIONS[np.argmax(np.clip(traces, 0.0, None).sum(axis=0))])


def _flat_foot(goal: Floats, along: Floats, shin: Floats) -> Floats:
    """The direction (3,) from ankle to toe of a foot flat on the floor: the T-pose's `goal` (3,) seen from above, with
    the slope that this skeleton's feet have in the frames whose shin is upright; `goal` itself where there are none.

    along, shin: (F, 3) directions of foot and shin in canonical axes.
    """
    upright = along[shin[:, 1] < -0.97]
    if not len(upright):
        return goal
    slope = float(np.median(upright[:, 1]))
    level = rot.normalize(goal * np.array([1.0, 0.0, 1.0]))
    return np.asarray(level * np.sqrt(1.0 - slope**2) + np.array([0.0, slope, 0.0]))


def calibrate_from_motion(rig: Rig, mapping: Mapping, global_rotations: Floats, heads: Floats) -> Calibration:
    """For a rig without a meaningful rest pose, from T frames of motion.

    global_rotations: (T, N, 4) of the bones and heads: (T, N, 3) of their joints, in the rig's axes. The more of the
    motion is upright, the more reliable the result: clips of one skeleton are best taken together. Where none of it is,
    as in a crawl, every frame is seen from its own torso.
    """
    scale = _scale(rig, mapping)
    left, upward, down = torso_and_legs(rig, mapping, heads)
    up = np.eye(3)[rig.up] if rig.up is not None else find_up(rig, mapping, heads, scale, None)
    upright = np.flatnonzero(standing(upward, down, up))
    frames = upright if len(upright) else np.arange(len(heads))
    axes = _axes(left[frames], up if len(upright) else upward)  # (F, 4)
    posed = rot.multiply(axes[:, None], global_rotations[frames])  # (F, N, 4)
    tpose = {bone: _vote(posed[:, rig.index[bone]]) for bone in mapping.driven}
    for kind, joint, bone, target in _limbs(mapping):
        i, k = rig.index[bone], rig.index[target]
        goal = _aim_direction(joint)
        along = rot.rotate(axes, heads[frames, k] - heads[frames, i])  # (F, 3)
        if kind == "ankle":
            knee = rig.index[mapping.bones[joint.replace("ankle", "knee")]]
            shin = rot.rotate(axes, heads[frames, i] - heads[frames, knee])
            goal = _flat_foot(goal, rot.normalize(along), rot.normalize(shin))
        turned = rot.multiply(rot.between(along, goal), posed[:, i])
        # The nearer a limb is to its direction in the T-pose, the less the shortest turn can get the twist wrong.
        near = np.argsort(-(rot.normalize(along) @ goal))[: max(1, len(frames) // 10)]
        snapped = _vote(turned[near])
        own = rot.rotate(rot.conjugate(global_rotations[frames[0], i]), heads[frames[0], k] - heads[frames[0], i])
        tpose[bone] = rot.multiply(rot.between(rot.rotate(snapped, own), goal), snapped)
        if kind == "elbow":
            wrist = mapping.bones[joint.replace("elbow", "wrist")]
            tpose[wrist] = _vote(rot.multiply(rot.between(along, goal), posed[:, rig.index[wrist]])[near])
    return Calibration(_any_heading(up), tpose, scale)
