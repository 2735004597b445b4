"""Poses that a user has keyed: which joints they determine, and generated channels corrected to pass through them.

A key may hold more than the canonical skeleton can: a spine of six bones, a helper bone above the hips, a twist. A
solved channel's error at the keys is spread over the frames between them. The curve then passes through every key and
keeps its own movement: the correction has zero slope at a key, so the velocity there is the motion's own.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from ..motion import Motion, find_contacts
from ..motion import rotations as rot
from ..motion.known import ROOT, Known
from ..motion.skeleton import JOINT, JOINT_NAMES, PARENTS, SPINE
from ..motion.smoothing import smoothstep
from ..rigs.control_names import joints_of_rigify_control
from ..rigs.mapping import Mapping
from ..typing import Floats, Indices


def known_by_keys(mapping: Mapping, keys: set[tuple[str, str]], carriers: Collection[str]) -> Known:
    """The channels of a pose that keys on (bone, property) determine.

    All of the spine (or neck) counts as known if any of its bones is keyed; a joint that the rig lacks counts as known
    if its parent is.  carriers: the bones whose location moves the character.
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
    """Whether a property says where the character is: the hips' location, and any property of a root bone."""
    return bone in carriers and (channel == "location" or bone not in mapping.driven)


def joints_of(mapping: Mapping, bone: str) -> tuple[str, ...]:
    """The joints to whose rotation a bone contributes, "root" for a control that carries the whole character."""
    found = [joint for joint, name in mapping.bones.items() if name == bone]
    if bone in mapping.spine:
        found += SPINE
    if bone in mapping.neck or (bone == mapping.bones.get("head") and not mapping.neck):
        found.append("neck")
    found += [joint for joint, bones in mapping.twists.items() if bone in bones]
    if not found and mapping.found_by == "rigify":
        found = joints_of_rigify_control(bone)
    return tuple(dict.fromkeys(found))


def gives_bone(known: Known, mapping: Mapping, bone: str) -> bool:
    """Whether a pose determines the rotation of a mapped bone."""
    return any(JOINT[joint] in known for joint in joints_of(mapping, bone) if joint in JOINT)


def bend_rotations(generated: Floats, at: Indices, given: Floats) -> Floats:
    """Quaternions (T, 4), unflipped, turned so that they are `given` (K, 4) at the frames `at` (K,), ascending."""
    if not len(at):
        return rot.unflip(generated)
    off = rot.multiply(rot.normalize(given), rot.conjugate(generated[at]))  # (K, 4)
    left, right, share = _between(at, len(generated))
    return rot.unflip(rot.normalize(rot.multiply(rot.slerp(off[left], off[right], share), generated)))


def bend_positions(generated: Floats, at: Indices, given: Floats) -> Floats:
    """Positions (T, 3) moved so that they are `given` (K, 3) at the frames `at` (K,), ascending.

    >>> line = np.zeros((5, 1))
    >>> bend_positions(line, np.array([0, 4]), np.array([[0.0], [1.0]])).ravel()
    array([0.     , 0.15625, 0.5    , 0.84375, 1.     ])
    """
    if not len(at):
        return generated
    off = given - generated[at]
    left, right, share = _between(at, len(generated))
    return np.asarray(generated + off[left] + (off[right] - off[left]) * share[:, None])


def _between(at: Indices, frames: int) -> tuple[Indices, Indices, Floats]:
    """For every frame the keys before and after it (T,), indexing `at`, and how far between them it is, eased."""
    frame = np.arange(frames)
    right = np.clip(np.searchsorted(at, frame), 0, len(at) - 1)
    left = np.where(at[right] <= frame, right, np.maximum(right - 1, 0))
    return left, right, smoothstep((frame - at[left]) / np.maximum(at[right] - at[left], 1))


def spread_poses(poses: Motion, at: Indices, frames: int) -> Motion:
    """A motion of `frames` frames with poses (K frames) at the frames `at` (K,), ascending, each held until the next.

    Contacts of poses on consecutive frames are detected as in any motion; those of a lone pose by its feet's height.
    """
    contacts = np.empty_like(poses.contacts)
    runs = np.split(np.arange(len(at)), np.flatnonzero(np.diff(at) != 1) + 1)
    for run in runs:
        contacts[run] = find_contacts(poses.joints[run], poses.fps)
    row = np.clip(np.searchsorted(at, np.arange(frames), side="right") - 1, 0, None)
    spread = replace(poses, contacts=contacts).at(row)
    return replace(spread, rotations=rot.unflip(spread.rotations))
