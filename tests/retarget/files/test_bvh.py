"""BVH: round trips, and damaged files refused."""

import numpy as np
import pytest
from support.motions import wiggle

from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.bvh import read_bvh, write_bvh
from motiongpt.retarget.files.reading import read_motion
from motiongpt.retarget.motion import rotations as rot


def test_bvh_there_and_back(tmp_path):
    motion = wiggle()
    write_bvh(motion, tmp_path / "m.bvh")
    clip = read_bvh(tmp_path / "m.bvh")
    assert clip.fps == 30
    assert np.abs(clip.heads[:, clip.rig.index["left_wrist"]] / 100 - motion.joints[:, 20]).max() < 1e-6
    back = read_motion(tmp_path / "m.bvh")
    assert rot.angle_between(back.rotations[:, 1:], motion.rotations[:, 1:]).max() < 1e-3


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
