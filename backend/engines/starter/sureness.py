"""How sure the model is that a motion shows what a text asks for, and which phrases that it knows come closest.

Two things tell right motions from wrong ones: the picker's score of the motion, and how near the text is to a sentence
that the model was trained on. A logistic function of both, fitted on motions that were checked on their joints (see
`motiongpt train sureness`), gives a probability.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.files.arrays import READ_ERRORS, finite, read_arrays
from ....retarget.typing import Float64s, Numbers
from ...known.phrases import FILE_NAME
from ...model_folder import ModelCard

NEAREST = 3
"""Phrases that are named."""


_NEGATION = re.compile(
    r"\b(not|never|no|nobody|none|neither|nor|without|cannot|\w+n't|(?:do|does|did|ca|wo|is|are|was|should|would)nt)\b"
)
_CLAUSES = re.compile(r"\s*[,;.!]+\s*(?:but\s+|and\s+)?|\s+but\s+", re.IGNORECASE)


def negation_in(text: str, phrases: Sequence[str] = ()) -> str:
    """The first word of a text that negates, "" if there is none; one that is in a known phrase does not count.

    Models of motion know what is done, and hardly ever what is not: "does not walk" is near "walks" to them.
    """
    for match in _NEGATION.finditer(text.lower().replace("’", "'")):
        word = re.compile(rf"\b{match[0]}\b")
        if not any(word.search(phrase.lower()) for phrase in phrases):
            return match[0]
    return ""


def without_denials(text: str, phrases: Sequence[str] = ()) -> str:
    """A text without the clauses that only say what is not done, if others are left.

    >>> without_denials("stand still, don't walk")
    'stand still'
    >>> without_denials("does not move")
    'does not move'
    """
    clauses = [clause for clause in _CLAUSES.split(text) if clause]
    kept = [clause for clause in clauses if not negation_in(clause, phrases)]
    return ", ".join(kept) if 0 < len(kept) < len(clauses) else text


def sentence_vector(states: Numbers) -> Float64s:
    """(384,) unit vector of a text's states (L, 384), by which the pretrained encoder compares sentences."""
    mean = np.asarray(states, np.float64).mean(axis=0)
    vector: Float64s = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return vector


@dataclass(frozen=True, eq=False)
class Known:
    """What a model was trained on. phrases (N), vectors (N, 384) of unit length."""

    phrases: tuple[str, ...]
    vectors: Float64s

    def similarities(self, states: Numbers) -> Float64s:
        """(N,) cosines of a text's states (L, 384) and each phrase."""
        found: Float64s = self.vectors @ sentence_vector(states)
        return found

    def nearest(self, similarities: Float64s, count: int = NEAREST) -> tuple[str, ...]:
        """The phrases of the highest `similarities` (N,), the nearest first."""
        order = np.argsort(-similarities)
        return tuple(dict.fromkeys(self.phrases[i] for i in order[: 4 * count]))[:count]

    def save(self, path: Path) -> None:
        """Vectors in 8 bits."""
        steps = np.round(self.vectors * 127 / np.abs(self.vectors).max(axis=1, keepdims=True)).astype(np.int8)
        np.savez_compressed(path, phrases=np.array(self.phrases, np.str_), vectors=steps)

    @classmethod
    def load(cls, path: Path) -> "Known":
        """Raises MotionGPTError if the file is damaged."""
        try:
            arrays = read_arrays(path, ("phrases", "vectors"))
            phrases, vectors = tuple(map(str, arrays["phrases"])), finite(arrays["vectors"], "vectors")
        except READ_ERRORS as error:
            raise MotionGPTError(f"{path} is damaged ({error}).", "Install the model again.", "no_model") from error
        if vectors.ndim != 2 or len(vectors) != len(phrases) or not len(phrases):
            raise MotionGPTError(f"{path} is damaged.", "Install the model again.", "no_model")
        return cls(phrases, vectors / np.linalg.norm(vectors, axis=1, keepdims=True).clip(min=1e-9))


@dataclass(frozen=True)
class Calibration:
    """Sureness is the logistic function of `bias` + `score` times the picker's score + `similarity` times that of the
    text to the nearest known phrase.  threshold: under it, the model does not know what was asked for."""

    bias: float
    score: float
    similarity: float
    threshold: float

    def sureness(self, scores: Numbers, similarity: float) -> Float64s:
        """(N,) probabilities of motions with these picker's scores (N,)."""
        value = self.bias + self.score * np.asarray(scores, np.float64) + self.similarity * similarity
        sure: Float64s = 1.0 / (1.0 + np.exp(-value))
        return sure


class Judgement:
    """What a model folder says about its own motions."""

    def __init__(self, known: Known, calibration: Calibration | None) -> None:
        self._known, self._calibration = known, calibration

    @property
    def phrases(self) -> tuple[str, ...]:
        """What the model knows."""
        return self._known.phrases

    def of(self, states: Numbers, scores: Numbers) -> list[dict[str, object]]:
        """For each motion, by its picker's score: entries of its `meta`.

        score, similarity: what sureness is made of.  sureness: 0 to 1, if the model is calibrated.  unsure: whether
        that is under the model's threshold.  nearest: phrases that the model knows.
        """
        similarities = self._known.similarities(states)
        similarity, nearest = float(similarities.max()), list(self._known.nearest(similarities))
        out: list[dict[str, object]] = [
            {"score": round(float(score), 4), "similarity": round(similarity, 4), "nearest": nearest}
            for score in scores
        ]
        if self._calibration is not None:
            for entries, sure in zip(out, self._calibration.sureness(scores, similarity), strict=True):
                entries |= {"sureness": round(float(sure), 3), "unsure": bool(sure < self._calibration.threshold)}
        return out


def load_judgement(folder: Path, card: ModelCard, known: Known | None = None) -> Judgement | None:
    """What the folder's model says about its motions; None if it says nothing. known: what it knows, where that is more
    than its file says. Raises MotionGPTError."""
    if FILE_NAME not in card.files:
        return None
    fitted = card.settings.get("sureness")
    try:
        calibration = None if fitted is None else Calibration(**{k: float(v) for k, v in fitted.items()})
    except (TypeError, ValueError, AttributeError) as error:
        raise MotionGPTError(
            f"The card of the model {card.name} has a wrong sureness ({error}).", "Install the model again.", "no_model"
        ) from error
    return Judgement(known or Known.load(folder / FILE_NAME), calibration)
