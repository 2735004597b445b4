"""The limits of a request, and checks that raise readable errors, for the command line, the add-on and the server."""

import itertools
import math
from collections.abc import Sequence

from ..retarget.errors import MotionGPTError
from ..retarget.motion import Motion
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
SLOWEST_DESCRIBED = 5.0
"""Frames a second: with fewer, a step falls between two of them."""
MAX_SEED = 2**63 - 1
SEED_LIMIT = 2**31 - 1
"""The largest seed that a property of Blender holds."""
MAX_BLOCKS = 64
"""Actions of one shot."""
MAX_POINTS = 1_000
"""Of a path."""
MAX_METRES = 10_000.0
MAX_TURN = 36_000.0
"""Degrees."""
MAX_QUEUE = 8
"""Requests of one client that wait while another runs."""
MAX_WAITING = 256
"""Requests of all clients that wait."""
MAX_WAITING_BYTES = 1 << 30
"""Motion that comes with the requests that wait."""
MIN_FPS, MAX_FPS = 1.0, 1_000.0
MAX_MOTION_SECONDS = 1_000.0
"""An input motion's length: models resample it to their own rate, so frames alone don't bound their work."""
MAX_MADE_FRAMES = 100_000
"""Frames of all variations of one answer, at the rate of the answer or of the model."""
MAX_FILE_FRAMES = 500_000
"""Frames that a file gets by resampling."""
_MODEL_FPS = 30.0  # the highest rate of a model


def check_prompt(prompt: str) -> None:
    """Raises MotionGPTError for text that is empty or too long."""
    if not prompt.strip():
        raise MotionGPTError("The text is empty.", 'Describe a motion, such as "a person walks forward".')
    if len(prompt) > MAX_TEXT:
        raise MotionGPTError(f"The text has {len(prompt)} characters.", f"Use at most {MAX_TEXT}.", "too_large")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in prompt):
        raise MotionGPTError("The text holds bytes that are no UTF-8.", "Type it again.")


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


def check_described(seconds: float, fps: float) -> None:
    """Raises MotionGPTError for motion that is too short, or has too few frames a second, to say what happens in it."""
    if fps < SLOWEST_DESCRIBED:
        raise MotionGPTError(
            f"{fps:.3g} frames a second are too few to see what happens.",
            f"Describe motion of at least {SLOWEST_DESCRIBED:g} frames a second.",
        )
    if seconds < SHORTEST_DESCRIBED - 1e-6:
        raise MotionGPTError(
            f"{seconds:.2g} seconds is too short to be described.", f"Choose at least {SHORTEST_DESCRIBED:g} seconds."
        )


def check_fps(fps: float, kind: str = "bad_input") -> None:
    """Raises MotionGPTError for a rate outside of MIN_FPS to MAX_FPS: it would ask for no end of frames or of time."""
    if not MIN_FPS <= fps <= MAX_FPS:
        raise MotionGPTError(
            f"{fps:g} is not a frame rate that can be used.",
            f"Give one from {MIN_FPS:g} to {MAX_FPS:g} frames per second.",
            kind,
        )


def check_motion(motion: Motion) -> None:
    """Raises MotionGPTError for an input motion that would take a model too much memory or time: by its rate, its
    number of frames, or its length."""
    check_fps(motion.fps)
    if len(motion) > MAX_MOTION_FRAMES:
        raise MotionGPTError(
            f"The motion has {len(motion)} frames.", f"Use at most {MAX_MOTION_FRAMES} at a time.", "too_large"
        )
    if motion.duration > MAX_MOTION_SECONDS:
        raise MotionGPTError(
            f"The motion lasts {motion.duration:.0f} seconds at {motion.fps:g} frames per second.",
            f"Use at most {MAX_MOTION_SECONDS:g} seconds at a time, or correct its frame rate.",
            "too_large",
        )


def check_made(seconds: float, fps: float, variations: int) -> None:
    """Raises MotionGPTError for an answer of too many frames. seconds, fps: of each variation."""
    frames = seconds * max(fps, _MODEL_FPS)
    if seconds * fps > MAX_MOTION_FRAMES + 0.5:
        raise MotionGPTError(
            f"The result would have {seconds * fps:.0f} frames.",
            f"Ask for less time or a lower frame rate: at most {MAX_MOTION_FRAMES} frames.",
            "too_large",
        )
    if frames * variations > MAX_MADE_FRAMES:
        raise MotionGPTError(
            f"{variations} takes of {seconds:.4g} seconds are too much at once.",
            f"Ask for at most {max(1, int(MAX_MADE_FRAMES / frames))}, or for a shorter motion.",
            "too_large",
        )


def check_resampling(motions: Sequence[Motion], fps: float) -> None:
    """Raises MotionGPTError where the motions of a file would be too large for it at the rate `fps`."""
    check_fps(fps)
    check_file(sum(motion.duration for motion in motions), fps, least=sum(map(len, motions)))


def check_file(seconds: float, fps: float, copies: int = 1, least: int = 0) -> None:
    """Raises MotionGPTError for files of too many frames. least: a number of frames that is fine in any case."""
    frames = seconds * fps * copies
    if not frames <= max(MAX_FILE_FRAMES, least):
        raise MotionGPTError(
            f"{frames:.0f} frames would be written.",
            f"Write at most {MAX_FILE_FRAMES}: choose a lower frame rate (--fps) or a shorter motion.",
            "too_large",
        )


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


def one_line(text: str) -> str:
    """A text as one line that shows what it is: control characters, line breaks and invisible ones become spaces, but
    for the joiners of some scripts and emoji.

    >>> one_line("walk\\n2026 INFO all is well\\x1b[2J")
    'walk 2026 INFO all is well [2J'
    """
    return " ".join("".join(c if c.isprintable() or c in "\u200c\u200d" else " " for c in text).split())
