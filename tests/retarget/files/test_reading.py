"""BVH files as they come: every skeleton gives a person upright, facing the way they walk, sides not swapped."""

from pathlib import Path

import numpy as np
import pytest

from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.bvh import read_bvh, write_bvh
from motiongpt.retarget.files.npz import load_npz, save_npz
from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT

# Loose files of the sets: one of each skeleton, with axis, unit, rate and rest pose of its own.
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


def wiggle() -> Motion:
    """Every joint turns, twist included."""
    rng = np.random.default_rng(2)
    vectors = rng.normal(scale=0.05, size=(40, 22, 3)).cumsum(axis=0)
    root = rng.normal(scale=0.01, size=(40, 3)).cumsum(axis=0) + [0.0, 0.96, 0.0]
    return Motion(rot.from_rotation_vector(vectors), root, 30.0, np.zeros((40, 4)), meta={"text": "ünïcode"})


def test_bvh_there_and_back(tmp_path):
    motion = wiggle()
    write_bvh(motion, tmp_path / "m.bvh")
    clip = read_bvh(tmp_path / "m.bvh")
    assert clip.fps == 30
    assert np.abs(clip.heads[:, clip.rig.index["left_wrist"]] / 100 - motion.joints[:, 20]).max() < 1e-6
    back = read_motion(tmp_path / "m.bvh")
    assert rot.angle_between(back.rotations[:, 1:], motion.rotations[:, 1:]).max() < 1e-3


def test_npz_there_and_back(tmp_path):
    motion = wiggle()
    save_npz(motion, tmp_path / "m.npz")
    back = load_npz(tmp_path / "m.npz")
    assert np.abs(back.joints - motion.joints).max() < 1e-5
    assert back.meta == motion.meta
    assert back.fps == motion.fps


ONE_JOINT = (
    "HIERARCHY\nROOT a\n{\n OFFSET 0 0 0\n CHANNELS 3 Zrotation Xrotation %s\n}\n"
    "MOTION\nFrames: %s\nFrame Time: %s\n%s\n"
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ONE_JOINT % ("Yrotation", 2, 0.03, "1 2"),
        ONE_JOINT % ("Up", 1, 0.03, "1 2 3"),
        ONE_JOINT % ("Yrotation", 1, 0, "1 2 3"),
        ONE_JOINT % ("Yrotation", 1, 0.03, "nan 2 3"),
    ],
)
def test_damaged_files_are_refused(tmp_path, text):
    path = tmp_path / "broken.bvh"
    path.write_text(text)
    with pytest.raises(MotionGPTError, match="not a readable BVH"):
        read_motion(path)
