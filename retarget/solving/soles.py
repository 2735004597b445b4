"""The soles of a character's feet: where its mesh touches the floor, from the vertices near the floor at rest.

Joints show where a foot is, but not how long and thick its shoe is: a boot's heel sinks into the floor when the ankle
comes down with the toes up. A few points per foot are enough: the outermost ones under and around it.
"""

from dataclasses import dataclass

import numpy as np

from ..motion import Motion
from ..motion import rotations as rot
from ..motion.skeleton import JOINT, SIDES
from ..rigs.calibration import Calibration
from ..rigs.mapping import Mapping
from ..rigs.rig import Rig
from ..typing import Bools, Floats, Indices

_NEAR_LEVEL = 0.03  # of the height between the lowest and the highest joint
_FEWEST = 12  # vertices that a foot needs for its shape to be known
_BEHIND, _AHEAD, _ASIDE = 0.9, 2.2, 0.8  # of a foot's length: how far from the ankle its vertices may be
# Directions (across, up, along) in which the outermost points of a sole are found.
_OUTWARD = np.array([(x, -1.0, z) for x in (-0.7, 0.0, 0.7) for z in (-2.0, -0.5, 0.0, 0.5, 2.0)])


@dataclass(frozen=True, eq=False)
class Sole:
    """Points of one foot in the T-pose, in canonical metres: heel (K, 3) from the ankle joint, with which it moves, and
    toes (L, 3) from the toe joint; L may be 0."""

    heel: Floats
    toes: Floats


def floor_height(rig: Rig, mapping: Mapping, cal: Calibration) -> float:
    """Canonical metres from the rig's origin up to the floor on which it stands at rest.

    The lowest point of the mesh that moves with the legs, shoes included; of the whole mesh where weights are not
    known; without a mesh the lowest joint of the legs. Modelled soles are often a little off the floor that they stand
    on: a level of `rig.levels` so near is the floor.
    """
    up = rot.rotate(rot.conjugate(cal.axes), np.array([0.0, 1.0, 0.0]))
    lowest = float((_points_of_legs(rig, mapping) @ up).min())
    level = min(rig.levels, key=lambda height: abs(height - lowest), default=lowest)
    near = abs(level - lowest) < _NEAR_LEVEL * float(np.ptp(rig.heads @ up))
    return (level if near else lowest) * cal.scale


def _points_of_legs(rig: Rig, mapping: Mapping) -> Floats:
    """(K, 3) vertices that move with the legs, or any, or the legs' joints, in the rig's axes and units."""
    shins = [rig.index[mapping.bones[f"{side}_knee"]] for side in SIDES]
    points = rig.low_points
    if points is None or not len(points):
        mapped = {rig.index[bone] for bone in mapping.bones.values()}
        return rig.heads[[bone for shin in shins for bone in rig.descendants(shin) if bone in mapped]]
    if rig.low_bones is not None:
        of_legs = np.isin(rig.low_bones, [bone for shin in shins for bone in rig.descendants(shin)])
        points = points[of_legs] if of_legs.any() else points
    return points


def find_soles(rig: Rig, mapping: Mapping, cal: Calibration) -> tuple[Sole, Sole] | None:
    """The left and the right sole, or None if the rig has no mesh, or one that does not cover its feet."""
    if rig.low_points is None or not len(rig.low_points):
        return None
    points = rot.rotate(cal.axes, rig.low_points) * cal.scale  # (M, 3)
    at = {
        joint: rot.rotate(cal.axes, rig.heads[rig.index[bone]]) * cal.scale
        for joint, bone in mapping.bones.items()
        if joint.endswith(("ankle", "foot"))
    }
    to_left, to_right = (rot.length((points - at[f"{side}_ankle"])[:, [0, 2]]) for side in SIDES)
    is_left = to_left < to_right
    soles = [_sole(points[mine], at, side) for side, mine in zip(SIDES, (is_left, ~is_left), strict=True)]
    return (soles[0], soles[1]) if soles[0] and soles[1] else None


def _sole(points: Floats, at: dict[str, Floats], side: str) -> Sole | None:
    """The sole in points (M, 3), those nearest to this foot, or None for too few.  at: joints (3,) at rest."""
    ankle, toe = at[f"{side}_ankle"], at.get(f"{side}_foot")
    ahead = (toe - ankle if toe is not None else np.array([0.0, 0.0, 0.13])) * [1.0, 0.0, 1.0]
    length = float(np.linalg.norm(ahead))
    ahead = ahead / max(length, 1e-9)
    across = np.cross([0.0, 1.0, 0.0], ahead)
    away = points - ankle
    along, aside = away @ ahead, away @ across
    near = (away[:, 1] < 0.0) & (along > -_BEHIND * length) & (along < _AHEAD * length) & (abs(aside) < _ASIDE * length)
    if near.sum() < _FEWEST:
        return None
    own = np.stack([aside, away[:, 1], along], axis=-1)
    front = near & (along > length) if toe is not None else np.zeros(len(points), dtype=bool)
    heel = points[_outermost(own, near & ~front)] - ankle
    toes = points[_outermost(own, front)] - toe if toe is not None else np.zeros((0, 3))
    return Sole(heel, toes)


def _outermost(own: Floats, mask: Bools) -> Indices:
    """Indices of the points in `mask` that are furthest out in any of the directions."""
    chosen = np.flatnonzero(mask)
    if not len(chosen):
        return chosen
    return np.asarray(chosen[np.unique(np.argmax(own[chosen] @ _OUTWARD.T, axis=0))])


def lowest_points(motion: Motion, soles: tuple[Sole, Sole]) -> Floats:
    """(T, 2) heights of the lowest point of each sole."""
    out = np.full((len(motion), 2), np.inf)
    for i, (side, sole) in enumerate(zip(SIDES, soles, strict=True)):
        heights = sole_heights(motion, sole, side)
        if heights.shape[1]:
            out[:, i] = heights.min(axis=1)
    return out


def sole_heights(motion: Motion, sole: Sole, side: str) -> Floats:
    """(T, K + L) of the points of one sole in every frame."""
    parts = [
        motion.joints[:, joint, 1, None] + rot.upwards(motion.global_rotations[:, joint]) @ points.T
        for joint, points in _parts(sole, side)
    ]
    return np.asarray(np.concatenate(parts, axis=1))


def sole_points(motion: Motion, sole: Sole, side: str) -> Floats:
    """(T, K + L, 3) the points of one sole in every frame."""
    parts = [
        motion.joints[:, joint, :, None] + rot.rotate_all(motion.global_rotations[:, joint], points)
        for joint, points in _parts(sole, side)
    ]
    return np.asarray(np.concatenate(parts, axis=2).swapaxes(1, 2))


def sole_path(motion: Motion, sole: Sole, side: str, frames: Indices, points: Indices) -> Floats:
    """(n, 3) in each of some frames (n,) the point of one sole whose number is in points (n,)."""
    parts = _parts(sole, side)
    joints = np.repeat([joint for joint, _ in parts], [len(own) for _, own in parts])[points]
    own = np.concatenate([own for _, own in parts])[points]
    return np.asarray(motion.joints[frames, joints] + rot.rotate(motion.global_rotations[frames, joints], own))


def _parts(sole: Sole, side: str) -> tuple[tuple[int, Floats], tuple[int, Floats]]:
    """Heel and toes, each with the joint with which it moves."""
    return (JOINT[f"{side}_ankle"], sole.heel), (JOINT[f"{side}_foot"], sole.toes)
