"""The room that a character's head, trunk and hands take up, from the vertices that follow them.

Head and trunk are ellipsoids, which leave their corners free rather than keep hands too far away. A hand is a few of
its outermost points, those of what it holds included.
"""

from dataclasses import dataclass

import numpy as np

from ..motion import rotations as rot
from ..motion.skeleton import JOINT, SIDES, rest_joints
from ..rigs.fingers import NO_FINGER
from ..rigs.mapping import Mapping
from ..rigs.rig import Rig
from ..typing import Bools, Floats, Indices

_FEWEST = 12  # vertices that a part needs for its shape to be known
_OUTER = 4.0  # per cent of the vertices on either side that do not count: plumes, horns, loose ends
_BELOW_HEAD = 0.05  # metres under the head's joint, below which hair and veils are no head
_HAND_POINTS = 14


@dataclass(frozen=True, eq=False)
class Volume:
    """An ellipsoid that moves with a joint. centre: (3,) from it, and radii: (3,), in the T-pose's axes and metres."""

    joint: int
    centre: Floats
    radii: Floats


@dataclass(frozen=True, eq=False)
class HandRoom:
    """points: (K, 3) of a hand, and held: (L, 3) of what it holds, from the wrist in the T-pose, metres.
    length: of the hand alone."""

    points: Floats
    held: Floats
    length: float


@dataclass(frozen=True, eq=False)
class BodyRoom:
    """hands: left and right."""

    head: Volume
    trunk: tuple[Volume, ...]
    hands: tuple[HandRoom, HandRoom]


def find_room(
    rig: Rig, mapping: Mapping, pose: tuple[Floats, Floats], scale: float, offsets: Floats
) -> BodyRoom | None:
    """What the mesh shows; None where it does not cover head and hands.

    pose: global rotations (N, 4) and joints (N, 3) of the bones in the T-pose, canonical axes and metres.  scale:
    canonical metres per rig unit.  offsets: (22, 3) of the rig's body.
    """
    wrists = [mapping.bones.get(f"{side}_wrist") for side in SIDES]
    if rig.skin_points is None or rig.skin_bones is None or "head" not in mapping.bones or None in wrists:
        return None
    world, heads = pose
    bones = rig.skin_bones
    turn = rot.multiply(world[bones], rot.conjugate(rig.rest_rotations[bones]))
    points = heads[bones] + scale * rot.rotate(turn, rig.skin_points - rig.heads[bones])  # (K, 3)
    joints = rest_joints(offsets) + heads[rig.index[mapping.bones["pelvis"]]]
    owners = _owners(rig, mapping)[bones]
    head = _volume(points, (owners == rig.index[mapping.bones["head"]]), joints, "head")
    hands = [
        _hand(rig, points, bones, owners == rig.index[str(w)], joints, s) for w, s in zip(wrists, SIDES, strict=True)
    ]
    if head is None or hands[0] is None or hands[1] is None:
        return None
    upper = [rig.index[bone] for bone in mapping.spine[len(mapping.spine) // 2 :]]
    trunk = (  # without what hangs from it: wings, capes, skirts
        _volume(points, np.isin(bones, upper), joints, "spine3"),
        _volume(points, bones == rig.index[mapping.bones["pelvis"]], joints, "pelvis"),
    )
    return BodyRoom(head, tuple(volume for volume in trunk if volume), (hands[0], hands[1]))


def _owners(rig: Rig, mapping: Mapping) -> Indices:
    """(N,) for each bone the nearest animated bone at or above it, -1 for none."""
    driven = {rig.index[bone] for bone in mapping.driven}
    return np.array([next((b for b in rig.ancestors(bone) if b in driven), -1) for bone in range(len(rig.names))])


def _volume(points: Floats, mask: Bools, joints: Floats, joint: str) -> Volume | None:
    own = points[mask] - joints[JOINT[joint]]
    if joint == "head":
        own = own[own[:, 1] > -_BELOW_HEAD]
    if len(own) < _FEWEST:
        return None
    low, high = np.percentile(own, (_OUTER, 100.0 - _OUTER), axis=0)
    return Volume(JOINT[joint], 0.5 * (low + high), np.maximum(0.5 * (high - low), 0.01))


def _hand(rig: Rig, points: Floats, bones: Indices, mask: Bools, joints: Floats, side: str) -> HandRoom | None:
    if not mask.any():
        return None
    own = points[mask] - joints[JOINT[f"{side}_wrist"]]
    held = np.array([NO_FINGER.search(rig.names[bone].lower()) is not None for bone in bones[mask]])
    sign = 1.0 if side == "left" else -1.0
    if held.all():
        return None
    # Fingers point to the side in the T-pose.
    length = max(float(np.percentile(sign * own[~held, 0], 97.0)), 0.02)
    props = _spread_out(own[held]) if held.any() else np.zeros((0, 3))
    far = props[rot.length(props) > 1.5 * length]  # the edges of a blade have vertices at their ends only
    return HandRoom(_spread_out(own[~held]), np.concatenate([far, *(far * t for t in (0.35, 0.55, 0.75))]), length)


def _spread_out(points: Floats) -> Floats:
    """Some of the points (K, 3), each the furthest from those before it."""
    chosen = [int(np.argmax(rot.length(points - points.mean(axis=0))))]
    apart = rot.length(points - points[chosen[0]])
    while len(chosen) < min(_HAND_POINTS, len(points)):
        chosen.append(int(np.argmax(apart)))
        apart = np.minimum(apart, rot.length(points - points[chosen[-1]]))
    return points[chosen]
