"""Motion made to fit a character's own body before it goes onto the bones: its limbs' lengths, its feet on its floor.

Bones take over the canonical joints' rotations exactly, so in the canonical frame a character is a `Motion` with other
offsets. There a foot that stood still in the source is held still again, which needs no knowledge of any rig: what
differs between the foot that the new limbs give and the source's foot is kept constant while the foot is in contact.
"""

from dataclasses import replace

import numpy as np

from ..motion import Motion
from ..motion import rotations as rot
from ..motion.feet import bend_toes, lift_feet, match_contacts
from ..motion.skeleton import CONTACT_JOINTS, JOINT, PARENTS, REST_OFFSETS, rest_joints
from ..rigs.calibration import Calibration, calibrate_from_rest
from ..rigs.mapping import Mapping
from ..rigs.rig import Rig
from ..typing import Floats
from .soles import Sole, find_soles, lowest_points

_HIGHEST_FLOAT = 0.06  # metres that a motion may be lowered to stand on the floor
_DEEPEST_SOLE = 0.008  # metres: soles press into the floor by less than this unchanged


def body_offsets(rig: Rig, mapping: Mapping, calibration: Calibration | None = None) -> Floats:
    """(22, 3) canonical metres: the rig's joints from their parents in the T-pose, legs scaled to the canonical length.

    A joint that the rig lacks keeps the canonical offset.
    """
    cal = calibration or calibrate_from_rest(rig, mapping)
    world = np.empty((len(rig.names), 4))
    heads = np.empty((len(rig.names), 3))
    for bone, (name, parent) in enumerate(zip(rig.names, rig.parents, strict=True)):
        follow = rot.multiply(cal.axes, rig.rest_rotations[bone])
        if parent >= 0:
            follow = rot.multiply(world[parent], rig.rest_local[bone])
        world[bone] = cal.tpose.get(name, follow)
        step = rig.rest_offsets[bone] * cal.scale
        heads[bone] = heads[parent] + rot.rotate(world[parent], step) if parent >= 0 else rot.rotate(cal.axes, step)
    at: dict[int, Floats] = {JOINT[joint]: heads[rig.index[bone]] for joint, bone in mapping.bones.items()}
    line = np.array([heads[rig.index[b]] for b in (mapping.bones["pelvis"], *mapping.spine)])
    places = np.arange(1, 4) * (len(mapping.spine) / 3)
    for name, place in zip(("spine1", "spine2", "spine3"), places, strict=True):
        at[JOINT[name]] = np.array([np.interp(place, np.arange(len(line)), line[:, i]) for i in range(3)])
    if "head" in mapping.bones:
        first = mapping.neck[0] if mapping.neck else mapping.bones["head"]
        at[JOINT["neck"]] = heads[rig.index[first]]
    offsets = REST_OFFSETS.copy()
    for joint, parent in enumerate(PARENTS[1:], start=1):
        if joint in at and parent in at:
            offsets[joint] = at[joint] - at[parent]
    for side in ("left", "right"):  # without a collar, the shoulder hangs from where a collar would end
        if f"{side}_collar" not in mapping.bones:
            offsets[JOINT[f"{side}_shoulder"]] = (
                at[JOINT[f"{side}_shoulder"]] - at[JOINT["spine3"]] - offsets[JOINT[f"{side}_collar"]]
            )
    return offsets


def fit_to_rig(motion: Motion, rig: Rig, mapping: Mapping, calibration: Calibration | None = None) -> Motion:
    """The motion on the rig's body, in canonical metres: `to_bones` of it puts feet where the source has them.

    Feet in contact move as the source's do, legs are never stretched, and no foot is under the floor, nor is the sole
    of one whose mesh is known.
    """
    cal = calibration or calibrate_from_rest(rig, mapping)
    offsets = body_offsets(rig, mapping, cal)
    motion = stand_on_floor(motion)
    fitted = put_on_body(motion, offsets)
    held = match_contacts(fitted, motion.joints[:, CONTACT_JOINTS], _standing_heights(offsets, motion.offsets))
    soles = find_soles(rig, mapping, cal)
    return held if soles is None else _over_floor(held, soles, toe_height(rig, mapping, cal, offsets))


def put_on_body(motion: Motion, offsets: Floats) -> Motion:
    """The same rotations on a body of other offsets (22, 3) with legs as long, its hips where they were over the floor.

    Exact both ways, as nothing else moves: feet slide by what the bodies differ.
    """
    hips = motion.joints[:, [JOINT["left_hip"], JOINT["right_hip"]]].mean(axis=1)
    lever = 0.5 * (offsets[JOINT["left_hip"]] + offsets[JOINT["right_hip"]])
    lift = [0.0, toe_to_ankle(offsets) - toe_to_ankle(motion.offsets), 0.0]
    root = hips + lift - rot.rotate(motion.rotations[:, 0], lever)
    return replace(motion, offsets=offsets, root_position=root)


def stand_on_floor(motion: Motion) -> Motion:
    """The motion lowered where its feet stand over the floor: the toes of flat feet come to height zero.

    Clips are put on the floor by their lowest frames, in which feet that push off point down.
    """
    heel, toe = motion.contacts[:, [0, 2]] > 0.5, motion.contacts[:, [1, 3]] > 0.5
    heights = motion.joints[:, [CONTACT_JOINTS[1], CONTACT_JOINTS[3]], 1]
    standing = heights[heel & toe] if (heel & toe).any() else heights[toe]
    float_by = float(np.clip(np.median(standing), 0.0, _HIGHEST_FLOAT)) if len(standing) else 0.0
    return motion.shifted(np.array([0.0, -float_by, 0.0]))


def _over_floor(fitted: Motion, soles: tuple[Sole, Sole], toe: float) -> Motion:
    """Toes bent, and feet raised, where a sole would enter the floor, which lies `toe` metres under resting toe joints.

    Canonical toe joints stand on height zero, a rig's at their own height: that is where the mesh's floor is.
    """
    floor = np.array([0.0, toe, 0.0])
    bent = bend_toes(fitted.shifted(floor), (soles[0].toes, soles[1].toes))
    lifted = lift_feet(bent, np.maximum(-_DEEPEST_SOLE - lowest_points(bent, soles), 0.0))
    return lifted.shifted(-floor)


def toe_height(rig: Rig, mapping: Mapping, cal: Calibration, offsets: Floats) -> float:
    """Canonical metres of the toe joints over the rig's floor at rest, by the ankles' height over it.

    offsets: (22, 3) of the rig's body.
    """
    ankles = [rig.heads[rig.index[mapping.bones[f"{side}_ankle"]]] for side in ("left", "right")]
    over_floor = float(np.mean([rot.rotate(cal.axes, ankle)[1] for ankle in ankles])) * cal.scale
    return over_floor - toe_to_ankle(offsets)


def toe_to_ankle(offsets: Floats) -> float:
    """Metres of the ankles over the toes in the T-pose, which stand on the floor."""
    joints = rest_joints(offsets)
    return float(np.mean([joints[JOINT[f"{s}_ankle"], 1] - joints[JOINT[f"{s}_foot"], 1] for s in ("left", "right")]))


def _standing_heights(offsets: Floats, source: Floats) -> Floats:
    """(4,) metres by which heel, toe, heel, toe of a body stand higher than those of the source's."""
    heel = toe_to_ankle(offsets) - toe_to_ankle(source)
    return np.array([heel, 0.0, heel, 0.0])
