"""Attempts of a model, right and wrong ones, from which a picker learns which candidate to keep.

Contrasting recordings with each other's captions teaches which act a motion shows, but not whether a generated one does
it well enough: all candidates show about the same. That is learned from candidates that were checked on their joints,
as verifiers of language models are trained on their own answers (Cobbe et al. 2021).
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Float32s
from ...dataset.clips import swap_sides
from ...evaluation.practice.attempts import Attempt, Attempts
from ...features import mirror_features
from ...text_encoder.sentences import Sentences
from .data import MAX_FRAMES
from .net import MatchingModel

_EACH = 4  # right and wrong candidates of a text in a step
_SETTLED = 0.35
"""How often a text is drawn whose candidates are all right or all wrong, in comparison with others."""
_CUT = 0.5  # cosine of text and motion above which a motion counts as right


@dataclass(frozen=True, eq=False)
class _Candidate:
    attempt: Attempt
    mirrored: bool
    right: bool


class Practice:
    """Random texts with some of their candidates, and of both the mirror images where the text names a side."""

    def __init__(self, attempts: Attempts, texts: dict[str, int]) -> None:
        """texts: text -> index, in order; new ones are added. Raises MotionGPTError if no text has both
        right and wrong attempts."""
        self._attempts = attempts
        self._of: list[tuple[int, list[_Candidate]]] = []
        for text, own in attempts.by_text():
            plain = [_Candidate(a, False, a.right) for a in own]
            mirrored = [_Candidate(a, True, a.right_mirrored) for a in own if a.right_mirrored is not None]
            self._of.append((texts.setdefault(text, len(texts)), plain + mirrored))
            if mirrored:
                swapped = [_Candidate(c.attempt, not c.mirrored, c.right) for c in plain + mirrored]
                self._of.append((texts.setdefault(swap_sides(text), len(texts)), swapped))
        undecided = np.array([len({c.right for c in candidates}) > 1 for _, candidates in self._of])
        if not undecided.any():
            raise MotionGPTError("At no text are some attempts right and some wrong.", "Attempt more texts.")
        self._weights = torch.from_numpy(np.where(undecided, 1.0, _SETTLED))

    def draw(self, generator: torch.Generator, count: int, read: Sentences) -> dict[str, Tensor]:
        """states (B, L, 384), mask (B, L) of `count` texts, B; features (N, T, 263), frames (N,) of candidates; of each
        the text's place in the batch, `text` (N,), whether it is right (N,), and its grade (N,): 0 for wrong ones, 2
        for right ones that are physically faultless, 1 for other right ones."""
        count = min(count, len(self._weights))
        chosen = torch.multinomial(self._weights, count, generator=generator).tolist()
        random = np.random.default_rng(int(torch.randint(2**62, (1,), generator=generator)))
        drawn = [(place, c) for place, i in enumerate(chosen) for c in _some(self._of[i][1], random)]
        rows = [torch.from_numpy(self._features(c)) for _, c in drawn]
        states, mask = read.gather([self._of[i][0] for i in chosen])
        return {
            "states": states,
            "mask": mask,
            "features": torch.nn.utils.rnn.pad_sequence(rows, batch_first=True),
            "frames": torch.tensor([len(r) for r in rows]),
            "text": torch.tensor([place for place, _ in drawn]),
            "right": torch.tensor([float(c.right) for _, c in drawn]),
            "grade": torch.tensor([c.right * (1.0 + c.attempt.sound) for _, c in drawn]),
        }

    def _features(self, candidate: _Candidate) -> Float32s:
        features = self._attempts.of(candidate.attempt)[:MAX_FRAMES]
        return np.asarray(mirror_features(features) if candidate.mirrored else features, np.float32)


def _some(candidates: list[_Candidate], random: np.random.Generator) -> list[_Candidate]:
    """At most _EACH right and as many wrong ones."""
    out = []
    for right in (True, False):
        own = [c for c in candidates if c.right is right]
        out += [own[i] for i in random.permutation(len(own))[:_EACH].tolist()]
    return out


def practice_losses(model: MatchingModel, motion: Tensor, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of candidates' vectors (N, space): rank, by which one of a higher grade scores higher than others of its text (a
    logistic loss; Burges et al. 2005), and sort, by which all right ones score higher than all wrong ones."""
    text = model.text(batch["states"], batch["mask"]).float()
    sharpness = model.sharpness.exp().clamp(max=50.0)
    cosine = (text[batch["text"]] * motion.float()).sum(-1)
    scores, right, grade = sharpness * cosine, batch["right"], batch["grade"]
    pairs = (batch["text"][:, None] == batch["text"]) & (grade[:, None] > grade)
    rank = F.softplus(scores[None] - scores[:, None])[pairs].mean() if pairs.any() else 0.0 * scores.sum()
    return {"rank": rank, "sort": F.binary_cross_entropy_with_logits(scores - _CUT * sharpness.detach(), right)}
