"""Motion put together from two clips: arms of one on the body of another, walks led around corners."""

from dataclasses import replace

import numpy as np

from motiongpt.backend.dataset.clips import Clip, Dataset
from motiongpt.backend.dataset.composites import arm_joints, around_corner, is_composite, with_arms, with_composites
from motiongpt.backend.dataset.kinematics import raised as is_raised
from motiongpt.backend.dataset.kinematics import turned as degrees_turned
from motiongpt.backend.evaluation.prompts import TURN
from motiongpt.backend.features import features_to_motion, motion_to_features
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT


def standing(frames: int = 60, bent: float = 0.0) -> Motion:
    """Arms down, the upper body bent forward by so many radians."""
    vectors = np.zeros((frames, 22, 3))
    vectors[:, JOINT["left_shoulder"], 2], vectors[:, JOINT["right_shoulder"], 2] = -1.3, 1.3
    vectors[:, JOINT["spine1"], 0] = bent
    root = np.tile((0.0, 0.95, 0.0), (frames, 1))
    return Motion(rot.from_rotation_vector(vectors), root, 20.0, np.zeros((frames, 4))).with_contacts()


def raising(frames: int = 60) -> Motion:
    """The left arm goes up and stays there."""
    motion = standing(frames)
    turn = np.zeros((frames, 3))
    turn[:, 2] = np.linspace(-1.3, 1.3, frames)
    rotations = motion.rotations.copy()
    rotations[:, JOINT["left_shoulder"]] = rot.from_rotation_vector(turn)
    return replace(motion, rotations=rotations)


def sliding(frames: int = 60) -> Motion:
    """Two metres ahead and not a step."""
    root = standing(frames).root_position + np.linspace(0.0, 2.0, frames)[:, None] * (0.0, 0.0, 1.0)
    return replace(standing(frames), root_position=root)


def turning(frames: int = 60) -> Motion:
    turn = rot.from_axis_angle((0.0, 1.0, 0.0), np.linspace(0.0, np.pi / 2, frames))
    motion = sliding(frames)
    rotations = motion.rotations.copy()
    rotations[:, 0] = turn
    return replace(motion, rotations=rotations)


def test_arms_of_one_clip_on_the_body_of_another() -> None:
    body, act = standing(90, bent=0.5), raising(60)
    made = with_arms(body, act, "left")
    assert len(made) == len(body)
    others = [j for j in range(22) if j not in arm_joints("left")]
    spine = [JOINT[name] for name in ("spine1", "spine2", "head", "right_shoulder")]
    assert set(spine) <= set(others)
    assert np.allclose(made.rotations[:, spine], body.rotations[:, spine])
    arms = arm_joints("left")
    assert np.allclose(made.rotations[-1, arms], act.rotations[-1, arms], atol=0.05)
    assert is_raised(made, "left") and not is_raised(made, "right")


def test_a_walk_is_led_around_a_corner() -> None:
    heading = np.linspace(0.0, np.pi / 2, 60)
    made = around_corner(sliding(60), heading)
    way = np.diff(made.root_position, axis=0)[:, [0, 2]]
    lengths = np.linalg.norm(way, axis=1)
    assert np.allclose(lengths, 2.0 / 59, rtol=0.05)  # as fast as before
    assert degrees_turned(made) > 60
    last = way[-1] / lengths[-1]
    assert last[0] > 0.95  # and +X is left of +Z, which it faced


def data_set(rows: list[tuple[str, str, bool, Motion]]) -> Dataset:
    features = [motion_to_features(m).astype(np.float32) for *_, m in rows]
    starts = np.cumsum([0, *map(len, features)])
    clips = [
        Clip(f"{content}_{style}_{i}", int(start), len(f), [], {"content": content, "style": style}, mirrored, "train")
        for i, ((content, style, mirrored, _), start, f) in enumerate(zip(rows, starts, features, strict=False))
    ]
    return Dataset(np.concatenate(features), clips)


def test_only_what_no_clip_shows_is_put_together() -> None:
    plain = [
        ("raise-up-left-hand", "normal", False, raising()),
        ("walk-turn-left", "normal", False, turning()),
        ("bye", "normal", True, standing()),
    ]
    old = [("bye", "old", True, standing(70, bent=0.6)), ("walk", "old", False, sliding(100))]
    dataset = data_set([*plain, *old])
    more = with_composites(dataset, 3)
    assert more.clips[: len(dataset.clips)] == dataset.clips
    made = more.clips[len(dataset.clips) :]
    assert all(is_composite(c) and c.split == "train" for c in made)
    pairs = [(c.tags["content"], c.tags["style"]) for c in made]
    assert pairs == [("raise-up-left-hand", "old")] * 3 + [("walk-turn-left", "old")] * 3
    raised, turned = (features_to_motion(more.of(made[i]).astype(np.float64)) for i in (0, 3))
    assert is_raised(raised, "left")
    stoop = rot.to_rotation_vector(raised.rotations[:, JOINT["spine1"]])[:, 0]
    assert np.allclose(stoop, 0.6, atol=0.02)
    assert degrees_turned(turned) > TURN
    assert with_composites(more, 3) is more  # nothing is missing now
    assert with_composites(data_set(plain), 3).clips == data_set(plain).clips  # no style but the plain one


def test_the_same_seed_makes_the_same_composites() -> None:
    rows = [
        ("raise-up-left-hand", "normal", False, raising()),
        ("bye", "normal", True, standing()),
        ("bye", "sad", True, standing(65, bent=0.3)),
        ("guide", "sad", True, standing(75, bent=0.4)),
    ]
    a, b = (with_composites(data_set(rows), 4, seed=7) for _ in range(2))
    assert np.array_equal(a.features, b.features)
    assert len(a.clips) == len(rows) + 4
