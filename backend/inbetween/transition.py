"""Inference with the transition model: poses at the model's frame rate, on the canonical body."""

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
    add_offsets,
    contact_curves,
    curves,
    gap_input,
    interpolate_gap,
    joints_from_root,
    mirrored_keys,
    mirrored_offsets,
    yaw_angle,
)

FILE_NAME = "transition.onnx"
LONGEST = 120
"""Frames of the longest gaps that the model was trained on."""
REST_FRAMES = 6.0
"""Frames within which motion comes to rest before the first and after the last anchor."""
_ARMS_DOWN = 1.2  # radians from the T-pose, for shoulders that no key gives


class Session(Protocol):
    """The part of onnxruntime.InferenceSession that is used."""

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
    """Fills gaps between keys with a transition model. fps: the model's frame rate."""

    def __init__(self, session: Session, fps: float) -> None:
        self._session, self.fps = session, fps

    def fill(self, poses: Poses, known: Bools) -> Poses:
        """Every frame, from the channels that are `known` (T, 23); the values of other channels don't matter.

        The model fills the gap from each anchor to the next. An anchor is a frame that gives every channel that any
        frame gives; keys that give fewer are left to `exact.pinned`. Before the first and after the last anchor the
        motion comes to rest.
        """
        rotations, root = _interpolated(poses, known)
        contacts = np.full((len(poses), 4), np.nan)
        have = _anchors(known)
        anchors = np.flatnonzero(have)
        for number, (first, second) in enumerate(itertools.pairwise(anchors)):
            if second - first < 2:
                continue
            following = anchors[number + 2] if number + 2 < len(anchors) else None
            keys = _keys(rotations, root, have, (int(first), int(second)), following)
            filled = self._fill_gap(rotations, root, keys, int(first), int(second))
            inner = slice(first + 1, second)
            rotations[inner], root[inner] = filled.rotations[1:-1], filled.root[1:-1]
            contacts[first : second + 1] = np.fmax(contacts[first : second + 1], filled.contacts)
            have[inner] = True
        _come_to_rest(rotations, root, have, anchors)
        found = find_contacts(Motion(rotations, root, self.fps, np.zeros((len(root), 4))).joints, self.fps)
        return Poses(rotations, root, np.where(np.isnan(contacts), found, contacts))

    def _fill_gap(self, rotations: Floats, root: Floats, keys: Keys, first: int, second: int) -> Poses:
        """Poses from one key to the next, both included."""
        frames = float(second - first - 1)
        heading = yaw_angle(rotations[first : first + 1, 0])
        # Averaging the outputs for the gap and for its mirror image is more accurate than either alone.
        both = [gap_input(keys, heading), gap_input(mirrored_keys(keys), -heading)]
        outputs = self._session.run(None, {"features": np.vstack(both)})
        weights, contact_weights = (np.asarray(output, np.float64) for output in outputs)
        weights = 0.5 * (weights[0] + mirrored_offsets(weights[1]))
        contact_weights = 0.5 * (contact_weights[0] + contact_weights[1][:, [2, 3, 0, 1]])
        time = np.arange(0.0, frames + 2.0)
        count = np.full_like(time, frames)
        offsets = curves(time, count) @ weights
        a, b = slice(first, first + 1), slice(second, second + 1)
        between = interpolate_gap((rotations[a], rotations[b]), (root[a], root[b]), time[None] / (frames + 1.0))
        filled, filled_root = add_offsets(between, offsets[None])
        logits = contact_curves(time, count) @ contact_weights
        return Poses(filled[0], filled_root[0], 1.0 / (1.0 + np.exp(-np.clip(logits, -30.0, 30.0))))


def _interpolated(poses: Poses, known: Bools) -> tuple[Floats, Floats]:
    """Interpolated poses, with arms hanging down unless some frame gives them."""
    rotations, root = interpolate(poses.rotations, poses.root, known)
    for name, side in (("left_shoulder", -1.0), ("right_shoulder", 1.0)):
        if not known[:, JOINT[name]].any():
            rotations[:, JOINT[name]] = rot.from_axis_angle((0.0, 0.0, 1.0), side * _ARMS_DOWN)
    return rotations, root


def _anchors(known: Bools) -> Bools:
    """(T,): frames that give every channel that any frame gives; if fewer than two do, all frames that give any."""
    full, some = known[:, known.any(axis=0)].all(axis=1), known.any(axis=1)
    return np.asarray(full if full.sum() >= min(2, int(some.sum())) else some)


def _keys(rotations: Floats, root: Floats, have: Bools, gap: tuple[int, int], following: int | None) -> Keys:
    """The model's input for one gap: frames around it that are given, or that were filled before."""
    first, second = gap
    rows = [first - i for i in BEFORE] + [second + i for i in AFTER] + [first - 1, second + 1]
    last = len(have) - 1
    given = [bool(first - i >= 0 and have[max(first - i, 0) : first + 1].all()) for i in BEFORE]
    given += [bool(second + i <= last and have[second : second + i + 1].all()) for i in AFTER]
    earlier = np.flatnonzero(have[:first])
    has_previous = not given[1] and len(earlier) > 0
    has_next = not given[len(BEFORE) + 1] and following is not None
    if has_previous:
        rows[-2] = int(earlier[-1])
    if has_next and following is not None:
        rows[-1] = int(following)
    index = np.clip(rows, 0, last)
    sixd = rot.to_sixd(global_rotations(rotations[index]))
    joints = joints_from_root(sixd)
    return Keys(
        sixd.reshape(1, len(index), -1),
        joints.reshape(1, len(index), -1),
        root[index][None],
        np.array([[*given, has_previous, has_next]]),
        np.array([rows], dtype=np.float64) - first,
    )


def _come_to_rest(rotations: Floats, root: Floats, have: Bools, anchors: Ints) -> None:
    """Fill the frames before the first and after the last anchor: the motion comes to rest within `REST_FRAMES`."""
    for key, inward, outward in (
        (int(anchors[0]), 1, np.arange(anchors[0] - 1, -1, -1)),
        (int(anchors[-1]), -1, np.arange(anchors[-1] + 1, len(root))),
    ):
        inner = key + inward
        moving = 0 <= inner < len(root) and have[inner]
        inner = inner if moving else key
        away = np.minimum(np.arange(1, len(outward) + 1), REST_FRAMES)
        travel = (away - away**2 / (2.0 * REST_FRAMES))[:, None]
        turn = rot.to_rotation_vector(rot.multiply(rotations[key], rot.conjugate(rotations[inner])))
        turns = rot.from_rotation_vector(turn * travel[..., None])
        rotations[outward] = rot.multiply(turns, rotations[key])
        root[outward] = root[key] + (root[key] - root[inner]) * travel
