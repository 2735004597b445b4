"""Clips' names, and where they begin."""

from dataclasses import replace

import numpy as np
import pytest

from motiongpt.backend.output.clips import MAX_NAME, at_origin, clip_name, clip_names
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot


def _motion(**meta) -> Motion:
    return Motion(np.tile(rot.IDENTITY, (3, 22, 1)), np.zeros((3, 3)), 20.0, np.zeros((3, 4)), meta=meta)


def test_two_seeds_and_two_takes_have_names_of_their_own():
    meta = {"text": "A person kicks with the left leg, then bows", "seed": 3}
    names = [clip_name(_motion(**meta, variation=v)) for v in (0, 1)] + [clip_name(_motion(**{**meta, "seed": 4}))]
    assert len(set(names)) == 3
    assert all(len(name.encode()) <= MAX_NAME and " " not in name for name in names)


def test_a_motion_without_prompt_is_called_as_its_file():
    assert clip_name(_motion(), "jump_02") == "jump_02"
    assert clip_name(_motion()) == "Motion"


def test_given_names_count_and_are_told_apart():
    motions = [_motion(text="walks"), _motion(text="walks")]
    assert clip_names(["hop"], motions, ["", ""]) == ["hop_1", "hop_2"]
    assert clip_names(["a", "b"], motions, ["", ""]) == ["a", "b"]
    assert len(set(clip_names([], motions, ["", ""]))) == 2
    for wrong in (["a", "b", "c"], [" ", "b"], ["x" * 99, "b"]):
        with pytest.raises(MotionGPTError):
            clip_names(wrong, motions, ["", ""])


def test_a_clip_begins_above_the_origin_facing_ahead():
    motion = _motion()
    turned = np.tile(rot.from_axis_angle(np.array([0.0, 1.0, 0.0]), 2.0), (3, 1))
    rotations = motion.rotations.copy()
    rotations[:, 0] = turned
    path = np.array([[5.0, 0.9, -2.0]] * 3) + np.linspace(0, 1, 3)[:, None] * rot.rotate(
        turned[0], np.array([0, 0, 1.0])
    )
    begun = at_origin(replace(motion, rotations=rotations, root_position=path))
    assert np.abs(begun.root_position[0] - [0.0, 0.9, 0.0]).max() < 1e-9
    assert np.abs(begun.root_position[-1] - [0.0, 0.9, 1.0]).max() < 1e-9
