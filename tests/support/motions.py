"""Synthetic motions, which need neither motion capture nor a model."""

from dataclasses import replace

import numpy as np

from motiongpt.retarget.motion import Motion, find_contacts
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT, JOINT_COUNT, rest_joints


def standing(frames: int = 5) -> Motion:
    """The T-pose in the air, at a rate that is no whole number."""
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    return Motion(rotations, np.tile((0.0, 0.95, 0.0), (frames, 1)), 23.976, np.zeros((frames, 4)))


def walking() -> Motion:
    """4 seconds at 20 frames a second: 1.2 m/s forward, legs and arms swinging against each other."""
    time = np.arange(80) / 20.0
    phase = 2 * np.pi * time
    rotations = np.tile(rot.IDENTITY, (80, 22, 1))

    def turn(joint, axis, angle):
        rotations[:, JOINT[joint]] = rot.multiply(rotations[:, JOINT[joint]], rot.from_axis_angle(axis, angle))

    for side, sign in (("left", 1.0), ("right", -1.0)):
        swing = sign * np.sin(phase)
        turn(f"{side}_hip", (1, 0, 0), -0.45 * swing)
        turn(f"{side}_knee", (1, 0, 0), 0.5 - 0.5 * sign * np.cos(phase))
        turn(f"{side}_ankle", (1, 0, 0), 0.15 * swing)
        turn(f"{side}_foot", (1, 0, 0), -0.1 * swing)
        turn(f"{side}_shoulder", (0, 0, 1), np.full(80, -1.2 * sign))
        turn(f"{side}_shoulder", (0, 1, 0), 0.4 * swing)
        turn(f"{side}_elbow", (0, 1, 0), -sign * (0.5 + 0.2 * swing))
        turn(f"{side}_wrist", (1, 0, 0), 0.2 * swing)
        turn(f"{side}_collar", (0, 1, 0), 0.05 * swing)
    for joint, amount in (("pelvis", 0.1), ("spine1", -0.05), ("spine2", -0.05), ("spine3", -0.05), ("head", 0.05)):
        turn(joint, (0, 1, 0), amount * np.sin(phase))
    turn("neck", (1, 0, 0), 0.06 * np.sin(phase))
    root = np.stack([np.zeros(80), np.full(80, 0.95), 1.2 * time], axis=-1)
    meta = {"text": "a person walks forward"}
    return Motion(rotations, root, 20.0, np.zeros((80, 4)), meta=meta).on_floor()


def stepping(frames: int = 80, fps: float = 20.0) -> Motion:
    """A body that alternately bends its knees and swings forward, made without mocap."""
    phase = np.arange(frames) / fps * 2.0 * np.pi / 1.2
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    for side, shift in (("left", 0.0), ("right", np.pi)):
        swing = 0.35 * np.sin(phase + shift)
        bend = 0.25 + 0.25 * np.cos(phase + shift)
        rotations[:, JOINT[f"{side}_hip"]] = rot.from_axis_angle((1.0, 0.0, 0.0), -swing - 0.5 * bend)
        rotations[:, JOINT[f"{side}_knee"]] = rot.from_axis_angle((1.0, 0.0, 0.0), bend)
        rotations[:, JOINT[f"{side}_ankle"]] = rot.from_axis_angle((1.0, 0.0, 0.0), swing - 0.5 * bend)
    root = np.zeros((frames, 3))
    root[:, 2] = np.arange(frames) / fps * 0.9
    motion = Motion(rotations, root, fps, np.zeros((frames, 4)))
    root[:, 1] -= motion.joints[:, :, 1].min(axis=1)
    motion = Motion(rotations, root, fps, np.zeros((frames, 4)))
    return replace(motion, contacts=find_contacts(motion.joints, fps, speed=0.9))


def t_pose(frames: int = 40, fps: float = 20.0) -> Motion:
    """Standing still, the lowest joint on the floor, every foot in contact."""
    root = np.zeros((frames, 3))
    root[:, 1] = -rest_joints()[:, 1].min()
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    return Motion(rotations, root, fps, np.ones((frames, 4)))


def bent(frames: int = 40, seed: int = 0) -> Motion:
    """Elbows and knees that bend as they can, limbs moving smoothly, the body turning."""
    random = np.random.default_rng(seed)
    steps = random.normal(scale=0.02, size=(frames, JOINT_COUNT, 3)).cumsum(axis=0)
    rotations = rot.from_rotation_vector(steps)
    bend = 0.9 + 0.3 * np.sin(np.arange(frames) / 6)
    for joint, axis in (
        ("left_knee", (1, 0, 0)),
        ("right_knee", (1, 0, 0)),
        ("left_elbow", (0, -1, 0)),
        ("right_elbow", (0, 1, 0)),
    ):
        rotations[:, JOINT[joint]] = rot.from_axis_angle(axis, bend)
    for joint in ("head", "left_wrist", "right_wrist", "left_foot", "right_foot"):
        rotations[:, JOINT[joint]] = rot.IDENTITY  # no joint beyond them shows their rotation
    root = random.normal(scale=0.02, size=(frames, 3)).cumsum(axis=0) + [0.0, 1.0, 0.0]
    return Motion(rotations, root, 20.0, np.zeros((frames, 4)))


def swinging(seed: int, frames: int = 90) -> Motion:
    """Swinging arms and legs that travel, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    phase = np.arange(frames) * 0.2 + rng.uniform(0, 6)
    vectors = np.zeros((frames, 22, 3))
    for joint, sign in ((1, 1), (2, -1), (16, -1), (17, 1)):
        vectors[:, joint, 0] = sign * 0.5 * np.sin(phase)
    vectors[:, 16, 2], vectors[:, 17, 2] = -1.2, 1.2
    root = np.zeros((frames, 3))
    root[:, 1] = 0.95
    root[:, 2] = np.arange(frames) * 0.04
    return Motion(rot.from_rotation_vector(vectors), root, 20.0, np.zeros((frames, 4)))


def wandering(frames: int, size: float, seed: int = 0, fps: float = 30.0) -> Motion:
    """Random motion that is smooth over a few frames."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames) / 30.0
    waves = np.stack(
        [np.sin(2 * np.pi * f * time + p) for f, p in zip((0.3, 0.7, 1.1), rng.uniform(0, 6, 3), strict=True)], -1
    )
    vectors = (waves @ rng.normal(0, size, (3, 22 * 3))).reshape(frames, 22, 3)
    root = waves @ rng.normal(0, size / 2, (3, 3)) + [0.0, 0.93, 0.0]
    return Motion(rot.from_rotation_vector(vectors), root, fps, np.zeros((frames, 4)))


ARMS_DOWN = {"left_shoulder": (0.0, 0.0, -1.3), "right_shoulder": (0.0, 0.0, 1.3)}


def gliding(frames: int = 81, speed: float = 0.0, **vectors: tuple[float, float, float]) -> Motion:
    """Upright with the arms down, except for joints whose rotation vectors are given; legs swing where it travels."""
    turns = np.zeros((frames, 22, 3))
    for name, vector in {**ARMS_DOWN, **vectors}.items():
        turns[:, JOINT[name]] = vector
    swing = 0.5 * np.sin(np.arange(frames) * 0.35)
    if speed:
        for name, sign in (("left_hip", 1), ("right_hip", -1)):
            turns[:, JOINT[name], 0] = sign * swing
    root = np.zeros((frames, 3))
    root[:, 1] = -rest_joints()[:, 1].min()
    root[:, 2] = np.arange(frames) * speed / 20.0
    return Motion(rot.from_rotation_vector(turns), root, 20.0, np.ones((frames, 4)))


def wiggle() -> Motion:
    """Every joint turns, twist included."""
    rng = np.random.default_rng(2)
    vectors = rng.normal(scale=0.05, size=(40, 22, 3)).cumsum(axis=0)
    root = rng.normal(scale=0.01, size=(40, 3)).cumsum(axis=0) + [0.0, 0.96, 0.0]
    return Motion(rot.from_rotation_vector(vectors), root, 30.0, np.zeros((40, 4)), meta={"text": "ünïcode"})


def wild(frames: int = 30) -> Motion:
    """Every joint turns far, twist included."""
    random = np.random.default_rng(3)
    time = np.linspace(0.0, 2.0 * np.pi, frames)[:, None, None]
    turns = random.normal(0.0, 0.5, (1, JOINT_COUNT, 3)) * np.sin(time + random.uniform(0.0, 6.0, (1, JOINT_COUNT, 1)))
    root = np.stack([np.sin(time[:, 0, 0]), 1.0 + 0.1 * np.cos(time[:, 0, 0]), time[:, 0, 0]], axis=-1)
    return Motion(rot.from_rotation_vector(turns), root, 30.0, np.zeros((frames, 4)))
