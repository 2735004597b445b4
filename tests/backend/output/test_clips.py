"""What clips are called, and where they begin."""

import numpy as np
import pytest
from support.motions import walking

from motiongpt.backend.output.clips import MAX_NAME, at_origin, clip_name, clip_names
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot


def told(text: str, seed: int = 1, take: int = 0) -> Motion:
    motion = walking()
    return Motion(
        motion.rotations, motion.root_position, motion.fps, contacts=motion.contacts,
        meta={"text": text, "seed": seed, "variation": take},
    )  # fmt: skip


def test_names_are_short_safe_and_of_one_seed_and_take():
    long = "a person, with his arms raised, walks in a very large circle to the left & then sits down on a chair"
    names = [clip_name(told(long, seed, take)) for seed in (1, 2) for take in (0, 1)]
    assert len(set(names)) == 4
    for name in names:
        assert len(name) < 48 and name.replace("_", "").isalnum() and name.startswith("arms_raised_walks")
    assert clip_name(told("歩く " * 30)).startswith("歩く") and len(clip_name(told("歩く" * 60)).encode()) <= MAX_NAME
    assert clip_name(told("the person")) == "the_person_1"
    assert clip_name(told("?!"), "walk 7") == "walk 7" and clip_name(told("")) == "Motion"


def test_given_names():
    motions = [told("walks", 1, take) for take in range(3)]
    assert clip_names(["a", "b", "c"], motions, ["x"] * 3) == ["a", "b", "c"]
    assert clip_names(["a"], motions, ["x"] * 3) == ["a_1", "a_2", "a_3"]
    assert clip_names([], [told("")] * 3, ["x"] * 3) == ["x", "x_2", "x_3"]
    for wrong in (["a", "b"], [" "], ["a\nb"], ["x" * 99]):
        with pytest.raises(MotionGPTError):
            clip_names(wrong, motions, ["x"] * 3)


def test_a_motion_moved_to_the_origin_keeps_its_movement():
    motion = walking()
    turn = rot.from_axis_angle((0.0, 1.0, 0.0), 2.0)
    rotations = motion.rotations.copy()
    rotations[:, 0] = rot.multiply(turn, rotations[:, 0])
    away = Motion(
        rotations, rot.rotate(turn, motion.root_position) + [3.0, 0.0, 4.0], motion.fps, contacts=motion.contacts
    )
    back, same = at_origin(away), at_origin(motion)
    assert np.abs(back.joints - same.joints).max() < 1e-6
    assert np.abs(back.root_position[0, [0, 2]]).max() < 1e-9
