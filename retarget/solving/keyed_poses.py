"""Poses that a user has keyed: which joints they give, and generated channels bent so that they meet them.

A key may hold more than the canonical skeleton can: a spine of six bones, a helper bone above the hips, a twist. What a
solved channel is off by at the keys is carried over the frames between, so that the curve meets every key and keeps its
own movement: the correction stands still at a key, where the velocity is therefore the motion's own.
"""

import re
from collections.abc import Collection
from dataclasses import replace

import numpy as np

from ..motion import Motion, find_contacts
from ..motion import rotations as rot
from ..motion.known import ROOT, Known
from ..motion.skeleton import JOINT, JOINT_NAMES, PARENTS
from ..rigs.mapping import Mapping
from ..typing import Floats, Indices

_SPINE = ("spine1", "spine2", "spine3")
_ARM, _LEG = ("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle")
# Rigify's controls that move a limb or the torso besides its FK controls: part of the name -> joints.
_RIGIFY = {
    "hand_ik": _ARM, "upper_arm_ik": _ARM, "upper_arm_ik_target": _ARM, "foot_ik": _LEG, "foot_heel_ik": _LEG,
    "foot_spin_ik": _LEG, "thigh_ik": _LEG, "thigh_ik_target": _LEG, "toe_ik": ("foot",),
    "hips": ("pelvis", "spine1", "hip"), "chest": _SPINE, "root": ("pelvis", "root"),
}  # fmt: skip


def known_by_keys(mapping: Mapping, keys: set[tuple[str, str]], carriers: Collection[str]) -> Known:
    """What keys on (bone, property) give of a pose.

    A chain of spine or neck bones counts as given where any of them is keyed; a joint that the rig lacks goes with the
    joint that it hangs from.  carriers: the bones whose location carries the character.
    """
    given: set[int] = set()
    for bone, channel in keys:
        if is_carried(mapping, carriers, bone, channel):
            given.add(ROOT)
        if channel.startswith("rotation") or bone not in mapping.driven:
            given |= {ROOT if name == "root" else JOINT[name] for name in joints_of(mapping, bone)}
    covered = {name for bone in mapping.driven for name in joints_of(mapping, bone)}
    for joint, parent in enumerate(PARENTS[1:], start=1):
        if JOINT_NAMES[joint] not in covered and parent in given:
            given.add(joint)
    return Known.of(given)


def is_carried(mapping: Mapping, carriers: Collection[str], bone: str, channel: str) -> bool:
    """Whether a property says where the character is: the hips' location, and all of a root bone."""
    return bone in carriers and (channel == "location" or bone not in mapping.driven)


def joints_of(mapping: Mapping, bone: str) -> tuple[str, ...]:
    """The joints whose rotation a bone takes part in, "root" for a control that carries the whole character."""
    found = [joint for joint, name in mapping.bones.items() if name == bone]
    if bone in mapping.spine:
        found += _SPINE
    if bone in mapping.neck or (bone == mapping.bones.get("head") and not mapping.neck):
        found.append("neck")
    found += [joint for joint, bones in mapping.twists.items() if bone in bones]
    if not found and mapping.found_by == "rigify":
        name, _, side = re.fullmatch(r"(.*?)(\.([LR]))?", bone).groups()  # type: ignore[union-attr]
        for joint in _RIGIFY.get(name, ()):
            sides = {"L": ("left_",), "R": ("right_",)}.get(side, ("left_", "right_"))
            found += [joint] if joint in JOINT or joint == "root" else [s + joint for s in sides]
    return tuple(dict.fromkeys(found))


def gives_bone(known: Known, mapping: Mapping, bone: str) -> bool:
    """Whether a pose gives the rotation of a mapped bone."""
    return any(JOINT[joint] in known for joint in joints_of(mapping, bone) if joint in JOINT)


def bend_rotations(made: Floats, at: Indices, given: Floats) -> Floats:
    """Quaternions (T, 4) turned so that they are given (K, 4) at the frames `at` (K,), ascending; signs continuous."""
    if not len(at):
        return rot.unflip(made)
    off = rot.multiply(rot.normalize(given), rot.conjugate(made[at]))  # (K, 4)
    left, right, share = _between(at, len(made))
    return rot.unflip(rot.normalize(rot.multiply(rot.slerp(off[left], off[right], share), made)))


def bend_positions(made: Floats, at: Indices, given: Floats) -> Floats:
    """Positions (T, 3) moved so that they are given (K, 3) at the frames `at` (K,), ascending."""
    if not len(at):
        return made
    off = given - made[at]
    left, right, share = _between(at, len(made))
    bent: Floats = made + off[left] + (off[right] - off[left]) * share[:, None]
    return bent


def _between(at: Indices, frames: int) -> tuple[Indices, Indices, Floats]:
    """For every frame the keys before and after it (T,), and how far it is between them, with no speed at either."""
    frame = np.arange(frames)
    right = np.clip(np.searchsorted(at, frame), 0, len(at) - 1)
    left = np.where(at[right] <= frame, right, np.maximum(right - 1, 0))
    share = np.clip((frame - at[left]) / np.maximum(at[right] - at[left], 1), 0.0, 1.0)
    return left, right, share * share * (3.0 - 2.0 * share)


def spread_poses(poses: Motion, at: Indices, frames: int) -> Motion:
    """A motion of so many frames with poses (K frames) on the frames `at` (K,), ascending, each held until the next.

    Neighbouring poses are one movement and have contacts as such; of a single pose the height of its feet decides.
    """
    contacts = np.empty_like(poses.contacts)
    runs = np.split(np.arange(len(at)), np.flatnonzero(np.diff(at) != 1) + 1)
    for run in runs:
        contacts[run] = find_contacts(poses.joints[run], poses.fps)
    row = np.clip(np.searchsorted(at, np.arange(frames), side="right") - 1, 0, None)
    return replace(
        poses,
        rotations=rot.unflip(poses.rotations[row]),
        root_position=poses.root_position[row],
        contacts=contacts[row],
    )
