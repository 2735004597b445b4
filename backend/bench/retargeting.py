"""Benchmark of retargeting: a synthetic walk onto a rig of 60 bones in Blender, without files or a model.

The measuring happens in Blender, by the add-on's `export.bench`.
"""

from typing import Any

import numpy as np

from ...retarget.motion import Motion, find_contacts
from ...retarget.motion import rotations as rot
from ...retarget.motion.skeleton import JOINT, JOINT_COUNT
from ..output.blender import measure_retargeting

FRAMES, FPS = 300, 30.0
WANTED_FRAMES_PER_SECOND, WANTED_RATIO = 10_000, 25.0


def measure() -> dict[str, Any]:
    """The report of `motiongpt bench retarget`."""
    return measure_retargeting(synthetic_walk())


def synthetic_walk() -> Motion:
    """Ten seconds of walking with bending knees and swinging arms, and the foot contacts that follow."""
    phase = np.arange(FRAMES) / FPS * 2.0 * np.pi / 1.2
    rotations = np.tile(rot.IDENTITY, (FRAMES, JOINT_COUNT, 1))
    for side, shift in (("left", 0.0), ("right", np.pi)):
        swing, bend = 0.35 * np.sin(phase + shift), 0.25 + 0.25 * np.cos(phase + shift)
        sign = 1.0 if side == "left" else -1.0
        for joint, axis, angle in (
            ("hip", (1.0, 0.0, 0.0), -swing - 0.5 * bend),
            ("knee", (1.0, 0.0, 0.0), bend),
            ("ankle", (1.0, 0.0, 0.0), swing - 0.5 * bend),
            ("shoulder", (0.0, 0.0, 1.0), np.full(FRAMES, -1.2 * sign)),
            ("elbow", (0.0, 1.0, 0.0), -sign * (0.4 + 0.2 * np.sin(phase + shift))),
        ):
            rotations[:, JOINT[f"{side}_{joint}"]] = rot.from_axis_angle(axis, angle)
    root = np.zeros((FRAMES, 3))
    root[:, 2] = np.arange(FRAMES) / FPS * 0.9
    motion = Motion(rotations, root, FPS, np.zeros((FRAMES, 4))).on_floor()
    contacts = find_contacts(motion.joints, FPS, speed=0.9)
    return Motion(motion.rotations, motion.root_position, FPS, contacts)
