"""Motion to HumanML3D's features, 263 numbers per frame, and back.

Layout of a frame (Guo et al. 2022): turn of the root about Y to the next frame (half the angle, radians), its planar
velocity (x, z, metres per frame, in the next frame's heading), root height; then in the frame's heading, with the root
over the origin: positions of joints 1..21, their rotations in 6D, velocities of joints 0..21 (metres per frame);
contacts of left heel, left toe, right heel, right toe. T frames of motion give T - 1 frames of features, at
20 frames per second.

Two conventions share the layout. *Published*: rotations come from positions by inverse kinematics along five chains,
and so have no twist. *True* (our own models): rotations are the skeleton's own, local ones. Only those of the pelvis'
three children (both hips, spine1) are relative to the heading instead, because the pelvis' tilt has no slot of its own.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from ..retarget.motion import Motion
from ..retarget.motion import rotations as rot
from ..retarget.motion.skeleton import JOINT_COUNT, MIRRORED_JOINTS, PARENTS, REST_OFFSETS
from ..retarget.typing import Floats

FPS = 20.0
DIMENSIONS = 263
POSE_WINDOW = 20
"""Number of frames for which a single pose is held, so that a tokenizer can encode it."""


_SIZES = {
    "root_turn": 1, "root_velocity": 2, "root_height": 1, "positions": 21 * 3, "rotations": 21 * 6,
    "velocities": 22 * 3, "contacts": 4,
}  # fmt: skip
SLICES = {
    name: slice(end - size, end)
    for (name, size), end in zip(_SIZES.items(), itertools.accumulate(_SIZES.values()), strict=True)
}
"""Name of a group of features -> its slice of a frame."""

PELVIS_CHILDREN = tuple(j for j, parent in enumerate(PARENTS) if parent == 0)

# HumanML3D's chains and the direction of every bone in its reference pose (arms down), for the published rotations.
_CHAINS = ((0, 2, 5, 8, 11), (0, 1, 4, 7, 10), (0, 3, 6, 9, 12, 15), (9, 14, 17, 19, 21), (9, 13, 16, 18, 20))
_DOWN, _AHEAD, _UP, _LEFT, _RIGHT = (0, -1, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (-1, 0, 0)
_REFERENCE = np.array(
    [
        (0, 0, 0), _LEFT, _RIGHT, _UP, _DOWN, _DOWN, _UP, _DOWN, _DOWN, _UP, _AHEAD, _AHEAD, _UP, _LEFT, _RIGHT, _AHEAD,
        _DOWN, _DOWN, _DOWN, _DOWN, _DOWN, _DOWN,
    ],
    dtype=np.float64,
)  # fmt: skip
_PUBLISHED_CONTACT_SPEED = 0.002  # squared metres per frame
_FORWARD_SMOOTHING = 20.0  # frames, standard deviation


@dataclass(frozen=True, eq=False)
class Statistics:
    """mean and std (263,) by which a model's features are normalised."""

    mean: Floats
    std: Floats

    def normalize(self, features: Floats) -> Floats:
        return np.asarray((features - self.mean) / self.std)

    def denormalize(self, features: Floats) -> Floats:
        return features * self.std + self.mean


def _smooth(values: Floats, sigma: float) -> Floats:
    """Values (T, C) smoothed over time by a Gaussian, cut off at four standard deviations; the ends are held."""
    radius = int(4 * sigma + 0.5)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    padded = np.pad(values, ((radius, radius), (0, 0)), mode="edge")
    return np.stack([np.convolve(c, kernel / kernel.sum(), mode="valid") for c in padded.T], axis=1)


def _forward(across: Floats) -> Floats:
    """Y cross `across` (..., 3): where a body faces if `across` points from its left to its right."""
    return np.stack([across[..., 2], np.zeros_like(across[..., 0]), -across[..., 0]], axis=-1)


def _published_heading(joints: Floats) -> Floats:
    """(T, 4) turn that takes the smoothed facing direction to +Z; frame 0 counts as facing +Z."""
    hips: Floats = joints[:, 1] - joints[:, 2]  # from right to left, as published
    shoulders: Floats = joints[:, 17] - joints[:, 16]  # from left to right
    forward = _forward(rot.normalize(hips + shoulders))
    turn = rot.between(rot.normalize(_smooth(forward, _FORWARD_SMOOTHING)), np.array([0.0, 0.0, 1.0]))
    turn[0] = rot.IDENTITY
    return turn


def _published_rotations(joints: Floats, heading: Floats) -> Floats:
    """(T, 22, 4) by inverse kinematics along the chains, each of which starts from the root's heading, as published."""
    out = np.tile(rot.IDENTITY, (*joints.shape[:2], 1))
    for chain in _CHAINS:
        world = heading
        for parent, joint in itertools.pairwise(chain):
            bone = rot.between(_REFERENCE[joint], joints[:, joint] - joints[:, parent])
            out[:, joint] = rot.multiply(rot.conjugate(world), bone)
            world = bone
    return out


def _assemble(joints: Floats, heading: Floats, sixd: Floats, contacts: Floats) -> Floats:
    """Features (T - 1, 263) of joints (T, 22, 3), turns to the heading's frame (T, 4), 6D (T, 21, 6) and contacts
    (T - 1, 4)."""
    frames = len(joints) - 1
    step = rot.multiply(heading[1:], rot.conjugate(heading[:-1]))
    velocity = rot.rotate(heading[1:], joints[1:, 0] - joints[:-1, 0])
    local = rot.rotate(heading[:, None], joints - joints[:, :1] * [1.0, 0.0, 1.0])
    velocities = rot.rotate(heading[:-1, None], joints[1:] - joints[:-1])
    out = np.empty((frames, DIMENSIONS))
    out[:, SLICES["root_turn"]] = np.arcsin(np.clip(step[:, 2:3], -1.0, 1.0))
    out[:, SLICES["root_velocity"]] = velocity[:, [0, 2]]
    out[:, SLICES["root_height"]] = joints[:-1, 0, 1:2]
    out[:, SLICES["positions"]] = local[:-1, 1:].reshape(frames, -1)
    out[:, SLICES["rotations"]] = sixd[:-1].reshape(frames, -1)
    out[:, SLICES["velocities"]] = velocities.reshape(frames, -1)
    out[:, SLICES["contacts"]] = contacts
    return out


def joints_to_features(joints: Floats) -> Floats:
    """Published features (T - 1, 263) of joints (T, 22, 3) at 20 frames per second, which are first moved onto the
    floor and over the origin, facing +Z."""
    joints = joints - np.array([0.0, float(joints[..., 1].min()), 0.0])
    joints = joints - joints[0, 0] * np.array([1.0, 0.0, 1.0])
    across = rot.normalize(joints[0, 2] - joints[0, 1] + joints[0, 17] - joints[0, 16])
    forward = _forward(across)
    joints = rot.rotate(rot.between(forward, np.array([0.0, 0.0, 1.0])), joints)
    heading = _published_heading(joints)
    speed = np.sum((joints[1:, [7, 10, 8, 11]] - joints[:-1, [7, 10, 8, 11]]) ** 2, axis=-1)
    contacts = (speed < _PUBLISHED_CONTACT_SPEED).astype(np.float64)
    return _assemble(joints, heading, rot.to_sixd(_published_rotations(joints, heading))[:, 1:], contacts)


def integrate_root(features: Floats) -> tuple[Floats, Floats]:
    """Turns to the heading's frame (T, 4) and root positions (T, 3) of features (T, 263), from the origin facing +Z."""
    half = np.concatenate([[0.0], np.cumsum(features[:-1, SLICES["root_turn"]][:, 0])])
    heading = np.stack([np.cos(half), np.zeros_like(half), np.sin(half), np.zeros_like(half)], axis=-1)
    step = np.zeros((len(features), 3))
    step[1:, [0, 2]] = features[:-1, SLICES["root_velocity"]]
    root = np.cumsum(rot.rotate(rot.conjugate(heading), step), axis=0)
    root[:, 1] = features[:, SLICES["root_height"]][:, 0]
    return heading, root


def features_to_joints(features: Floats) -> Floats:
    """Joints (T, 22, 3) in metres, from the positions in features (T, 263) of either convention."""
    heading, root = integrate_root(features)
    local = features[:, SLICES["positions"]].reshape(-1, 21, 3)
    joints = rot.rotate(rot.conjugate(heading)[:, None], local) + (root * [1.0, 0.0, 1.0])[:, None]
    return np.concatenate([root[:, None], joints], axis=1)


def heading_of(motion: Motion) -> Floats:
    """(T, 4) turn from the world to the frame in which the body, midway between pelvis and chest, faces +Z."""
    left = rot.rotate(motion.global_rotations[:, [0, 9]], np.array([1.0, 0.0, 0.0])).sum(axis=1)
    left = rot.normalize(left * np.array([1.0, 0.0, 1.0]))
    return rot.unflip(rot.from_axis_angle((0.0, 1.0, 0.0), np.arctan2(left[:, 2], left[:, 0])))


def mirror_features(features: Floats) -> Floats:
    """Features (T, 263) of the mirrored motion: those of `Motion.mirror`, but for rounding."""
    sides = np.array(MIRRORED_JOINTS)
    joints = sides[1:] - 1
    out = features.copy()
    out[:, SLICES["root_turn"]] *= -1.0
    out[:, SLICES["root_velocity"]] *= (-1.0, 1.0)
    for name, order, signs in (
        ("positions", joints, (-1.0, 1.0, 1.0)),
        ("rotations", joints, (1.0, -1.0, -1.0, -1.0, 1.0, 1.0)),
        ("velocities", sides, (-1.0, 1.0, 1.0)),
        ("contacts", np.array([2, 3, 0, 1]), (1.0,)),
    ):
        rows = features[:, SLICES[name]].reshape(len(features), len(order), -1)
        out[:, SLICES[name]] = (rows[:, order] * signs).reshape(len(features), -1)
    return out


def motion_to_features(motion: Motion) -> Floats:
    """True features (T - 1, 263) of a motion at 20 frames per second, relative to where it starts and faces.

    >>> rotations = np.tile(rot.IDENTITY, (6, 22, 1))
    >>> rotations[:, 16] = rot.from_axis_angle((0.0, 0.0, 1.0), np.linspace(0.0, 1.0, 6))  # raise the left arm
    >>> path = np.linspace((0.0, 0.9, 0.0), (0.0, 0.9, 0.5), 6)
    >>> motion = Motion(rotations, path, FPS, contacts=np.zeros((6, 4)))
    >>> features = motion_to_features(motion)
    >>> features.shape
    (5, 263)
    >>> back = features_to_motion(features)
    >>> bool(np.allclose(back.joints, motion.joints[:-1])), bool(np.allclose(back.rotations, motion.rotations[:-1]))
    (True, True)
    """
    if motion.fps != FPS:
        raise ValueError(f"features need {FPS} frames per second, not {motion.fps}")
    heading = heading_of(motion)
    rotations = motion.rotations[:, 1:].copy()
    for joint in PELVIS_CHILDREN:
        rotations[:, joint - 1] = rot.multiply(heading, motion.global_rotations[:, joint])
    return _assemble(motion.joints, heading, rot.to_sixd(rotations), motion.contacts[:-1])


def held_pose(features: Floats) -> Floats:
    """Features (..., 263) of the same poses held still."""
    out = features.copy()
    for group in ("root_turn", "root_velocity", "velocities"):
        out[..., SLICES[group]] = 0.0
    return out


def features_to_motion(features: Floats) -> Motion:
    """The motion (T frames) of true features (T, 263), on the canonical body, from the origin facing +Z: the inverse of
    `motion_to_features`."""
    heading, root = integrate_root(features)
    facing = rot.conjugate(heading)
    sixd = features[:, SLICES["rotations"]].reshape(-1, 21, 6)
    rotations = np.concatenate([np.tile(rot.IDENTITY, (len(features), 1, 1)), rot.from_sixd(sixd)], axis=1)
    local = features[:, SLICES["positions"]].reshape(-1, 21, 3)[:, [j - 1 for j in PELVIS_CHILDREN]]
    around = local - (root * [0.0, 1.0, 0.0])[:, None]
    tilt = rot.fit(REST_OFFSETS[list(PELVIS_CHILDREN)], around)
    rotations[:, 0] = rot.multiply(facing, tilt)
    for joint in PELVIS_CHILDREN:
        rotations[:, joint] = rot.multiply(rot.conjugate(tilt), rotations[:, joint])
    return Motion(
        rotations=rot.unflip(rotations),
        root_position=root,
        fps=FPS,
        contacts=np.clip(features[:, SLICES["contacts"]], 0.0, 1.0),
    )


assert len(_REFERENCE) == JOINT_COUNT and SLICES["contacts"].stop == DIMENSIONS
