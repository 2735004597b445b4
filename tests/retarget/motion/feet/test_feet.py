"""Planted feet: still in contact, untouched elsewhere; on real clips where there are any, and on synthetic ones."""

import time
from dataclasses import replace

import numpy as np
import pytest
from support.import_graph import ROOT
from support.motions import stepping, t_pose
from support.walking import steady, walking

from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.feet import bend_toes, find_spans, plant_feet, put_down
from motiongpt.retarget.motion.skeleton import CONTACT_JOINTS, JOINT

MOCAP = ROOT.parent / "shared" / "mocap"
CLIPS = ("cmu-poser/91_48.bvh", "deepmimic/walk.bvh", "deepmimic/jump.bvh", "mesh2motion/throw-ball.bvh")


def _slide(motion: Motion, contacts: np.ndarray) -> float:
    """Metres a second that points in contact move, on average over pairs of frames in contact."""
    points = motion.joints[:, CONTACT_JOINTS]
    step = np.linalg.norm(np.diff(points, axis=0), axis=-1) * motion.fps
    both = (contacts[1:] > 0.5) & (contacts[:-1] > 0.5)
    return float(step[both].mean())


def _noisy(motion: Motion, seed: int = 0) -> Motion:
    """What a network might predict: the pose right within a degree or two, contacts soft and sometimes wrong."""
    random = np.random.default_rng(seed)
    jitter = rot.from_rotation_vector(random.normal(0.0, 0.02, (*motion.rotations.shape[:2], 3)))
    contacts = np.clip(motion.contacts * 0.8 + 0.1 + random.normal(0.0, 0.15, motion.contacts.shape), 0.0, 1.0)
    root = motion.root_position + random.normal(0.0, 0.005, motion.root_position.shape)
    return replace(motion, rotations=rot.multiply(motion.rotations, jitter), root_position=root, contacts=contacts)


def _clips() -> list[Motion]:
    if not MOCAP.is_dir():
        pytest.skip("the motion capture of ../shared is not here")
    return [read_motion(path).resample(20.0) for path in (MOCAP / clip for clip in CLIPS)]


def test_a_foot_in_contact_does_not_move() -> None:
    motion = stepping()
    planted = plant_feet(motion)
    assert planted.contacts.sum() > 20
    assert _slide(motion, planted.contacts) > 0.1
    assert _slide(planted, planted.contacts) < 0.01


def test_noise_on_real_clips_is_held_still_and_little_else_changes() -> None:
    for clip in _clips():
        noisy = _noisy(clip)
        planted = plant_feet(noisy)
        assert _slide(planted, planted.contacts) < 0.25 * _slide(noisy, planted.contacts)
        moved = np.linalg.norm(planted.joints - noisy.joints, axis=-1)
        assert moved.mean() < 0.013
        assert moved.max() < 0.12
        # The feet still travel as in the clip: nothing was frozen.
        error = np.linalg.norm(planted.joints - clip.joints, axis=-1)[:, CONTACT_JOINTS]
        assert error.mean() < np.linalg.norm(noisy.joints - clip.joints, axis=-1)[:, CONTACT_JOINTS].mean() + 0.005


def test_exact_clips_hardly_change() -> None:
    for clip in _clips():
        planted = plant_feet(clip)
        moved = np.linalg.norm(planted.joints - clip.joints, axis=-1)
        assert moved.mean() < 0.008
        assert moved.max() < 0.07


def test_nothing_lies_under_the_floor_and_no_leg_is_stretched() -> None:
    for clip in [stepping(), *(_clips() if MOCAP.is_dir() else [])]:
        sunk = _noisy(replace(clip, root_position=clip.root_position - [0.0, 0.03, 0.0]))
        planted = plant_feet(sunk)
        assert planted.joints[..., 1].min() > -0.005
        hips, knees, ankles = (planted.joints[:, JOINT[f"left_{k}"]] for k in ("hip", "knee", "ankle"))
        whole = np.linalg.norm(planted.offsets[[JOINT["left_knee"], JOINT["left_ankle"]]], axis=-1).sum()
        assert np.linalg.norm(hips - ankles, axis=-1).max() <= whole + 1e-6
        assert np.allclose(np.linalg.norm(knees - ankles, axis=-1), 0.429, atol=1e-3)


def test_without_contacts_a_clip_over_the_floor_stays_the_same() -> None:
    clip = stepping()
    clip = replace(clip, contacts=np.zeros_like(clip.contacts), root_position=clip.root_position + [0.0, 0.1, 0.0])
    assert np.allclose(plant_feet(clip).joints, clip.joints, atol=1e-6)
    single = clip.slice(0, 1)
    assert np.allclose(plant_feet(single).joints, single.joints, atol=1e-6)


def test_motion_is_no_jerkier_than_before() -> None:
    legs = [JOINT[f"{s}_{k}"] for s in ("left", "right") for k in ("knee", "ankle", "foot")]
    for clip in _clips():
        noisy = _noisy(clip)
        jerks = [np.diff(m.joints[:, legs], n=2, axis=0) for m in (plant_feet(noisy), noisy)]
        planted_jerk, noisy_jerk = (np.linalg.norm(jerk, axis=-1).max() for jerk in jerks)
        assert planted_jerk < noisy_jerk * 1.3 + 0.01


def test_flicker_and_fast_feet_are_no_contacts() -> None:
    points = np.zeros((40, 4, 3))
    points[:, 1, 2] = np.arange(40) * 0.2  # 4 m/s
    contacts = np.zeros((40, 4))
    contacts[:, :2] = 1.0
    contacts[10, 0] = 0.0  # one frame missing
    contacts[20, 3] = 1.0  # one frame alone
    spans = find_spans(contacts, points, 20.0)
    assert [(s.point, s.start, s.stop) for s in spans] == [(0, 0, 40)]


def test_eighty_frames_take_milliseconds() -> None:
    motion = _noisy(stepping())
    best = 1.0
    for _ in range(7):
        fresh = replace(motion)
        start = time.process_time()
        plant_feet(fresh)
        best = min(best, time.process_time() - start)
    assert best < 0.02  # about 8 ms; the limit leaves room for a busy machine


def test_toes_bend_where_their_tips_would_enter_the_floor() -> None:
    """A foot that points straight down over the floor turns its toes level; one that stands flat is left alone."""
    rotations = np.tile(rot.IDENTITY, (2, 22, 1))
    rotations[1, JOINT["left_ankle"]] = rot.from_axis_angle((1.0, 0.0, 0.0), np.radians(70.0))
    motion = Motion(rotations, np.array([[0.0, 0.96, 0.0], [0.0, 1.08, 0.0]]), 20.0, np.zeros((2, 4)))
    bent = bend_toes(motion)
    assert np.abs(bent.rotations[0] - motion.rotations[0]).max() < 1e-12
    assert np.abs(bent.joints - motion.joints).max() < 1e-12
    for before, after in ((motion, False), (bent, True)):
        toe = before.global_rotations[1, JOINT["left_foot"]]
        tip = before.joints[1, JOINT["left_foot"]] + rot.rotate(toe, np.array([0.0, 0.0, 0.1]))
        assert (tip[1] > -1e-9) == after


def rising(by: float) -> Motion:
    """A walk that comes off the floor, evenly, by so many metres."""
    walk = walking(steady(3.0))
    lift = np.zeros((len(walk), 3))
    lift[:, 1] = np.linspace(0.0, by, len(walk))
    return walk.shifted(lift)


def test_a_walk_that_rises_off_the_floor_is_put_down() -> None:
    lowered = put_down(rising(0.1))
    assert rising(0.1).joints[-10:, :, 1].min() > 0.09
    assert np.abs(lowered.joints[..., 1].min(axis=1)).max() < 0.03
    assert np.array_equal(lowered.root_position[:, [0, 2]], rising(0.1).root_position[:, [0, 2]])


def test_who_climbs_is_not_put_down() -> None:
    climbing = rising(0.5)
    assert put_down(climbing) is climbing


def test_a_foot_that_slides_while_it_should_stand_moves_without_a_jump() -> None:
    """It is held in pieces, and gets from one's place to the next one's in several frames."""
    slides = t_pose(80).shifted(np.outer(np.arange(80) * 0.02, (0.0, 0.0, 1.0)))  # 0.4 m/s
    planted = plant_feet(slides)
    steps = np.linalg.norm(np.diff(planted.joints[:, CONTACT_JOINTS], axis=0), axis=-1)
    assert np.median(steps[planted.contacts[1:] > 0.5]) < 0.001 < steps.max() < 0.06
