"""Pins in words."""

import argparse

import numpy as np
import pytest
from support.walking import standing_still

from motiongpt.backend.shots.pins import PinText, pinned
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.motion.skeleton import JOINT

BAD = ["", "left_hand", "tail:0,1,0:1-5", "left_hand:0,1:1-5", "left_hand:0,x,0:1-5", "left_hand:0,nan,0:1-5",
       "left_hand:0,1,0:5", "left_hand:0,1,0:9-5"]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_pin_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        PinText.read(text)


def test_a_place_is_held_and_one_out_of_reach_is_named() -> None:
    motion = standing_still()
    x, y, z = motion.joints[0, JOINT["left_wrist"]] + [0.1, 0.2, 0.2]
    held = pinned(motion, [PinText.read(f"left_hand:{x},{y},{z}:20-40")])
    palm = np.linalg.norm(held.joints[20:41, JOINT["left_wrist"]] - [x, y, z], axis=1)
    assert np.ptp(palm) < 1e-6 and 0.05 < palm[0] < 0.12  # the palm is there, the wrist beside it
    with pytest.raises(MotionGPTError, match="left hand misses its place by up to"):
        pinned(motion, [PinText.read("left_hand:0,5,0:20-40")])
    with pytest.raises(MotionGPTError, match="begins on frame 500"):
        pinned(motion, [PinText.read("left_hand:0,1,0:500-600")])
    assert pinned(motion, []) is motion or np.array_equal(pinned(motion, []).rotations, motion.rotations)
