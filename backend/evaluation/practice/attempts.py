"""What a model makes of what it is asked, checked on the joints.

A folder: `attempts.npy`, features (sum of frames, 263) float16, and `attempts.json`, a list of `Attempt` in that order.
"""

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import msgspec
import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.files.arrays import READ_ERRORS
from ....retarget.motion import Motion
from ....retarget.motion.feet.grounding import Grounding
from ....retarget.typing import Float32s, Numbers
from ...dataset.clips import swap_sides
from ...engines.starter.engine import MotionLanguageEngine
from ...features import DIMENSIONS, FPS, features_to_motion, mirror_features
from ...tasks import Generate
from ..animators.prompts import RIGHT, Prompt, verdict
from .asked import Asked

_CANDIDATES = 10  # for each prompt
_APART = 7919  # between the seeds of two prompts, so that no two share random numbers


@dataclass(frozen=True)
class Attempt:
    """One candidate. text: what was asked.  clip, mirrored: whose caption that is.  start, frames: its rows of the
    features.  right: whether all checks hold; right_mirrored: of its mirror image, None where the text names no side.
    sound: whether it is physically faultless."""

    text: str
    clip: str
    mirrored: bool
    start: int
    frames: int
    right: bool
    right_mirrored: bool | None
    sound: bool


@dataclass(frozen=True, eq=False)
class Attempts:
    """features: (sum of frames, 263).  checksum: of what was made, and how it was judged."""

    features: Numbers
    made: list[Attempt]
    checksum: int = 0

    def of(self, attempt: Attempt) -> Float32s:
        """(frames, 263)."""
        return self.features[attempt.start : attempt.start + attempt.frames].astype(np.float32)

    def by_text(self) -> list[tuple[str, list[Attempt]]]:
        """The attempts at each text."""
        return [(text, list(own)) for text, own in groupby(self.made, lambda attempt: attempt.text)]

    @classmethod
    def load(cls, folder: Path) -> "Attempts":
        """Raises MotionGPTError if the folder holds none, or damaged ones."""
        try:
            listed = (folder / "attempts.json").read_bytes()
            found = msgspec.json.decode(listed, type=list[Attempt])
            features = np.load(folder / "attempts.npy", mmap_mode="r", allow_pickle=False)
        except (*READ_ERRORS, msgspec.DecodeError) as error:
            raise MotionGPTError(
                f"{folder} holds no attempts ({error}).", "Make them with `motiongpt train attempts`."
            ) from error
        ends = max((a.start + a.frames for a in found), default=0)
        if features.shape != (ends, DIMENSIONS) or min((min(a.start, a.frames) for a in found), default=0) < 0:
            raise MotionGPTError(f"The attempts in {folder} are damaged.", "Make them again.")
        return cls(features, found, zlib.crc32(listed))


def attempt(
    engine: MotionLanguageEngine, asked: Sequence[Asked], seed: int, say: Callable[[int, int], None]
) -> Iterator[tuple[Attempt, Numbers]]:
    """All candidates for each prompt, with their features (T, 263) float16."""
    start, variations = 0, max(1, _CANDIDATES // engine.tries)
    for number, one in enumerate(asked):
        prompt, text = one.prompt, one.prompt.text
        seconds = min(prompt.seconds, engine.max_seconds)
        for candidate in engine.candidates(Generate(text, seconds, variations=variations, seed=seed + _APART * number)):
            features = np.asarray(candidate[: round(seconds * FPS)], np.float64)
            motion = engine.polished(features_to_motion(features))
            right, sound = _is_right(prompt, motion), not Grounding.of(motion).faults
            mirrored = None
            if swap_sides(text) != text:
                mirrored = _is_right(prompt, engine.polished(features_to_motion(mirror_features(features))))
            yield (
                Attempt(text, one.clip.name, one.clip.mirrored, start, len(features), right, mirrored, sound),
                features.astype(np.float16),
            )
            start += len(features)
        say(number + 1, len(asked))


def _is_right(prompt: Prompt, motion: Motion) -> bool:
    return verdict(prompt, motion) == RIGHT


def save(attempts: Iterator[tuple[Attempt, Numbers]], folder: Path) -> Attempts:
    """Leave the attempts in a folder."""
    found, rows = zip(*attempts, strict=True)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "attempts.npy", np.concatenate(rows))
    (folder / "attempts.json").write_bytes(msgspec.json.encode(found))
    return Attempts.load(folder)
