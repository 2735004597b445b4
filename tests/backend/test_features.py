"""Features compared with values of the published implementation, and round trips."""

import numpy as np
import pytest

from motiongpt.backend.features import (
    DIMENSIONS,
    SLICES,
    features_to_joints,
    features_to_motion,
    joints_to_features,
    mirror_features,
    motion_to_features,
)
from motiongpt.retarget.motion import Motion, find_contacts
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT_COUNT


@pytest.fixture
def golden(shared_dir):
    folder = shared_dir / "golden" / "humanml3d"
    return np.load(folder / "012314_joints.npy"), np.load(folder / "012314_features.npy")


def test_published_features_to_joints_is_exact(golden):
    joints, features = golden
    assert np.abs(features_to_joints(features.astype(np.float64)) - joints[: len(features)]).max() < 1e-5


def test_joints_to_published_features(golden):
    joints, features = golden
    ours = joints_to_features(joints.astype(np.float64))
    assert ours.shape == (169, DIMENSIONS)
    difference = np.abs(ours - features[:169])
    assert difference.mean() < 2.5e-4
    assert difference.max() < 0.015
    # Heights and contacts follow from positions alone, so they agree to the file's float32.
    assert difference[:, SLICES["root_height"]].max() < 1e-6
    assert difference[:, SLICES["contacts"]].max() == 0


def random_motion(frames: int, seed: int) -> Motion:
    """A smooth random walk through poses, turning and travelling."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(scale=0.03, size=(frames, JOINT_COUNT, 3)).cumsum(axis=0)
    steps[:, 0] *= 0.5
    steps[:, 0, 1] += np.linspace(0, 2, frames)
    motion = Motion(
        rotations=rot.from_rotation_vector(steps),
        root_position=rng.normal(scale=0.03, size=(frames, 3)).cumsum(axis=0) + [3.0, 0.95, -2.0],
        fps=20.0,
        contacts=np.zeros((frames, 4)),
    )
    return Motion(motion.rotations, motion.root_position, 20.0, find_contacts(motion.joints, 20.0))


@pytest.mark.parametrize("seed", range(3))
def test_true_features_round_trip(seed):
    motion = random_motion(60, seed)
    back = features_to_motion(motion_to_features(motion))
    assert len(back) == 59
    # Same pose and path up to where frame 0 stands and faces.
    assert rot.angle_between(back.rotations[:, 1:], motion.rotations[:59, 1:]).max() < 1e-6
    turn = rot.multiply(motion.rotations[0, 0], rot.conjugate(back.rotations[0, 0]))
    joints = rot.rotate(turn, back.joints)
    joints += (motion.joints[0, 0] - joints[0, 0]) * [1.0, 0.0, 1.0]
    assert np.abs(joints - motion.joints[:59]).max() < 1e-6
    assert np.array_equal(back.contacts, motion.contacts[:59])


def test_features_do_not_depend_on_place_and_heading():
    motion = random_motion(30, 5)
    moved = motion.placed(np.array([5.0, 0.0, 1.0]), rot.from_axis_angle((0, 1, 0), 2.0))
    assert np.abs(motion_to_features(motion) - motion_to_features(moved)).max() < 1e-9


def test_features_are_mirrored_as_motions_are():
    motion = random_motion(30, 7)
    mirrored = mirror_features(motion_to_features(motion))
    np.testing.assert_allclose(mirrored, motion_to_features(motion.mirror()), atol=1e-9)
    assert np.abs(mirrored - motion_to_features(motion)).max() > 0.1
