"""Interpolation between frames, and `Motion.resample` by it."""

import numpy as np
import pytest

from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.interpolation import cubic, cubic_rotations
from motiongpt.retarget.motion.skeleton import JOINT


def swinging(frames: int, fps: float = 20.0, hertz: float = 1.3) -> Motion:
    """A body that walks ahead and swings its arms and head."""
    time = np.arange(frames) / fps
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    for name, axis, size in (("left_shoulder", (1.0, 0.0, 0.0), 1.2), ("head", (0.0, 1.0, 0.0), 0.8)):
        rotations[:, JOINT[name]] = rot.from_axis_angle(axis, size * np.sin(2.0 * np.pi * hertz * time))
    bob = 0.9 + 0.03 * np.sin(4.0 * np.pi * hertz * time)
    contacts = (np.arange(frames)[:, None] // 5 % 2) * np.ones((1, 4))
    return Motion(rotations, np.stack([0.0 * time, bob, 1.3 * time], axis=1), fps, contacts)


def energy_over(hertz: float, motion: Motion) -> float:
    """The share of the joints' acceleration that lies over a frequency."""
    acceleration = np.diff(motion.joints, n=2, axis=0)
    window = np.hanning(len(acceleration))[:, None, None]
    power = (np.abs(np.fft.rfft(acceleration * window, axis=0)) ** 2).sum(axis=(1, 2))
    return float(power[np.fft.rfftfreq(len(acceleration), 1.0 / motion.fps) > hertz].sum() / power.sum())


@pytest.mark.parametrize("hertz", [0.7, 1.3, 1.9])
def test_another_rate_adds_no_shaking(hertz):
    """Straight lines between the frames put a tenth and more of the acceleration over 8 Hz."""
    motion = swinging(120, hertz=hertz)
    assert energy_over(8.0, motion.resample(30.0)) < energy_over(8.0, swinging(180, 30.0, hertz)) + 0.03
    straight = [np.interp(np.arange(177) * (20.0 / 30.0), np.arange(120), c) for c in motion.root_position.T]
    crude = Motion(np.tile(rot.IDENTITY, (177, 22, 1)), np.stack(straight, axis=1), 30.0, np.zeros((177, 4)))
    assert energy_over(8.0, crude) > 0.1


@pytest.mark.parametrize(("frames", "fps"), [(80, 30.0), (80, 24.0), (61, 60.0), (7, 29.97), (3, 30.0), (2, 30.0)])
def test_another_rate_stays_close_to_the_true_motion_up_to_its_end(frames, fps):
    made, true = swinging(frames).resample(fps), swinging(round(frames / 20.0 * fps), fps)
    assert len(made) == len(true) and made.fps == fps
    middle, end = (np.abs(made.joints - true.joints).max(axis=(1, 2))[part] for part in (np.s_[2:-5], np.s_[:]))
    assert frames < 8 or middle.max() < 0.005
    assert end.max() < 0.08  # the last ones lie past the last frame, where nothing is known
    steps = np.linalg.norm(np.diff(made.root_position, axis=0), axis=1)
    assert steps[-1] > 0.8 * steps.mean()  # no half step at the end


def test_frames_that_both_rates_share_are_kept():
    motion = swinging(40)
    made = motion.resample(30.0)
    assert np.allclose(made.root_position[::3], motion.root_position[::2], atol=1e-12)
    assert np.allclose(made.rotations[::3], motion.rotations[::2], atol=1e-12)
    assert np.allclose(made.contacts[::3], motion.contacts[::2], atol=1e-12)
    assert made.contacts.min() >= 0.0 and made.contacts.max() <= 1.0


@pytest.mark.parametrize("frames", [1, 2])
def test_the_shortest_motions(frames):
    made = swinging(frames).resample(60.0)
    assert len(made) == 3 * frames
    assert np.isfinite(made.joints).all() and np.allclose(rot.length(made.rotations), 1.0)
    if frames == 1:
        assert np.allclose(made.joints, swinging(1).joints)


def test_past_its_duration_the_last_pose_is_held():
    motion = swinging(20)
    made = motion.resample(30.0, frames=45)
    assert len(made) == 45
    assert np.array_equal(made.joints[:30], motion.resample(30.0).joints)
    assert np.allclose(made.joints[30:], made.joints[29])
    assert np.array_equal(motion.resample(20.0, frames=10).joints, motion.joints[:10])


def test_signs_of_quaternions_do_not_matter():
    motion = swinging(30)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (30, 22, 1))
    flipped = Motion(motion.rotations * signs, motion.root_position, 20.0, motion.contacts)
    assert np.allclose(flipped.resample(30.0).joints, motion.resample(30.0).joints)


def test_rotations_far_apart_stay_rotations():
    random = np.random.default_rng(1)
    rotations = rot.normalize(random.normal(size=(200, 3, 4)))
    made = cubic_rotations(rotations, np.linspace(0.0, 199.0, 5001))
    assert np.allclose(rot.length(made), 1.0)
    angles = rot.angle_between(made[1:], made[:-1])
    assert angles.max() < np.radians(30.0)  # of up to 180 degrees a frame, 25 steps a frame


def test_a_turn_at_constant_speed_stays_one():
    angles = np.arange(12) * np.radians(60.0)
    time = np.linspace(0.0, 11.0, 111)
    made = cubic_rotations(rot.from_axis_angle((0.0, 1.0, 0.0), angles), time)
    true = rot.from_axis_angle((0.0, 1.0, 0.0), time * np.radians(60.0))
    assert np.degrees(rot.angle_between(made, true)).max() < 1.5


def test_curves_go_on_straight_outside():
    values = np.array([[0.0], [1.0], [4.0]])
    assert np.allclose(cubic(values, np.array([-1.0, 3.0, 4.0]))[:, 0], [0.0, 8.0, 12.0])
