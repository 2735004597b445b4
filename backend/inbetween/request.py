"""What a request gives, checked, as a mask."""

from collections.abc import Sequence

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Bools
from .. import limits
from ..engine import InbetweenRequest
from .exact import whole_poses
from .interpolation import CHANNELS


def check_keep(keep: Sequence[int], frames: int) -> list[int]:
    """Kept frames in order, each once. Raises MotionGPTError for none, or one that the motion does not have."""
    kept = sorted(set(keep))
    if not kept or kept[0] < 0 or kept[-1] >= frames:
        raise MotionGPTError(
            f"The motion has no such frames to keep ({', '.join(map(str, keep)) or 'none given'}).",
            f"Give some from 0 to {frames - 1}.",
        )
    return kept


def check_request(request: InbetweenRequest) -> Bools:
    """(T, 23): what the request gives. Raises MotionGPTError where it does not fit the motion."""
    frames = len(request.motion)
    kept = check_keep(request.keep, frames)
    limits.check_known(request.keep, request.known)
    if request.known is None:
        return whole_poses(np.asarray(kept), frames)
    known = np.zeros((frames, CHANNELS), dtype=bool)
    for frame, bits in zip(request.keep, request.known, strict=True):
        known[frame] = [bool(bits >> channel & 1) for channel in range(CHANNELS)]
    return known
