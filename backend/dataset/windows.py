"""Windows of clips as the LAFAN1 benchmark places them, and the statistics of their positions (Harvey et al. 2020,
Robust Motion In-betweening).

Windows are moved so that the root's mean lies over the origin and turned so that the pelvis faces one way in the last
frame of the context. Positions are normalised by mean and standard deviation over the training clips' 50-frame windows.
"""

from collections.abc import Sequence

import numpy as np

from ...retarget.motion import Motion
from ...retarget.motion import rotations as rot
from ...retarget.typing import Floats
from .clips import POSE_FPS

STATISTICS_WINDOW, STATISTICS_STEP = 50, 20


def placed_window(rotations: Floats, root: Floats, frame: int) -> Motion:
    """A window (T, 22, 4), (T, 3) facing +Z at `frame`, its root's mean over the origin."""
    turn = rot.conjugate(rot.yaw(rotations[frame, 0].astype(np.float64)))
    motion = Motion(rotations.astype(np.float64), root.astype(np.float64), POSE_FPS, np.zeros((len(root), 4)))
    motion = motion.placed(np.zeros(3), turn)
    return motion.placed(-motion.root_position.mean(axis=0) * [1.0, 0.0, 1.0], rot.IDENTITY)


def training_windows(rotations: Sequence[Floats], roots: Sequence[Floats]) -> list[Floats]:
    """Joints (50, 22, 3) of the placed windows that the statistics are computed over."""
    out = []
    for turned, moved in zip(rotations, roots, strict=True):
        for first in range(0, len(moved) - STATISTICS_WINDOW + 1, STATISTICS_STEP):
            place = slice(first, first + STATISTICS_WINDOW)
            out.append(placed_window(turned[place], moved[place], 9).joints)
    return out


def position_statistics(windows: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Mean and standard deviation (66,) of joints (T, 22, 3) in metres; the deviation is at least a millimetre, since
    in a small data set a joint may never move."""
    rows = np.concatenate([w.reshape(len(w), -1) for w in windows])
    return rows.mean(axis=0), np.maximum(rows.std(axis=0), 1e-3)
