"""Joint positions to rotations of the canonical skeleton, with as much of the twist as positions determine.

Pelvis and chest are fitted to their three children. A limb's twist comes from the plane in which its knee or elbow
bends: in the rest pose the hinge, the axis perpendicular to both bones, is known (elbows bend the forearm forwards,
knees the shin backwards). Where a limb is nearly straight its plane is undefined, and the twist is blended into that
of the bone above.
"""

import numpy as np

from ..typing import Floats
from . import Motion, find_contacts
from . import rotations as rot
from .skeleton import JOINT, JOINT_COUNT, PARENTS, REST_OFFSETS, SIDES, local_rotations
from .smoothing import smoothstep

_X, _Y = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
_LIMBS = (
    ("left_hip", "left_knee", "left_ankle", _X),
    ("right_hip", "right_knee", "right_ankle", _X),
    ("left_shoulder", "left_elbow", "left_wrist", -_Y),
    ("right_shoulder", "right_elbow", "right_wrist", _Y),
)
"""Upper joint, middle joint, end, and the axis about which the middle joint bends in the rest pose."""
_STRAIGHT, _BENT = 0.15, 0.4
"""Sines of the bend below which the plane is ignored, and above which it is fully used."""


def joints_to_motion(joints: Floats, fps: float, contacts: Floats | None = None) -> Motion:
    """The motion on the canonical body, its bones pointing as between joints (T, 22, 3), its lowest joint at height 0.

    joints: metres, Y up.  contacts: (T, 4), detected from the joints if None. Bone lengths stay the canonical body's.
    """
    local = local_rotations(_global_rotations(np.asarray(joints, np.float64)))
    contacts = find_contacts(joints, fps) if contacts is None else np.clip(contacts, 0.0, 1.0)
    motion = Motion(rot.unflip(rot.normalize(local)), np.asarray(joints[:, 0], np.float64), float(fps), contacts)
    return motion.on_floor()


def _global_rotations(joints: Floats) -> Floats:
    """(T, 22, 4): each joint's turn from the rest pose, in the world."""
    world = np.tile(rot.IDENTITY, (len(joints), JOINT_COUNT, 1))
    for name in ("pelvis", "spine3"):
        world[:, JOINT[name]] = _fit_children(joints, JOINT[name])
    pelvis, chest = world[:, JOINT["pelvis"]], world[:, JOINT["spine3"]]
    # The twist between pelvis and chest is spread evenly over the vertebrae between them.
    for name, child, share in (("spine1", "spine2", 1 / 3), ("spine2", "spine3", 2 / 3)):
        world[:, JOINT[name]] = _aim(rot.slerp(pelvis, chest, np.full(len(joints), share)), joints, name, child)
    world[:, JOINT["neck"]] = _aim(chest, joints, "neck", "head")
    world[:, JOINT["head"]] = world[:, JOINT["neck"]]
    for side in SIDES:
        world[:, JOINT[f"{side}_collar"]] = _aim(chest, joints, f"{side}_collar", f"{side}_shoulder")
    for upper, middle, end, hinge in _LIMBS:
        above = world[:, PARENTS[JOINT[upper]]]
        world[:, JOINT[upper]] = _limb(_aim(above, joints, upper, middle), joints, (upper, middle, end), hinge)
        world[:, JOINT[middle]] = _aim(world[:, JOINT[upper]], joints, middle, end)
        world[:, JOINT[end]] = world[:, JOINT[middle]]
    for side in SIDES:
        ankle = _aim(world[:, JOINT[f"{side}_knee"]], joints, f"{side}_ankle", f"{side}_foot")
        world[:, JOINT[f"{side}_ankle"]] = world[:, JOINT[f"{side}_foot"]] = ankle
    return world


def _fit_children(joints: Floats, joint: int) -> Floats:
    """(T, 4) turn that best takes a joint's children from their rest positions to their present ones."""
    children = [child for child, parent in enumerate(PARENTS) if parent == joint]
    return rot.fit(REST_OFFSETS[children], joints[:, children] - joints[:, [joint]])


def _aim(start: Floats, joints: Floats, joint: str, child: str) -> Floats:
    """The turns `start` (T, 4) followed by the shortest turn that points the bone at `child`."""
    bone = joints[:, JOINT[child]] - joints[:, JOINT[joint]]
    return rot.multiply(rot.between(rot.rotate(start, REST_OFFSETS[JOINT[child]]), bone), start)


def _limb(aimed: Floats, joints: Floats, names: tuple[str, str, str], hinge: Floats) -> Floats:
    """`aimed` twisted about its bone until the hinge is perpendicular to the limb's plane."""
    a, b, c = (joints[:, JOINT[name]] for name in names)
    bone, lower = rot.normalize(b - a), rot.normalize(c - b)
    across = np.cross(bone, lower)  # the axis about which the limb bends
    bend = rot.length(across)
    trust = smoothstep((bend - _STRAIGHT) / (_BENT - _STRAIGHT))
    axis = rot.normalize(rot.perpendicular(rot.rotate(aimed, hinge), bone))
    sine = np.sum(np.cross(axis, rot.normalize(across)) * bone, axis=-1)
    cosine = np.sum(axis * rot.normalize(across), axis=-1)
    angle = np.where(bend > 1e-9, np.arctan2(sine, cosine), 0.0)
    return rot.multiply(rot.from_axis_angle(bone, angle * trust), aimed)
