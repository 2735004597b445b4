"""Channels corrected to meet keys, what keys determine, and the curve split that keeps a curve's shape."""

import numpy as np
import pytest
from support.zoo_rigs import FAMILIES, build_rig

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.known import ROOT, WHOLE, Known
from motiongpt.retarget.motion.skeleton import JOINT
from motiongpt.retarget.rigs.mapping import map_rig
from motiongpt.retarget.solving.fit import body_offsets, put_on_body
from motiongpt.retarget.solving.keyed_poses import (
    bend_positions,
    bend_rotations,
    gives_bone,
    known_by_keys,
    spread_poses,
)
from motiongpt.retarget.solving.solve import to_bones, to_motion


def turns(random: np.random.Generator, *shape: int) -> np.ndarray:
    return rot.normalize(random.normal(size=(*shape, 4)))


def smooth(frames: int = 60, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    angle = np.sin(np.linspace(0.0, 3.0, frames))[:, None] * random.normal(0.0, 0.8, 3)
    return rot.from_rotation_vector(angle)


def test_bent_rotations_meet_every_key_and_keep_the_speed_there():
    made, at = smooth(), np.array([0, 10, 12, 59])
    given = turns(np.random.default_rng(1), 4)
    bent = bend_rotations(made, at, given)
    assert rot.angle_between(bent[at], given).max() < 1e-7
    assert np.linalg.norm(np.diff(bent, axis=0), axis=-1).max() < 1.9  # no sign flips: these are 2
    # Next to a key the correction has not moved yet: the step is the motion's own.
    own = rot.angle_between(made[10 + 40], made[11 + 40])
    wide = bend_rotations(made, np.array([50]), given[:1])
    assert rot.angle_between(wide[50], wide[51]) == pytest.approx(own, abs=1e-9)


def test_bent_positions():
    made = np.cumsum(np.random.default_rng(0).normal(size=(40, 3)), axis=0)
    at, given = np.array([3, 30]), np.array([[1.0, 2.0, 3.0], [-1.0, 0.0, 9.0]])
    bent = bend_positions(made, at, given)
    assert np.abs(bent[at] - given).max() < 1e-12
    assert np.allclose(bent[:3] - made[:3], bent[3] - made[3])  # before the first key its correction holds
    assert bend_positions(made, at[:0], given[:0]) is made


def test_keys_give_joints():
    rig, joints = build_rig(FAMILIES["unreal"], seed=1)
    mapping = map_rig(rig)
    hips = mapping.root_bone
    assert known_by_keys(mapping, {(hips, "location")}, [hips]) == Known.of([ROOT])
    arm = known_by_keys(mapping, {(joints["left_elbow"], "rotation_quaternion")}, [hips])
    assert arm == Known.of([JOINT["left_elbow"]])
    assert gives_bone(arm, mapping, joints["left_elbow"]) and not gives_bone(arm, mapping, joints["right_elbow"])
    spine = known_by_keys(mapping, {(mapping.spine[1], "rotation_euler")}, [hips])
    assert spine == Known.of(JOINT[j] for j in ("spine1", "spine2", "spine3"))
    assert all(gives_bone(spine, mapping, bone) for bone in mapping.spine)
    assert known_by_keys(mapping, {(joints["left_hip"], "scale")}, [hips]) == Known.of([])
    every = {(bone, "rotation_quaternion") for bone in mapping.driven} | {(hips, "location")}
    assert known_by_keys(mapping, every, [hips]) == WHOLE


def test_joints_that_a_rig_lacks_go_with_their_parents():
    rig, _ = build_rig(FAMILIES["one spine bone"], seed=1)
    mapping = map_rig(rig)
    every = {(bone, "rotation_quaternion") for bone in mapping.driven} | {(mapping.root_bone, "location")}
    assert known_by_keys(mapping, every, [mapping.root_bone]) == WHOLE
    chest = known_by_keys(mapping, {(mapping.spine[0], "rotation_quaternion")}, [mapping.root_bone])
    assert JOINT["left_collar"] in chest and JOINT["left_shoulder"] not in chest


def test_there_and_back_on_the_rigs_own_body():
    rig, _ = build_rig(FAMILIES["mixamo plain"], seed=3)
    mapping = map_rig(rig)
    random = np.random.default_rng(2)
    rotations = rot.from_rotation_vector(random.normal(0.0, 0.4, (5, 22, 3)))
    motion = Motion(rotations, random.normal(size=(5, 3)), 30.0, np.zeros((5, 4)))
    posed = to_bones(motion, rig, mapping, fit=False)
    world = posed.global_rotations(rig)
    heads = np.empty((5, len(rig.names), 3))
    for bone, parent in enumerate(rig.parents):
        step = rot.rotate(world[:, parent], rig.rest_offsets[bone]) if parent >= 0 else rig.heads[bone]
        heads[:, bone] = (heads[:, parent] if parent >= 0 else 0.0) + step
        if rig.names[bone] == mapping.root_bone:
            heads[:, bone] = rig.heads[bone] + posed.root_translation
    own = put_on_body(to_motion(rig, mapping, world, heads, 30.0), body_offsets(rig, mapping))
    again = to_bones(own, rig, mapping, fit=False)
    assert np.abs(again.root_translation - posed.root_translation).max() < 1e-9
    assert rot.angle_between(again.global_rotations(rig), world).max() < 1e-6


def test_poses_are_spread():
    random = np.random.default_rng(0)
    poses = Motion(turns(random, 4, 22), random.normal(size=(4, 3)) + [0.0, 5.0, 0.0], 30.0, np.zeros((4, 4)))
    spread = spread_poses(poses, np.array([0, 1, 5, 9]), 12)
    assert len(spread) == 12
    assert np.allclose(spread.root_position[[0, 1, 4, 5, 8, 9, 11]], poses.root_position[[0, 1, 1, 2, 2, 3, 3]])
    standing = Motion(np.tile(rot.IDENTITY, (2, 22, 1)), np.array([[0.0, 0.93, 0.0], [3.0, 0.93, 0.0]]), 30.0,
                      np.zeros((2, 4)))  # fmt: skip
    assert spread_poses(standing, np.array([0, 9]), 10).contacts.all()  # single poses: height alone
    assert not spread_poses(standing, np.array([0, 1]), 10).contacts.any()  # one movement: too fast
