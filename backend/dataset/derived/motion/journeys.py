"""Walks and runs that begin and end standing: real starts, cycles and stops put together to a given distance."""

import numpy as np

from .....retarget.motion.travel.paths import bent, path
from .....retarget.motion.travel.seams import alike, connected, looped, pose_signs, spliced
from .....retarget.motion.travel.track import Track

_SEAM = 0.25  # seconds
_STRETCH = 0.2  # metres of difference between poses that a change of the steps' length by a factor e is worth


def journey(start: Track, middle: Track | None, stop: Track, metres: float) -> Track:
    """From a stand to a stand over that distance, met exactly: the seam is chosen so that the steps' length hardly
    changes, and the rest of the difference is spread over all steps."""
    going = start
    if middle is not None:
        wanted = metres - stop.distance
        speed = middle.distance / max(len(middle) - 1, 1)
        long = looped(middle, max(1.2, (max(wanted, 0.0) / speed) / middle.motion.fps + 1.0))
        moving = int(np.argmax(start.travelled > 0.5 * start.distance))
        going = connected(start, long, (moving, len(start) - 2), (2, min(len(long) - 4, 45)), _SEAM)
    leave, enter = _seam(going, stop, metres)
    whole = spliced(going.slice(0, leave + 1), stop.slice(enter + 1, len(stop)), _SEAM)
    scale = metres / whole.distance
    motion = bent(whole, path((max(1.0, metres), 0.0)), scale)
    return Track(motion, whole.travelled * scale)


def _seam(going: Track, stop: Track, metres: float) -> tuple[int, int]:
    """The frames (of `going`, of `stop`) at which to change over."""
    begun = int(np.argmax(going.travelled > 0.25))
    ends = int(np.argmax(stop.travelled > 0.75 * stop.distance))
    leave, enter = np.arange(begun, len(going) - 2), np.arange(2, ends)
    cost = alike(pose_signs(going)[leave], pose_signs(stop)[enter])
    total = going.travelled[leave][:, None] + stop.travelled[-1] - stop.travelled[enter][None]
    cost = cost + _STRETCH * np.abs(np.log(metres / np.maximum(total, 0.05)))
    row, column = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return int(leave[row]), int(enter[column])


def stopping(middle: Track, stop: Track, seconds: float) -> Track:
    """A steady walk or run of about that many seconds that comes to a stop."""
    long = looped(middle, seconds + 1.2)
    late = max(3, len(long) - round(1.2 * long.motion.fps))
    slow = int(np.argmax(stop.travelled > 0.45 * stop.distance))
    return connected(long, stop, (late, len(long) - 2), (2, max(slow, 4)), _SEAM)


def starting(start: Track, middle: Track, seconds: float) -> Track:
    """From a stand into a steady walk or run of that many seconds."""
    long = looped(middle, seconds)
    moving = int(np.argmax(start.travelled > 0.5 * start.distance))
    return connected(start, long, (moving, len(start) - 2), (2, min(len(long) - 4, 45)), _SEAM)


def count_steps(track: Track) -> int:
    """How often a foot was set down in a new place, 12 cm or more from the last."""
    count = 0
    for toe in (1, 3):
        places = [
            track.motion.joints[(s.start + s.stop) // 2, (10, 11)[toe // 2]]
            for s in sorted(track.steps, key=lambda s: s.start)
            if s.point == toe
        ]
        last = None
        for place in places:
            if last is None or np.linalg.norm((place - last)[[0, 2]]) > 0.12:
                count += last is not None
                last = place
    return count
