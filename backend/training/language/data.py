"""Batches for the language model: sentences and stretches of motion tokens of random clips, one task a batch."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ....retarget.typing import Numbers
from ...dataset.composites import is_composite
from ...dataset.meaning import stands_still
from ...dataset.sampling import draw_weights
from ...engines.starter.vocabulary import (
    ABSENT,
    BEGIN,
    BEGIN_TEXT,
    CODES,
    END,
    HIDDEN,
    MOTION,
    NO_DETAIL,
    POSE,
    TASKS,
    UNKNOWN_LENGTH,
)
from ..loop import Processes
from .sequences import TokenSequence, crop
from .wordings import QUESTION, UNKNOWN, Wordings, caption_tokens, key_of

IGNORED = -100
"""Target of positions that no loss counts."""
_UNKNOWN_OF_STILL = 0.5
_POOL = 4  # batches drawn at once and sorted by length, so that little of one is padding


@dataclass(frozen=True)
class LanguageTraining:
    """Settings of the training.

    inbetween, caption: share of batches of these tasks; the rest are text to motion, whose prefixes also teach the
    model to continue.  hide_text, hide_length: share of examples without them.  hide_text_between: the same for
    in-between.  hide_words: share of examples with only the sentence's mean, through which words in no caption work
    best.  corrupt: share of input tokens replaced by random ones.  detail: weight of the further levels' losses
    (`LanguageConfig.falls`).
    wordings: sentences for every kind of clip.  text_side: see `sentences.load_words`.  composites: how many for each
    pair of action and style that no clip shows (see `composites`), drawn with the weight `composed`.  unknown: share of
    further examples of standing still, of all of which half get a text that no model of motion can follow, so that
    standing is what it falls back on.
    """

    batch: int = 64
    steps: int = 4000
    minutes: float = 0.0
    rate: float = 8e-4
    seed: int = 0
    inbetween: float = 0.16
    caption: float = 0.1
    hide_text: float = 0.1
    hide_text_between: float = 0.5
    hide_words: float = 0.25
    hide_length: float = 0.15
    corrupt: float = 0.1
    detail: float = 0.5
    wordings: int = 48
    text_side: str = "pretrained"
    composites: int = 8
    composed: float = 0.4
    unknown: float = 0.03


def _pad(rows: Sequence[Numbers | list[int]], length: int, filling: int) -> Tensor:
    """Rows, none longer than `length`, padded to (B, length)."""
    out = torch.full((len(rows), length), filling)
    for row, values in zip(out, rows, strict=True):
        row[: len(values)] = torch.as_tensor(np.asarray(values))
    return out


def _pad_codes(rows: Sequence[Numbers], length: int, filling: int) -> Tensor:
    """Codes (N, levels) of each row, padded to (B, length, levels)."""
    return torch.stack(
        [_pad([row[:, level] for row in rows], length, filling) for level in range(rows[0].shape[1])], -1
    )


def keep_kinds(length: int, rng: random.Random) -> list[int]:
    """Which slots of a motion are given, and how: the conditions of both papers, and mixtures."""
    kinds = [HIDDEN] * length
    layout = rng.random()
    if layout < 0.6:  # poses: first, last, both, some
        places = rng.choice(
            ([0], [length - 1], [0, length - 1], rng.sample(range(length), min(length, rng.randint(1, 5))))
        )
        for place in places:
            kinds[place] = POSE
    elif layout < 0.85:  # both ends known, the middle to be filled
        first = rng.randint(1, max(1, length // 2))
        last = rng.randint(0, max(0, length - first - 1))
        kinds[:first] = [MOTION] * first
        kinds[length - last :] = [MOTION] * last
    else:
        share = rng.random()
        kinds = [MOTION if rng.random() < share else HIDDEN for _ in kinds]
    return kinds


class Batches:
    """Sentences and stretches of motion tokens of random clips, one task a batch."""

    def __init__(
        self, sequences: list[TokenSequence], wordings: Wordings, training: LanguageTraining, processes: Processes
    ) -> None:
        self.sequences, self.wordings, self.training = sequences, wordings, training
        self.processes = processes
        shares = draw_weights([s.clip for s in sequences], by_length=False)
        trust = np.array([training.composed if is_composite(s.clip) else 1.0 for s in sequences])
        self.weights = torch.from_numpy(trust * shares)
        self.still = [i for i, sequence in enumerate(sequences) if stands_still(sequence.clip)]

    def draw(self, generator: torch.Generator) -> dict[str, Tensor]:
        """The model's inputs, and targets: see `_write` and `_caption`. "sentences" (B,) are the texts'
        indices, for `Wordings.gather`."""
        t, together = self.training, self.processes
        # All processes take their share of the same draw, so that none waits long for another.
        generator = torch.Generator().manual_seed(together.shared_seed(generator))
        rng = random.Random(int(torch.randint(2**62, (1,), generator=generator)))
        size = t.batch * together.count
        count = size * _POOL
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=generator).tolist()
        if self.still:
            chosen = [rng.choice(self.still) if rng.random() < t.unknown else i for i in chosen]
        drawn = [(self.sequences[i], *crop(self.sequences[i], generator)) for i in chosen]
        drawn.sort(key=lambda one: len(one[1]))
        first = rng.randrange(_POOL) * size
        rows = drawn[first : first + size][together.rank :: together.count]
        task = rng.random()
        if task < t.caption:
            batch = self._caption(rows, rng)
        else:
            between = task < t.caption + t.inbetween
            batch = self._write(rows, rng, generator, between)
        return self._corrupted(batch, generator)

    def _text(self, rows: list[Any], rng: random.Random, hidden: float) -> dict[str, Tensor]:
        sentences = torch.tensor([self.wordings.draw(self._key(s, rng), rng) for s, _, _ in rows])
        words = self.training.hide_words
        keep = torch.tensor([0.0 if rng.random() < hidden else 1.0 + (rng.random() < words) for _ in rows])
        return {"sentences": sentences, "keep": keep}

    def _key(self, sequence: TokenSequence, rng: random.Random) -> str:
        """What the text of a sequence is drawn from; of some that stand still, what can't be followed."""
        unknown = stands_still(sequence.clip) and rng.random() < _UNKNOWN_OF_STILL
        return UNKNOWN if unknown else key_of(sequence.clip, sequence.little)

    def _write(
        self, rows: list[Any], rng: random.Random, generator: torch.Generator, between: bool
    ) -> dict[str, Tensor]:
        """Text to motion; with `between`, from text and some slots."""
        t = self.training
        text = self._text(rows, rng, t.hide_text_between if between else t.hide_text)
        codes = [c for _, c, _ in rows]
        longest = max(map(len, codes))
        levels = _pad_codes(codes, longest + 1, IGNORED)  # (B, L, levels)
        targets = levels[..., 0].clone()
        targets[torch.arange(len(rows)), torch.tensor([len(c) for c in codes])] = END
        shifted = F.pad(levels[:, :-1], (0, 0, 1, 0), value=IGNORED)
        tokens = torch.where(shifted[..., 0] == IGNORED, BEGIN, shifted[..., 0])
        details = torch.where(shifted[..., 1:] == IGNORED, NO_DETAIL, shifted[..., 1:])
        fine = levels[..., 1:]
        left = [np.arange(len(c), -1, -1) for c in codes]
        remaining = _pad(left, longest + 1, 0)
        if between:
            slots, kinds = self._slots(rows, longest, rng)
            known = F.pad(kinds == MOTION, (0, 1))
            targets, fine = targets.masked_fill(known, IGNORED), fine.masked_fill(known[..., None], IGNORED)
        else:
            slots, kinds = torch.zeros_like(levels[:, :1]), torch.full((len(rows), 1), ABSENT)
            hidden = torch.rand(len(rows), generator=generator) < t.hide_length
            remaining = remaining.masked_fill(hidden[:, None], UNKNOWN_LENGTH)
        return {
            **text, "task": torch.full((len(rows),), TASKS.index("inbetween" if between else "generate")),
            "slots": slots, "kinds": kinds, "tokens": tokens, "details": details, "remaining": remaining,
            "targets": targets, "detail_targets": fine,
        }  # fmt: skip

    def _slots(self, rows: list[Any], longest: int, rng: random.Random) -> tuple[Tensor, Tensor]:
        """Codes (B, N, levels) and kinds (B, N)."""
        kinds = [keep_kinds(len(codes), rng) for _, codes, _ in rows]
        given = [
            np.where((np.asarray(kind) == POSE)[:, None], poses, codes)
            for kind, (_, codes, poses) in zip(kinds, rows, strict=True)
        ]
        slots = _pad_codes(given, longest, 0)
        return slots, _pad(kinds, longest, ABSENT)

    def _caption(self, rows: list[Any], rng: random.Random) -> dict[str, Tensor]:
        """Motion to text."""
        longest = max(len(codes) for _, codes, _ in rows)
        slots = _pad_codes([codes for _, codes, _ in rows], longest, 0)
        further = slots.shape[-1] - 1
        kinds = _pad([np.full(len(c), MOTION) for _, c, _ in rows], longest, ABSENT)
        answers = [
            caption_tokens(self.wordings, self.wordings.answer(key_of(s.clip, s.little), rng)) for s, _, _ in rows
        ]
        questions = torch.tensor([self.wordings.draw(QUESTION, rng) for _ in rows])
        most = max(map(len, answers)) + 1
        return {
            "sentences": questions, "keep": torch.ones(len(rows)),
            "task": torch.full((len(rows),), TASKS.index("caption")), "slots": slots, "kinds": kinds,
            "tokens": _pad([[BEGIN_TEXT, *a] for a in answers], most, END),
            "details": torch.full((len(rows), most, further), NO_DETAIL),
            "remaining": torch.full((len(rows), most), UNKNOWN_LENGTH),
            "targets": _pad([[*a, END] for a in answers], most, IGNORED),
            "detail_targets": torch.full((len(rows), most, further), IGNORED),
        }  # fmt: skip

    def _corrupted(self, batch: dict[str, Tensor], generator: torch.Generator) -> dict[str, Tensor]:
        """The batch with a share of the decoder's motion tokens replaced by random ones."""
        tokens, details = batch["tokens"], batch["details"]
        noise = (torch.rand(tokens.shape, generator=generator) < self.training.corrupt) & (tokens < CODES)
        other = torch.randint(CODES, tokens.shape, generator=generator)
        others = torch.randint(CODES, details.shape, generator=generator)
        return batch | {
            "tokens": torch.where(noise, other, tokens),
            "details": torch.where(noise[..., None], others, details),
        }
