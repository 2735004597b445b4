"""BVH files from many sources: every skeleton gives an upright person, facing where they walk, sides not swapped."""

from pathlib import Path

import numpy as np
import pytest

from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT

# One file of each set and skeleton, each with a different axis, unit, rate and rest pose.
WALKS = ("deepmimic/walk.bvh", "animated-drawings/zombie.bvh")


STANDING = (
    "kaykit/Idle.bvh",
    "mesh2motion/idle-listening.bvh",
    "animated-drawings/wave_hello.bvh",
    "animated-drawings/jumping_jacks.bvh",
    "cmu-poser/91_50.bvh",
)


def read_shared(shared_dir: Path, name: str) -> Motion:
    return read_motion(shared_dir / "mocap" / name)


@pytest.mark.parametrize("name", WALKS + STANDING)
def test_every_skeleton_gives_a_person_upright(shared_dir, name):
    motion = read_shared(shared_dir, name)
    start = motion.joints[0]
    assert 1.3 < start[JOINT["head"], 1] < 1.75  # metres, whatever the file's unit
    assert start[JOINT["pelvis"], 1] > start[JOINT["left_knee"], 1] > start[JOINT["left_ankle"], 1]
    assert abs(float(np.percentile(motion.joints[..., 1].min(axis=1), 2))) < 1e-6  # the floor is at 0
    # At the start the left side is on the left, of legs and arms alike, and the feet point ahead.
    for joint in ("hip", "shoulder", "knee"):
        assert start[JOINT[f"left_{joint}"], 0] > start[JOINT[f"right_{joint}"], 0]
    toes = start[[JOINT["left_foot"], JOINT["right_foot"]]] - start[[JOINT["left_ankle"], JOINT["right_ankle"]]]
    assert toes[:, 2].min() > 0
    bones = np.linalg.norm(motion.joints[:, 4] - motion.joints[:, 1], axis=-1)
    assert np.ptp(bones) < 1e-9


@pytest.mark.parametrize("name", WALKS)
def test_walkers_go_where_they_face(shared_dir, name):
    motion = read_shared(shared_dir, name)
    ahead = rot.rotate(motion.global_rotations[:-1, 0], np.array([0.0, 0.0, 1.0]))[:, [0, 2]]
    steps = np.diff(motion.root_position[:, [0, 2]], axis=0)
    assert (steps * ahead).sum() > 0.8 * np.linalg.norm(steps, axis=1).sum()


@pytest.mark.parametrize("name", WALKS)
def test_knees_and_elbows_bend_the_human_way(shared_dir, name):
    """Knees bend backward about X; the bone rotations say so, not only the joints."""
    motion = read_shared(shared_dir, name)
    knees = rot.to_rotation_vector(motion.rotations[:, [JOINT["left_knee"], JOINT["right_knee"]]])
    most = knees[np.unravel_index(np.argmax(np.linalg.norm(knees, axis=-1)), knees.shape[:2])]
    assert most[0] > 0.3
    assert abs(most[0]) > 3 * np.abs(most[1:]).max()
