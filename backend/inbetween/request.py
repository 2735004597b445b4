"""The known channels of an in-between task, checked, as a mask."""

from collections.abc import Sequence

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.motion.known import CHANNELS, channel_mask
from ...retarget.typing import Bools
from ..tasks import Inbetween


def check_keep(keep: Sequence[int], frames: int) -> None:
    """Raises MotionGPTError if no frame is kept, or one that the motion does not have."""
    if not keep or min(keep) < 0 or max(keep) >= frames:
        raise MotionGPTError(
            f"The motion has no such frames to keep ({', '.join(map(str, keep)) or 'none given'}).",
            f"Give frames from 0 to {frames - 1}.",
        )


def given_channels(task: Inbetween, frames: int) -> Bools:
    """Mask (T, 23) of the channels that a task keeps of T frames. Raises MotionGPTError if it keeps others."""
    check_keep(task.keep, frames)
    known = np.zeros((frames, CHANNELS), dtype=bool)
    known[list(task.keep)] = channel_mask(task.poses)
    return known
