"""Fitting a motion to a character's own body before it goes onto the bones: its limb lengths, its feet, its floor.

Bones take over the rotations of the canonical joints exactly, so in the canonical frame a character is a `Motion` with
other offsets. There a foot that was planted in the source is planted again without knowing anything about the rig:
the offset of the new body's foot from the source's is kept constant while the foot is in contact.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from ..motion import Motion
from ..motion import rotations as rot
from ..motion.feet import bend_toes, keep_directions, lift_feet, match_contacts
from ..motion.skeleton import (
    CONTACT_JOINTS,
    HIP_JOINTS,
    JOINT,
    PARENTS,
    REST_OFFSETS,
    SIDES,
    SPINE,
    ankle_height,
    hip_middle,
)
from ..motion.smoothing import smooth_peaks
from ..rigs.calibration import Calibration, calibrate_from_rest
from ..rigs.mapping import Mapping
from ..rigs.rig import Rig
from ..typing import Floats
from .hands import place_hands
from .rolling import roll_feet
from .soles import Sole, find_soles, floor_height, lowest_points
from .volumes import BodyRoom, find_room

_HIGHEST_FLOAT = 0.06  # metres by which a motion may be lowered to stand on the floor
_MOST_TURNED = np.radians(14.5)  # that a thigh or shin may leave the source's direction to put its foot down
_DEEPEST_SOLE = 0.008  # metres that soles may sink into the floor


def body_offsets(rig: Rig, mapping: Mapping, calibration: Calibration | None = None) -> Floats:
    """(22, 3) canonical metres: the rig's joints from their parents in the T-pose, legs scaled to the canonical length.

    A joint that the rig lacks keeps its canonical offset.
    """
    cal = calibration or calibrate_from_rest(rig, mapping)
    heads = tpose(rig, cal)[1]
    at: dict[int, Floats] = {JOINT[joint]: heads[rig.index[bone]] for joint, bone in mapping.bones.items()}
    line = np.array([heads[rig.index[b]] for b in (mapping.bones["pelvis"], *mapping.spine)])
    for name, place in zip(SPINE, mapping.spine_places, strict=True):
        at[JOINT[name]] = np.array([np.interp(place, np.arange(len(line)), line[:, i]) for i in range(3)])
    if "head" in mapping.bones:
        first = mapping.neck[0] if mapping.neck else mapping.bones["head"]
        at[JOINT["neck"]] = heads[rig.index[first]]
    offsets = REST_OFFSETS.copy()
    for joint, parent in enumerate(PARENTS[1:], start=1):
        if joint in at and parent in at:
            offsets[joint] = at[joint] - at[parent]
    for side in SIDES:  # without a collar, the shoulder's parent is where the canonical collar ends
        if f"{side}_collar" not in mapping.bones:
            shoulder, collar = JOINT[f"{side}_shoulder"], JOINT[f"{side}_collar"]
            offsets[shoulder] = at[shoulder] - at[JOINT["spine3"]] - offsets[collar]
    return offsets


def tpose(rig: Rig, cal: Calibration) -> tuple[Floats, Floats]:
    """Global rotations (N, 4) of the bones and their joints (N, 3) in the canonical T-pose, in canonical axes and
    metres, from the rig's own origin."""
    world = np.empty((len(rig.names), 4))
    heads = np.empty((len(rig.names), 3))
    for bone, (name, parent) in enumerate(zip(rig.names, rig.parents, strict=True)):
        follow = rot.multiply(cal.axes, rig.rest_rotations[bone])
        if parent >= 0:
            follow = rot.multiply(world[parent], rig.rest_local[bone])
        world[bone] = cal.tpose.get(name, follow)
        step = rig.rest_offsets[bone] * cal.scale
        heads[bone] = heads[parent] + rot.rotate(world[parent], step) if parent >= 0 else rot.rotate(cal.axes, step)
    return world, heads


def fit_to_rig(motion: Motion, rig: Rig, mapping: Mapping, calibration: Calibration | None = None) -> Motion:
    """The motion on the rig's body, in canonical metres, with feet that stand as the source's do, and hands that are
    outside the body, as far as a mesh shows it.

    Feet in contact move as the source's do, as far as thighs and shins can keep about the source's directions; legs are
    never stretched, and no foot is under the floor, nor its sole where the mesh is known.
    """
    body = _body(rig, mapping, calibration or calibrate_from_rest(rig, mapping))
    motion = stand_on_floor(motion)
    fitted = _fit_feet(motion, body)
    return place_hands(fitted, motion, body.room) if body.room else fitted


@dataclass(frozen=True, eq=False)
class _Body:
    """What fitting asks of a character. offsets: (22, 3).  toe: metres, 0 without soles."""

    offsets: Floats
    soles: tuple[Sole, Sole] | None
    toe: float
    room: BodyRoom | None


_bodies: deque[tuple[Rig, Mapping, Calibration, _Body]] = deque(maxlen=4)


def _body(rig: Rig, mapping: Mapping, cal: Calibration) -> _Body:
    """Kept for the next motion of the same character: it takes a quarter of the time of ten seconds of motion."""
    for its_rig, its_mapping, its_cal, body in tuple(_bodies):
        if its_rig is rig and its_cal is cal and its_mapping == mapping:
            return body
    offsets, soles = body_offsets(rig, mapping, cal), find_soles(rig, mapping, cal)
    toe = toe_height(rig, mapping, cal, offsets) if soles else 0.0
    body = _Body(offsets, soles, toe, find_room(rig, mapping, tpose(rig, cal), cal.scale, offsets))
    _bodies.append((rig, mapping, cal, body))
    return body


def _fit_feet(motion: Motion, body: _Body) -> Motion:
    offsets, soles, toe = body.offsets, body.soles, body.toe
    fitted = put_on_body(motion, offsets)
    held = match_contacts(fitted, motion.joints[:, CONTACT_JOINTS], _standing_heights(offsets, motion.offsets))
    if soles is None:
        return keep_directions(held, motion, _MOST_TURNED)
    over = _over_floor(roll_feet(_over_floor(held, soles, toe), soles, -toe), soles, toe)
    kept = keep_directions(over, motion, _MOST_TURNED)
    sunk = (lowest_points(over, soles) - lowest_points(kept, soles)).max(axis=1)  # (T,)
    rise = smooth_peaks(np.where(sunk > 1e-6, np.maximum(sunk, 0.0), 0.0), max(1, round(0.1 * motion.fps)))
    return kept.shifted(rise[:, None] * np.array([0.0, 1.0, 0.0])) if rise.any() else kept


def put_on_body(motion: Motion, offsets: Floats) -> Motion:
    """The same rotations on a body of other offsets (22, 3), with legs as long and the hips as high over the ankles.

    Exactly invertible, as nothing else changes; feet slide by as much as the bodies differ.
    """
    hips = motion.joints[:, HIP_JOINTS].mean(axis=1)
    lift = [0.0, ankle_height(offsets) - ankle_height(motion.offsets), 0.0]
    root = hips + lift - rot.rotate(motion.rotations[:, 0], hip_middle(offsets))
    return motion.on_body(offsets, root)


def stand_on_floor(motion: Motion) -> Motion:
    """The motion lowered if its feet float: the toes of flat feet come down to height zero.

    Clips are put on the floor by their lowest frames, in which feet push off and point down.
    """
    heel, toe = motion.contacts[:, [0, 2]] > 0.5, motion.contacts[:, [1, 3]] > 0.5
    heights = motion.joints[:, [CONTACT_JOINTS[1], CONTACT_JOINTS[3]], 1]
    standing = heights[heel & toe] if (heel & toe).any() else heights[toe]
    floating = float(np.clip(np.median(standing), 0.0, _HIGHEST_FLOAT)) if len(standing) else 0.0
    return motion.shifted(np.array([0.0, -floating, 0.0]))


def _over_floor(fitted: Motion, soles: tuple[Sole, Sole], toe: float) -> Motion:
    """Toes bent, and feet raised, where a sole would enter the floor, which is `toe` metres below toe joints at rest.

    Canonical toe joints rest at height zero, a rig's at a height of their own over the mesh's floor.
    """
    floor = np.array([0.0, toe, 0.0])
    bent = bend_toes(fitted.shifted(floor), (soles[0].toes, soles[1].toes))
    lifted = lift_feet(bent, np.maximum(-_DEEPEST_SOLE - lowest_points(bent, soles), 0.0))
    return lifted.shifted(-floor)


def toe_height(rig: Rig, mapping: Mapping, cal: Calibration, offsets: Floats) -> float:
    """Canonical metres from the rig's floor up to the toe joints at rest, by way of the ankles.

    offsets: (22, 3) of the rig's body.
    """
    ankles = [rig.heads[rig.index[mapping.bones[f"{side}_ankle"]]] for side in SIDES]
    over_floor = float(np.mean([rot.rotate(cal.axes, ankle)[1] for ankle in ankles])) * cal.scale
    return over_floor - floor_height(rig, mapping, cal) - ankle_height(offsets)


def _standing_heights(offsets: Floats, source: Floats) -> Floats:
    """(4,) metres by which heel, toe, heel, toe of a body stand higher than those of the source's body."""
    heel = ankle_height(offsets) - ankle_height(source)
    return np.array([heel, 0.0, heel, 0.0])
