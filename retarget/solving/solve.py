"""Motion from the canonical skeleton to a rig, and back. See `calibration` for the algebra."""

from dataclasses import replace

import numpy as np

from ..motion import Motion, find_contacts
from ..motion import rotations as rot
from ..motion.skeleton import JOINT, JOINT_COUNT, PARENTS, REST_OFFSETS
from ..rigs.calibration import Calibration, calibrate_from_rest
from ..rigs.mapping import Mapping
from ..rigs.rig import Rig, RigMotion, basis_of
from ..typing import Floats
from .fit import fit_to_rig, toe_to_ankle

_SPINE = ("pelvis", "spine1", "spine2", "spine3")
_NECK = ("spine3", "neck", "head")


def _along(chain: Floats, positions: Floats) -> Floats:
    """Rotations (T, K, 4) at fractional places `positions` (K,) of a chain of rotations (T, n, 4), by slerp."""
    low = np.clip(np.floor(positions + 1e-9).astype(int), 0, chain.shape[1] - 2)
    return rot.slerp(chain[:, low], chain[:, low + 1], positions - low)


def _bone_targets(motion: Motion, mapping: Mapping) -> dict[str, Floats]:
    """bone name -> canonical global rotation (T, 4) that it takes."""
    world = motion.global_rotations
    targets = {bone: world[:, JOINT[joint]] for joint, bone in mapping.bones.items()}
    spine = world[:, [JOINT[j] for j in _SPINE]]
    neck = world[:, [JOINT[j] for j in _NECK]]
    count = len(mapping.spine)
    for i, rotation in enumerate(np.moveaxis(_along(spine, np.arange(1, count + 1) * 3 / count), 1, 0)):
        targets[mapping.spine[i]] = rotation
    count = len(mapping.neck)
    for i, rotation in enumerate(np.moveaxis(_along(neck, np.arange(1, count + 1) * 2 / (count + 1)), 1, 0)):
        targets[mapping.neck[i]] = rotation
    return targets


def _twist(rotation: Floats, axis: Floats) -> Floats:
    """Radians (T,) by which rotations (T, 4) turn about their own axis (3,), without jumps in time."""
    angle = 2.0 * np.arctan2(rotation[:, 1:] @ axis, rotation[:, 0])
    smooth: Floats = np.unwrap((angle + np.pi) % (2.0 * np.pi) - np.pi)
    return smooth


def _twist_targets(motion: Motion, rig: Rig, mapping: Mapping) -> dict[str, Floats]:
    """bone name -> canonical global rotation (T, 4) of twist bones.

    A forearm's (or shin's) follow the hand's twist, the more the nearer they are to it; an upper arm's (or thigh's) lag
    behind its own, the more the nearer they are to the body.
    """
    targets = {}
    for joint, bones in mapping.twists.items():
        side, kind = joint.split("_")
        end = {"hip": "knee", "knee": "ankle", "shoulder": "elbow", "elbow": "wrist"}[kind]
        axis = rot.normalize(REST_OFFSETS[JOINT[f"{side}_{end}"]])
        lower = kind in ("knee", "elbow")
        angle = _twist(motion.rotations[:, JOINT[f"{side}_{end}" if lower else joint]], axis)
        start, stop = (rig.heads[rig.index[mapping.bones[j]]] for j in (joint, f"{side}_{end}"))
        for bone in bones:
            along = (rig.heads[rig.index[bone]] - start) @ (stop - start) / max(np.sum((stop - start) ** 2), 1e-12)
            share = float(np.clip(along, 0.0, 1.0)) - (0.0 if lower else 1.0)
            turn = rot.from_axis_angle(axis, share * angle)
            targets[bone] = rot.multiply(motion.global_rotations[:, JOINT[joint]], turn)
    return targets


def _twist_rest(rig: Rig, mapping: Mapping, tpose: dict[str, Floats]) -> dict[str, Floats]:
    """bone name -> T_j (4,) of twist bones, which lie in the T-pose as they lie along their limb at rest."""
    out = {}
    for joint, bones in mapping.twists.items():
        limb = mapping.bones[joint]
        back = rot.conjugate(rig.rest_rotations[rig.index[limb]])
        for bone in bones:
            out[bone] = rot.multiply(tpose[limb], rot.multiply(back, rig.rest_rotations[rig.index[bone]]))
    return out


def to_bones(
    motion: Motion, rig: Rig, mapping: Mapping, calibration: Calibration | None = None, fit: bool = True
) -> RigMotion:
    """The pose of every bone in every frame.

    Root motion is scaled by leg length; bones that no joint drives keep their rest pose.
    fit: hold the feet of the rig's own body as the source's stand (see `fit`); without it every joint's rotation is
    carried over as it is, of which `to_motion` is the exact inverse.
    """
    cal = calibration or calibrate_from_rest(rig, mapping)
    motion = fit_to_rig(motion, rig, mapping, cal) if fit else motion
    back = rot.conjugate(cal.axes)
    targets = {**_bone_targets(motion, mapping), **_twist_targets(motion, rig, mapping)}
    tpose = {**cal.tpose, **_twist_rest(rig, mapping, cal.tpose)}
    world = {
        name: rot.multiply(back, rot.multiply(targets[name], tpose[name])) for name in rig.names if name in targets
    }
    translation = _root_translation(motion, rig, mapping, cal, world[mapping.bones["pelvis"]])
    return RigMotion(basis_of(rig, world, len(motion)), translation, motion.fps)


def _hips_middle(rig: Rig, mapping: Mapping) -> Floats:
    middle: Floats = rig.heads[_pair(rig, mapping, "hip")].mean(axis=0)
    return middle


def _pair(rig: Rig, mapping: Mapping, joint: str) -> list[int]:
    """The bones of the left and the right joint of that name."""
    return [rig.index[mapping.bones[f"{side}_{joint}"]] for side in ("left", "right")]


def _root_translation(motion: Motion, rig: Rig, mapping: Mapping, cal: Calibration, turned: Floats) -> Floats:
    """(T, 3) that brings the hips to the scaled middle of the canonical hips, ankles at their own height.

    turned: (T, 4) of the pelvis bone.
    """
    pelvis = rig.index[mapping.bones["pelvis"]]
    middle = motion.joints[:, [JOINT["left_hip"], JOINT["right_hip"]]].mean(axis=1)  # (T, 3) canonical
    middle = middle - [0.0, toe_to_ankle(motion.offsets), 0.0]
    up = rot.rotate(rot.conjugate(cal.axes), np.array([0.0, 1.0, 0.0]))
    ankles = float((rig.heads[_pair(rig, mapping, "ankle")] @ up).mean())
    goal = rot.rotate(rot.conjugate(cal.axes), middle / cal.scale) + up * ankles
    lever = rot.rotate(rot.conjugate(rig.rest_rotations[pelvis]), _hips_middle(rig, mapping) - rig.heads[pelvis])
    translation: Floats = goal - rot.rotate(turned, lever) - rig.heads[pelvis]
    return translation


def to_motion(
    rig: Rig,
    mapping: Mapping,
    global_rotations: Floats,
    heads: Floats,
    fps: float,
    calibration: Calibration | None = None,
) -> Motion:
    """The canonical motion of a posed rig.

    global_rotations: (T, N, 4) of the bones and heads: (T, N, 3) of their joints, in the rig's axes.
    The result has the canonical body, lengths scaled by the legs'; its height over the floor is the rig's own origin's,
    so call `Motion.on_floor` where that means nothing (BVH).
    """
    cal = calibration or calibrate_from_rest(rig, mapping)
    driven = {
        bone: rot.multiply(rot.multiply(cal.axes, global_rotations[:, rig.index[bone]]), rot.conjugate(turn))
        for bone, turn in cal.tpose.items()
    }
    world = np.empty((len(heads), JOINT_COUNT, 4))
    known = {JOINT[name] for name in mapping.bones}
    for name, bone in mapping.bones.items():
        world[:, JOINT[name]] = driven[bone]
    pelvis = driven[mapping.bones["pelvis"]]
    spine = np.stack([pelvis, *(driven[b] for b in mapping.spine)], axis=1)
    places = np.arange(1, 4) * (len(mapping.spine) / 3)
    world[:, [JOINT[j] for j in _SPINE[1:]]] = _along(spine, places)
    chest = driven[mapping.spine[-1]]
    head = driven[mapping.bones["head"]] if "head" in mapping.bones else chest
    neck = np.stack([chest, *(driven[b] for b in mapping.neck), head], axis=1)
    world[:, [JOINT[j] for j in _NECK[1:]]] = _along(neck, np.arange(1, 3) * (len(mapping.neck) + 1) / 2)
    known.update(JOINT[j] for j in (*_SPINE, *_NECK))
    for joint in range(JOINT_COUNT):
        if joint not in known:  # a joint that the rig lacks goes with its parent
            world[:, joint] = world[:, PARENTS[joint]]
    local = world.copy()
    local[:, 1:] = rot.multiply(rot.conjugate(world[:, list(PARENTS[1:])]), world[:, 1:])
    middle = heads[:, _pair(rig, mapping, "hip")].mean(axis=1)
    root = rot.rotate(cal.axes, middle * cal.scale)
    lever = 0.5 * (REST_OFFSETS[JOINT["left_hip"]] + REST_OFFSETS[JOINT["right_hip"]])
    up = rot.rotate(rot.conjugate(cal.axes), np.array([0.0, 1.0, 0.0]))
    ankles = float((rig.heads[_pair(rig, mapping, "ankle")] @ up).mean())
    root = root - rot.rotate(world[:, 0], lever) + [0.0, toe_to_ankle(REST_OFFSETS) - ankles * cal.scale, 0.0]
    motion = Motion(
        rotations=rot.unflip(rot.normalize(local)), root_position=root, fps=fps, contacts=np.zeros((len(heads), 4))
    )
    return with_contacts(motion)


def with_contacts(motion: Motion) -> Motion:
    """The motion with contacts found from its own feet."""
    return replace(motion, contacts=find_contacts(motion.joints, motion.fps))
