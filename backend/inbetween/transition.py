"""The transition model at work: onnxruntime and numpy, poses at the model's rate on the canonical body."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ...retarget.motion import Motion, find_contacts
from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import JOINT, global_rotations
from ...retarget.typing import Bools, Floats, Ints
from .interpolation import interpolate
from .network_input import (
    AFTER,
    BEFORE,
    Keys,
    contact_curves,
    curves,
    gap_input,
    interpolated,
    joints_from_root,
    mirrored_keys,
    mirrored_offsets,
    poses_of,
    yaw_angle,
)

FILE_NAME = "transition.onnx"
LONGEST = 120
"""Frames of the longest gaps that the model was taught."""
RELAX = 6.0
"""Frames in which what moves at an outermost key comes to rest past it."""
_ARMS_DOWN = 1.2  # radians from the T-pose, for shoulders that no key says anything about


class Session(Protocol):
    """What is used of onnxruntime.InferenceSession."""

    def run(self, outputs: Any, inputs: Mapping[str, Any]) -> Any: ...


@dataclass(frozen=True, eq=False)
class Poses:
    """rotations (T, 22, 4), root (T, 3) in metres on the canonical body, contacts (T, 4) from 0 to 1."""

    rotations: Floats
    root: Floats
    contacts: Floats

    def __len__(self) -> int:
        return len(self.root)


class TransitionModel:
    """Fills frames between given ones."""

    def __init__(self, session: Session, fps: float) -> None:
        self._session, self.fps = session, fps

    def fill(self, poses: Poses, known: Bools) -> Poses:
        """All frames made from those whose channels `known` (T, 23) are given; the others' values do not matter.

        The model leads from one anchor to the next, an anchor being a frame that gives all that is given anywhere.
        Other keys are left to `exact.pinned`. Past the outermost anchors the motion comes to rest.
        """
        rotations, root = _relaxed(poses, known)
        contacts = np.full((len(poses), 4), np.nan)
        have = _anchors(known)
        anchors = np.flatnonzero(have)
        for number, (first, second) in enumerate(itertools.pairwise(anchors)):
            if second - first < 2:
                continue
            following = anchors[number + 2] if number + 2 < len(anchors) else None
            keys = _keys(rotations, root, have, (int(first), int(second)), following)
            made = self._between(rotations, root, keys, int(first), int(second))
            inner = slice(first + 1, second)
            rotations[inner], root[inner] = made.rotations[1:-1], made.root[1:-1]
            contacts[first : second + 1] = np.fmax(contacts[first : second + 1], made.contacts)
            have[inner] = True
        _come_to_rest(rotations, root, have, anchors)
        seen = find_contacts(Motion(rotations, root, self.fps, np.zeros((len(root), 4))).joints, self.fps)
        return Poses(rotations, root, np.where(np.isnan(contacts), seen, contacts))

    def _between(self, rotations: Floats, root: Floats, keys: Keys, first: int, second: int) -> Poses:
        """From key to key, both included."""
        frames = float(second - first - 1)
        heading = yaw_angle(rotations[first : first + 1, 0])
        # The mean of what it says of the gap and of its mirror image is right more often than either.
        both = [gap_input(keys, heading), gap_input(mirrored_keys(keys), -heading)]
        weights, telling = (np.asarray(x, np.float64) for x in self._session.run(None, {"features": np.vstack(both)}))
        weights = 0.5 * (weights[0] + mirrored_offsets(weights[1]))
        telling = 0.5 * (telling[0] + telling[1][:, [2, 3, 0, 1]])
        time = np.arange(0.0, frames + 2.0)
        count = np.full_like(time, frames)
        offsets = curves(time, count) @ weights
        ends = slice(first, first + 1), slice(second, second + 1)
        between = interpolated(
            (rotations[ends[0]], rotations[ends[1]]), (root[ends[0]], root[ends[1]]), time[None] / (frames + 1.0)
        )
        turned, moved = poses_of(between, offsets[None])
        logits = contact_curves(time, count) @ telling
        return Poses(turned[0], moved[0], 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))))


def _relaxed(poses: Poses, known: Bools) -> tuple[Floats, Floats]:
    """Interpolated poses; arms that are nowhere given hang."""
    rotations, root = interpolate(poses.rotations, poses.root, known)
    for name, side in (("left_shoulder", -1.0), ("right_shoulder", 1.0)):
        if not known[:, JOINT[name]].any():
            rotations[:, JOINT[name]] = rot.from_axis_angle((0.0, 0.0, 1.0), side * _ARMS_DOWN)
    return rotations, root


def _anchors(known: Bools) -> Bools:
    """(T,): frames that give all channels that are given anywhere; where fewer than two do, all that give any."""
    ever = known.any(axis=0)
    whole: Bools = known[:, ever].all(axis=1)
    if whole.sum() >= min(2, int(known.any(axis=1).sum())):
        return whole
    any_given: Bools = known.any(axis=1)
    return any_given


def _keys(rotations: Floats, root: Floats, have: Bools, gap: tuple[int, int], following: int | None) -> Keys:
    """What the model sees around one gap: given frames, and frames that it made before."""
    first, second = gap
    rows = [first - i for i in BEFORE] + [second + i for i in AFTER] + [first - 1, second + 1]
    last = len(have) - 1
    given = [bool(first - i >= 0 and have[max(first - i, 0) : first + 1].all()) for i in BEFORE]
    given += [bool(second + i <= last and have[second : second + i + 1].all()) for i in AFTER]
    earlier = np.flatnonzero(have[:first])
    alone = not given[1] and len(earlier) > 0
    more = not given[len(BEFORE) + 1] and following is not None
    if alone:
        rows[-2] = int(earlier[-1])
    if more and following is not None:
        rows[-1] = int(following)
    index = np.clip(rows, 0, last)
    sixd = rot.to_sixd(global_rotations(rotations[index]))
    joints = joints_from_root(sixd)
    return Keys(
        sixd.reshape(1, len(index), -1),
        joints.reshape(1, len(index), -1),
        root[index][None],
        np.array([[*given, alone, more]]),
        np.array([rows], dtype=np.float64) - first,
    )


def _come_to_rest(rotations: Floats, root: Floats, have: Bools, anchors: Ints) -> None:
    """Fill what lies past the outermost anchors: on with the speed there, which is gone after `RELAX` frames."""
    for key, inward, outward in (
        (int(anchors[0]), 1, np.arange(anchors[0] - 1, -1, -1)),
        (int(anchors[-1]), -1, np.arange(anchors[-1] + 1, len(root))),
    ):
        beside = key + inward
        moving = 0 <= beside < len(root) and have[beside]
        beside = beside if moving else key
        away = np.minimum(np.arange(1, len(outward) + 1), RELAX)
        way = (away - away**2 / (2.0 * RELAX))[:, None]
        turn = rot.to_rotation_vector(rot.multiply(rotations[key], rot.conjugate(rotations[beside])))
        turns = rot.from_rotation_vector(turn * way[..., None])
        rotations[outward] = rot.multiply(turns, rotations[key])
        root[outward] = root[key] + (root[key] - root[beside]) * way
