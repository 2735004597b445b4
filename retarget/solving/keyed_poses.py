"""Poses that a user has keyed: which joints they give, and generated channels bent so that they meet them.

A key may hold more than the canonical skeleton can: a spine of six bones, a helper bone above the hips, a twist. What a
solved channel is off by at the keys is carried over the frames between, so that the curve meets every key and keeps its
own movement: the correction stands still at a key, where the velocity is therefore the motion's own.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from ..motion import Motion, find_contacts
from ..motion import rotations as rot
from ..motion.skeleton import JOINT, JOINT_COUNT, JOINT_NAMES, PARENTS
from ..rigs.control_names import moved_joints
from ..rigs.mapping import Mapping
from ..typing import Floats, Indices

ROOT_BIT = JOINT_COUNT
"""The bit of a mask that says that the root's position is given; the bits below it are the joints' rotations."""
ALL_GIVEN = (1 << (JOINT_COUNT + 1)) - 1

_SPINE = ("spine1", "spine2", "spine3")


def given_mask(mapping: Mapping, keys: set[tuple[str, str]], carriers: Collection[str]) -> int:
    """Bit mask of what keys on (bone, property) give: bit j the rotation of joint j, ROOT_BIT the root's position.

    A chain of spine or neck bones counts as given where any of them is keyed; a joint that the rig lacks goes with the
    joint that it hangs from.  carriers: the bones whose location carries the character.
    """
    mask = 0
    for bone, channel in keys:
        if is_carried(mapping, carriers, bone, channel):
            mask |= 1 << ROOT_BIT
        if channel.startswith("rotation") or bone not in mapping.driven:
            for name in joints_of(mapping, bone):
                mask |= 1 << (ROOT_BIT if name == "root" else JOINT[name])
    covered = {name for bone in mapping.driven for name in joints_of(mapping, bone)}
    for joint, parent in enumerate(PARENTS[1:], start=1):
        if JOINT_NAMES[joint] not in covered and mask >> parent & 1:
            mask |= 1 << joint
    return mask


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
        found += moved_joints(bone)
    return tuple(dict.fromkeys(found))


def gives_bone(mask: int, mapping: Mapping, bone: str) -> bool:
    """Whether a mask gives the rotation of a mapped bone."""
    return any(mask >> JOINT[joint] & 1 for joint in joints_of(mapping, bone) if joint in JOINT)


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
