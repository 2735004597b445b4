"""Motion from the canonical skeleton to a rig, and back. The algebra is in `calibration`."""

import numpy as np

from ..motion import Motion
from ..motion import rotations as rot
from ..motion.skeleton import (
    HIP_JOINTS,
    JOINT,
    JOINT_COUNT,
    JOINT_NAMES,
    NEXT_JOINT,
    PARENTS,
    REST_OFFSETS,
    SIDES,
    SPINE,
    ankle_height,
    hip_middle,
    local_rotations,
)
from ..rigs.calibration import Calibration, calibrate_from_rest
from ..rigs.mapping import Mapping
from ..rigs.rig import Rig, RigMotion, basis_of
from ..typing import Floats
from .fit import fit_to_rig

_BESIDE = 0.5  # of the legs' length: a body whose hips rest further from the rig's origin stands beside it
_SPINE = [JOINT[name] for name in ("pelvis", *SPINE)]
_NECK = [JOINT[name] for name in ("spine3", "neck", "head")]


def _along(chain: Floats, positions: Floats) -> Floats:
    """Rotations (T, K, 4) at fractional positions (K,) along a chain of rotations (T, n, 4), by slerp."""
    low = np.clip(np.floor(positions + 1e-9).astype(int), 0, chain.shape[1] - 2)
    return rot.slerp(chain[:, low], chain[:, low + 1], positions - low)


def _bone_targets(motion: Motion, mapping: Mapping) -> dict[str, Floats]:
    """Bone name -> the canonical global rotation (T, 4) that it takes."""
    world = motion.global_rotations
    targets = {bone: world[:, JOINT[joint]] for joint, bone in mapping.bones.items()}
    for bones, joints, steps in (
        (mapping.spine, _SPINE, len(mapping.spine)),
        (mapping.neck, _NECK, len(mapping.neck) + 1),
    ):
        rotations = _along(world[:, joints], np.arange(1, len(bones) + 1) * (len(joints) - 1) / steps)
        targets.update({bone: rotations[:, i] for i, bone in enumerate(bones)})
    return targets


def _twist(rotation: Floats, axis: Floats) -> Floats:
    """Radians (T,) by which rotations (T, 4) twist about an axis (3,), continuous in time."""
    angle = 2.0 * np.arctan2(rotation[:, 1:] @ axis, rotation[:, 0])
    return np.unwrap((angle + np.pi) % (2.0 * np.pi) - np.pi)


def _twist_targets(motion: Motion, rig: Rig, mapping: Mapping) -> dict[str, Floats]:
    """Bone name -> the canonical global rotation (T, 4) of a twist bone.

    Those of a forearm (or shin) follow the hand's twist in proportion to how near the hand they are; those of an upper
    arm (or thigh) lag behind its own twist in proportion to how near the body they are.
    """
    targets = {}
    for joint, bones in mapping.twists.items():
        side, kind = joint.split("_")
        end = f"{side}_{NEXT_JOINT[kind]}"
        axis = rot.normalize(REST_OFFSETS[JOINT[end]])
        lower = kind in ("knee", "elbow")
        angle = _twist(motion.rotations[:, JOINT[end if lower else joint]], axis)
        start, stop = (rig.heads[rig.index[mapping.bones[j]]] for j in (joint, end))
        for bone in bones:
            along = (rig.heads[rig.index[bone]] - start) @ (stop - start) / max(np.sum((stop - start) ** 2), 1e-12)
            share = float(np.clip(along, 0.0, 1.0)) - (0.0 if lower else 1.0)
            turn = rot.from_axis_angle(axis, share * angle)
            targets[bone] = rot.multiply(motion.global_rotations[:, JOINT[joint]], turn)
    return targets


def _twist_rest(rig: Rig, mapping: Mapping, tpose: dict[str, Floats]) -> dict[str, Floats]:
    """Bone name -> T_j (4,) of a twist bone, whose rotation relative to its limb is that of the rest pose."""
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
    fit: make the feet of the rig's own body stand as the source's do (see `fit`). Without it every joint's rotation is
    transferred unchanged, and `to_motion` is the exact inverse.

    >>> from motiongpt.retarget.motion.skeleton import JOINT_NAMES, rest_joints
    >>> from motiongpt.retarget.rigs.mapping import map_rig
    >>> rig = Rig(JOINT_NAMES, PARENTS, np.tile(rot.IDENTITY, (22, 1)), 100.0 * rest_joints(), 100.0 * rest_joints())
    >>> mapping = map_rig(rig)  # a rig in centimetres
    >>> steps = np.linspace((0.0, 0.9, 0.0), (0.0, 0.9, 1.0), 10)
    >>> motion = Motion(np.tile(rot.IDENTITY, (10, 22, 1)), steps, 20.0, np.zeros((10, 4)))
    >>> posed = to_bones(motion, rig, mapping, fit=False)
    >>> (posed.root_translation[-1] - posed.root_translation[0]).round(6)
    array([  0.,   0., 100.])
    >>> back = to_motion(rig, mapping, posed.global_rotations(rig), posed.heads(rig, mapping.root_bone), 20.0)
    >>> bool(np.allclose(back.joints, motion.joints - motion.joints[0, 0] + back.joints[0, 0]))
    True
    """
    cal = calibration or calibrate_from_rest(rig, mapping)
    motion = fit_to_rig(motion, rig, mapping, cal) if fit else motion
    back = rot.conjugate(cal.axes)
    targets = {**_bone_targets(motion, mapping), **_twist_targets(motion, rig, mapping)}
    tpose = {**cal.tpose, **_twist_rest(rig, mapping, cal.tpose)}
    rest = np.array([tpose[name] for name in targets])
    bones = rot.multiply(back, rot.multiply(np.stack(list(targets.values()), axis=1), rest))  # (T, K, 4)
    world = dict(zip(targets, bones.swapaxes(0, 1), strict=True))
    translation = _root_translation(motion, rig, mapping, cal, world[mapping.bones["pelvis"]])
    return RigMotion(basis_of(rig, world, len(motion)), translation, motion.fps)


def _pair(rig: Rig, mapping: Mapping, joint: str) -> list[int]:
    """The bones of the left and the right joint of that name."""
    return [rig.index[mapping.bones[f"{side}_{joint}"]] for side in SIDES]


def standing_place(rig: Rig, mapping: Mapping, cal: Calibration) -> Floats:
    """The point (3,) in the rig's axes and units that plays the ankles' height over the canonical origin.

    It is above the rig's own origin, or, where the body rests far from that, above the place where it stands.
    """
    up = rot.rotate(rot.conjugate(cal.axes), np.array([0.0, 1.0, 0.0]))
    ankles, hips = (rig.heads[_pair(rig, mapping, joint)].mean(axis=0) for joint in ("ankle", "hip"))
    height = up * (ankles @ up)
    beside = hips - up * (hips @ up)
    return np.asarray(height if np.linalg.norm(beside) < _BESIDE * np.linalg.norm(hips - ankles) else height + beside)


def _root_translation(motion: Motion, rig: Rig, mapping: Mapping, cal: Calibration, turned: Floats) -> Floats:
    """(T, 3) that brings the middle of the hips to that of the canonical hips, scaled, ankles at their own height.

    turned: (T, 4) of the pelvis bone.
    """
    pelvis = rig.index[mapping.bones["pelvis"]]
    middle = motion.joints[:, HIP_JOINTS].mean(axis=1) - [0.0, ankle_height(motion.offsets), 0.0]  # (T, 3) canonical
    goal = rot.rotate(rot.conjugate(cal.axes), middle / cal.scale) + standing_place(rig, mapping, cal)
    hips = rig.heads[_pair(rig, mapping, "hip")].mean(axis=0)
    lever = rot.rotate(rot.conjugate(rig.rest_rotations[pelvis]), hips - rig.heads[pelvis])
    return np.asarray(goal - rot.rotate(turned, lever) - rig.heads[pelvis])


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
    The result is on the canonical body, scaled by leg length. Its height is measured from that of the rig at rest;
    where that means nothing (BVH), call `Motion.on_floor`.
    """
    cal = calibration or calibrate_from_rest(rig, mapping)
    world = _joint_rotations(rig, mapping, cal, global_rotations)
    hips = rot.rotate(cal.axes, heads[:, _pair(rig, mapping, "hip")].mean(axis=1) * cal.scale)
    ankles = rot.rotate(cal.axes, standing_place(rig, mapping, cal)) * cal.scale
    root = hips - rot.rotate(world[:, 0], hip_middle(REST_OFFSETS)) + [0.0, ankle_height(REST_OFFSETS), 0.0] - ankles
    local = rot.unflip(rot.normalize(local_rotations(world)))
    return Motion(local, root, fps, np.zeros((len(heads), 4))).with_contacts()


def _joint_rotations(rig: Rig, mapping: Mapping, cal: Calibration, global_rotations: Floats) -> Floats:
    """Canonical global rotations (T, 22, 4) of a rig whose bones have global rotations (T, N, 4) in its axes."""
    driven = {
        bone: rot.multiply(rot.multiply(cal.axes, global_rotations[:, rig.index[bone]]), rot.conjugate(turn))
        for bone, turn in cal.tpose.items()
    }
    world = np.empty((len(global_rotations), JOINT_COUNT, 4))
    for name, bone in mapping.bones.items():
        world[:, JOINT[name]] = driven[bone]
    spine = np.stack([driven[b] for b in (mapping.bones["pelvis"], *mapping.spine)], axis=1)
    world[:, _SPINE[1:]] = _along(spine, mapping.spine_places)
    head = mapping.bones.get("head", mapping.spine[-1])
    neck = np.stack([driven[b] for b in (mapping.spine[-1], *mapping.neck, head)], axis=1)
    world[:, _NECK[1:]] = _along(neck, np.arange(1, 3) * (len(mapping.neck) + 1) / 2)
    for joint, name in enumerate(JOINT_NAMES):
        if name not in mapping.bones and joint not in _SPINE + _NECK:  # a missing joint moves with its parent
            world[:, joint] = world[:, PARENTS[joint]]
    return world
