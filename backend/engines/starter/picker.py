"""Picking the motion that fits a text best among several candidates, with a text-motion matching model.

`motiongpt train matching --into` adds one to a model folder. Evaluation must use a different one, trained with another
seed: a model that picks by its judge's scores would be rated better than it is.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....retarget.motion import Motion
from ....retarget.motion.feet.grounding import Grounding
from ....retarget.typing import Numbers
from ...features import features_to_motion, mirror_features
from ...model_folder import ModelCard
from ..shared.runtime import open_session
from ..shared.tokens import Codes

FILE_NAME = "matching.onnx"
_WORTH = 0.15  # of the score: what a motion without physical faults is worth
_PACE_FRAMES = 20  # over which the pace of a motion is averaged: a second


class Picker:
    """The matching model of a model folder. Raises MotionGPTError where it can't be loaded."""

    def __init__(self, path: Path, device: str) -> None:
        self._session = open_session(path, device, 1)

    def scores(self, states: Numbers, motions: Sequence[Numbers]) -> Numbers:
        """Scores (N,) of how well motions fit a text. states: (L, 384) of the text from the pretrained encoder.
        motions: features (T, 263) each."""
        longest = max(map(len, motions))
        padded = np.stack([np.pad(m, ((0, longest - len(m)), (0, 0))) for m in motions]).astype(np.float32)
        inputs = {
            "states": states[None].astype(np.float32),
            "mask": np.ones((1, len(states)), np.float32),
            "features": padded,
            "frames": np.array([len(m) for m in motions], np.int64),
        }
        return np.asarray(self._session.run(None, inputs)[0])


def load_picker(folder: Path, card: ModelCard, device: str) -> Picker | None:
    """The folder's picker, or None."""
    return Picker(folder / FILE_NAME, device) if FILE_NAME in card.files else None


@dataclass(frozen=True)
class Pick:
    """The candidate of that number, or its mirror image.  score: the picker's, of how well it fits the text."""

    number: int
    mirrored: bool
    score: float


def pick(
    picker: Picker,
    states: Numbers,
    other: Numbers | None,
    features: Sequence[Numbers],
    wanted: int,
    polished: Callable[[Motion], Motion],
) -> list[Pick]:
    """For each variation the candidate that fits a text best; candidates are ordered by attempt, then by variation.

    states: of the text (L, 384).  other: of the text with left and right swapped, None where it names no side or the
    motion may not be mirrored.  features: (T, 263) of each candidate.  polished: a motion as it is shown.

    Of those that fit about as well as the best, the first is taken that neither sinks nor floats nor slides.

    With a side, mirror images count, too: what is asked of one side the model has learned of the other. The picker
    knows what is done better than by which side; what it makes of the same motion under the swapped text tells that.
    """
    scores = picker.scores(states, features)[None]
    if other is not None:
        mirrored = [mirror_features(one) for one in features]
        scores = np.concatenate([scores, picker.scores(states, mirrored)[None]])
    best = np.asarray(scores.max(axis=0), np.float64)

    def sound(number: int) -> bool:
        return not Grounding.of(polished(features_to_motion(np.asarray(features[number], np.float64)))).faults

    picks = []
    for variation in range(wanted):
        number, flip = _first_sound(best, range(variation, len(best), wanted), sound), False
        if other is not None:
            sides = scores[:, number] - picker.scores(other, [features[number], mirrored[number]])
            flip = bool(sides[1] > sides[0])
        picks.append(Pick(number, flip, float(scores[int(flip), number])))
    return picks


def _first_sound(scores: Numbers, candidates: Sequence[int], sound: Callable[[int], bool]) -> int:
    """Of some candidates the best, or the first sound one of those that score nearly as high."""
    ordered = sorted(candidates, key=lambda number: -scores[number])
    near = [number for number in ordered if scores[number] > scores[ordered[0]] - _WORTH]
    return next(filter(sound, near), ordered[0])


def best_of(codes: Codes, scores: Numbers, wanted: int) -> Codes:
    """For each variation the candidate of the highest score; candidates are ordered by attempt, then by variation."""
    best = np.asarray(scores).reshape(-1, wanted).argmax(axis=0)
    return [codes[attempt * wanted + i] for i, attempt in enumerate(best.tolist())]


def change_of_pace(features: Numbers, seam: int) -> float:
    """How much speed and direction over the floor, and the turning, differ before and after a frame, on average over
    _PACE_FRAMES; metres and radians a frame count alike."""
    root = features[:, :3]
    before, after = root[max(0, seam - _PACE_FRAMES) : seam], root[seam : seam + _PACE_FRAMES]
    return float(np.linalg.norm(before.mean(axis=0) - after.mean(axis=0)))
