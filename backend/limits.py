"""The limits of a request, and checks that raise readable errors, for the command line, the add-on and the server."""

import itertools
import math
from collections.abc import Sequence

from ..retarget.errors import MotionGPTError
from ..retarget.motion.known import ROOT, WHOLE

MAX_HEADER_BYTES = 256 * 1024
"""One message's header: text, numbers, and a motion's `meta`."""
MAX_ARRAY_BYTES = 16 * 1024 * 1024
"""One array frame: holds MAX_MOTION_FRAMES of 22 double precision quaternions."""
MAX_MOTION_FRAMES = 20_000
MAX_VARIATIONS = 16
"""Motions in one message, and variations in one request."""
MAX_TEXT = 1_000
"""Characters of a prompt."""
MAX_SECONDS = 600.0
"""A model's own limit is usually much smaller."""
SHARE_OF_MORE = 0.75
"""How much of a model's length it adds to a motion at once; the rest is left for the motion that it continues."""
SHORTEST_DESCRIBED = 0.2
MAX_SEED = 2**63 - 1
MAX_BLOCKS = 64
"""Actions of one shot."""
MAX_POINTS = 1_000
"""Of a path."""
MAX_METRES = 10_000.0
MAX_TURN = 36_000.0
"""Degrees."""
MAX_QUEUE = 8
"""Requests that wait while one runs."""
MAX_FPS = 1_000.0


def check_prompt(prompt: str) -> None:
    """Raises MotionGPTError for text that is empty or too long."""
    if not prompt.strip():
        raise MotionGPTError("The text is empty.", 'Describe a motion, such as "a person walks forward".')
    if len(prompt) > MAX_TEXT:
        raise MotionGPTError(f"The text has {len(prompt)} characters.", f"Use at most {MAX_TEXT}.", "too_large")


def check_optional_prompt(prompt: str) -> None:
    """`check_prompt` for a prompt that may be left out ("")."""
    if prompt:
        check_prompt(prompt)


def check_seconds(seconds: float) -> None:
    """Raises MotionGPTError for a length that no motion can have."""
    if not (math.isfinite(seconds) and seconds > 0):
        raise MotionGPTError(f"A motion can't last {seconds:g} seconds.", "Give a length greater than zero.")
    if seconds > MAX_SECONDS:
        raise MotionGPTError(f"{seconds:g} seconds is too long.", f"Ask for at most {MAX_SECONDS:g}.", "too_large")


def check_described(seconds: float) -> None:
    """Raises MotionGPTError for motion that is too short to say what happens in it."""
    if seconds < SHORTEST_DESCRIBED - 1e-6:
        raise MotionGPTError(
            f"{seconds:.2g} seconds is too short to be described.", f"Choose at least {SHORTEST_DESCRIBED:g} seconds."
        )


def check_fps(fps: float) -> None:
    """Raises MotionGPTError for a rate that no motion can have."""
    if not (math.isfinite(fps) and 0 < fps <= MAX_FPS):
        raise MotionGPTError(f"{fps:g} is not a frame rate.", f"Give one from 1 to {MAX_FPS:g} frames per second.")


def check_variations(variations: int) -> None:
    """Raises MotionGPTError unless there are 1 to MAX_VARIATIONS."""
    if not 1 <= variations <= MAX_VARIATIONS:
        raise MotionGPTError(f"{variations} takes can't be made.", f"Ask for 1 to {MAX_VARIATIONS}.", "too_large")


def check_seed(seed: int) -> None:
    """Raises MotionGPTError for a seed that random generators don't accept."""
    if not 0 <= seed <= MAX_SEED:
        raise MotionGPTError(f"{seed} is not a valid seed.", f"Give a whole number from 0 to {MAX_SEED}.")


def check_blocks(count: int, redo: int | None) -> None:
    """Raises MotionGPTError for more blocks than a shot can have, or one to be made again that it does not have."""
    if count > MAX_BLOCKS:
        raise MotionGPTError(f"The shot has {count} actions.", f"Use at most {MAX_BLOCKS}.", "too_large")
    if redo is not None and not 0 <= redo < count:
        raise MotionGPTError(f"The shot has no block {redo + 1}.", f"Choose one from 1 to {count}.")


def check_travel(distance: float | None, speed: float | None, turn: float | None) -> None:
    """Raises MotionGPTError for a distance (metres), speed (metres a second) or turn (degrees) that nobody can do."""
    for name, value in (("distance", distance), ("speed", speed)):
        if value is not None and not (math.isfinite(value) and 0 < value <= MAX_METRES):
            raise MotionGPTError(f"A {name} of {value:g} can't be made.", f"Give one from 0 to {MAX_METRES:g}, not 0.")
    if turn is not None and not (math.isfinite(turn) and abs(turn) <= MAX_TURN):
        raise MotionGPTError(f"A turn of {turn:g} degrees can't be made.", "Give degrees, such as 90 or -90.")


def check_path(points: Sequence[Sequence[float]]) -> None:
    """Raises MotionGPTError unless points (x, z) or (x, z, t) are a path: in metres, and times that rise."""
    if not 1 <= len(points) <= MAX_POINTS:
        raise MotionGPTError(f"The path has {len(points)} points.", f"Give 1 to {MAX_POINTS}.", "too_large")
    if len({len(point) for point in points}) != 1 or len(points[0]) not in (2, 3):
        raise MotionGPTError("The path's points don't fit together.", "Give x and z of each, or x, z and t of each.")
    if any(not math.isfinite(v) or abs(v) > MAX_METRES for point in points for v in point):
        raise MotionGPTError("The path has points that are out of reach.", f"Stay within {MAX_METRES:g} metres.")
    times = [point[2] for point in points if len(point) == 3]
    if times and (times[0] < 0 or any(b <= a for a, b in itertools.pairwise(times))):
        raise MotionGPTError(
            "The path's times do not rise.", "Give the seconds at which each point is reached, in order."
        )


def check_known(keep: Sequence[int], known: Sequence[int] | None) -> None:
    """Raises MotionGPTError unless `known` names the known channels of every kept frame, in the order of `keep`."""
    if known is None:
        return
    if len(known) != len(keep):
        raise MotionGPTError(
            f"There are {len(known)} partial poses for {len(keep)} kept frames.", "Give one for each kept frame."
        )
    if len(set(keep)) != len(keep):
        raise MotionGPTError("A kept frame with a partial pose is listed twice.", "List each kept frame once.")
    if wrong := [bits for bits in known if not 0 < bits <= WHOLE.bits]:
        raise MotionGPTError(
            f"{wrong[0]} does not describe a partial pose.",
            f"Set bits 0 to {ROOT - 1} for known joints and bit {ROOT} for the root; at least one.",
        )
