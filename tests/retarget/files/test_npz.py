"""Motion as .npz: round trips."""

import numpy as np
from support.motions import wiggle

from motiongpt.retarget.files.npz import load_npz, save_npz


def test_npz_there_and_back(tmp_path):
    motion = wiggle()
    save_npz(motion, tmp_path / "m.npz")
    back = load_npz(tmp_path / "m.npz")
    assert np.abs(back.joints - motion.joints).max() < 1e-5
    assert back.meta == motion.meta
    assert back.fps == motion.fps
