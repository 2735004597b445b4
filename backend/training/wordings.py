"""Many ways to say what each clip shows, read once by the pretrained encoder and drawn from while training.

The encoder stays as it was trained, so what it makes of a sentence never changes; reading each one once spares it
from every step.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from .. import vocabulary
from .captions import describe
from .data import Clip
from .language_net import PretrainedEncoder

# A caption as it stands, or as part of an instruction.
INSTRUCTIONS = (
    "make a motion: {}", "show how {}", "animate this: {}", "create an animation in which {}", "motion of this: {}",
    "i want to see how {}", "the motion to make is: {}", "please animate a character: {}",
)  # fmt: skip
QUESTIONS = (
    vocabulary.QUESTION, "what does the person do?", "say in words what happens here.", "what is going on?",
    "put this motion into words.", "which movement is this?",
)  # fmt: skip
_INSTRUCTED = 0.3  # share of captions that come as part of an instruction
_READ_AT_ONCE = 128
QUESTION = "?"
"""Key of the sentences that ask for a caption."""


def key_of(clip: Clip, little: bool) -> str:
    """Clips with the same key are described by the same sentences."""
    if clip.captions:
        return f"{clip.name} {'mirrored' if clip.mirrored else ''}"
    return " ".join((clip.tags["content"], clip.tags["style"], "m" if clip.mirrored else "", "l" if little else ""))


def _sentences(clip: Clip, little: bool, count: int, rng: random.Random) -> list[str]:
    if clip.captions:
        return [caption for _ in range(max(1, count // 8)) for caption in clip.captions]
    return [describe(clip.tags["content"], clip.tags["style"], clip.mirrored, little, rng) for _ in range(count)]


@dataclass(frozen=True, eq=False)
class Wordings:
    """states (sum of L, 384) float16: what the encoder makes of the sentences, one after the other from `starts`.

    plain: for each sentence its caption in word pieces, as places in `vocabulary`, which holds the pieces' own
    numbers. of: key -> its sentences.
    """

    states: Tensor
    starts: list[int]
    plain: list[list[int]]
    vocabulary: list[int]
    of: dict[str, list[int]]

    def draw(self, key: str, rng: random.Random) -> int:
        """One of the key's sentences."""
        return rng.choice(self.of[key])

    def gather(self, chosen: list[int]) -> tuple[Tensor, Tensor]:
        """States (B, L, 384) float32 and their mask (B, L) of some sentences."""
        pieces = [self.states[self.starts[i] : self.starts[i + 1]].float() for i in chosen]
        mask = torch.zeros(len(pieces), max(map(len, pieces)))
        for row, piece in zip(mask, pieces, strict=True):
            row[: len(piece)] = 1.0
        return torch.nn.utils.rnn.pad_sequence(pieces, batch_first=True), mask

    def save(self, path: Path) -> None:
        torch.save(self.__dict__, path)

    @classmethod
    def load(cls, path: Path) -> "Wordings":
        return cls(**torch.load(path, weights_only=True))


def make_wordings(
    clips: Iterable[tuple[Clip, bool]], count: int, tokenizer: Tokenizer, words: PretrainedEncoder, seed: int = 0
) -> Wordings:
    """Up to `count` sentences for each key of the clips, each with whether it does only a little."""
    rng = random.Random(seed)
    texts, plain, of = list(QUESTIONS), [""] * len(QUESTIONS), {QUESTION: list(range(len(QUESTIONS)))}
    for clip, little in clips:
        key = key_of(clip, little)
        if key in of:
            continue
        sentences = _sentences(clip, little, count, rng)
        of[key] = list(range(len(texts), len(texts) + len(sentences)))
        plain += [s.rstrip(".") for s in sentences]
        texts += [rng.choice(INSTRUCTIONS).format(s) if rng.random() < _INSTRUCTED else s for s in sentences]
    return _read(texts, plain, of, tokenizer, words)


def _read(
    texts: list[str], plain: list[str], of: dict[str, list[int]], tokenizer: Tokenizer, words: PretrainedEncoder
) -> Wordings:
    states: list[Any] = [None] * len(texts)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # alike long ones together
    for first in range(0, len(order), _READ_AT_ONCE):
        chosen = order[first : first + _READ_AT_ONCE]
        encoded = tokenizer.encode_batch([texts[i] for i in chosen])
        mask = torch.tensor([e.attention_mask for e in encoded])
        with torch.inference_mode():
            read = words(torch.tensor([e.ids for e in encoded]), mask)
        for i, row, length in zip(chosen, read, mask.sum(1).tolist(), strict=True):
            states[i] = row[:length].half().clone()
    starts = [0]
    for piece in states:
        starts.append(starts[-1] + len(piece))
    tokenizer.no_padding()
    pieces = [e.ids[: vocabulary.MAX_TOKENS - 1] for e in tokenizer.encode_batch(plain, add_special_tokens=False)]
    tokenizer.enable_padding()
    found = sorted({piece for one in pieces for piece in one})
    place = {piece: i for i, piece in enumerate(found)}
    return Wordings(torch.cat(states), starts, [[place[p] for p in one] for one in pieces], found, of)


def caption_tokens(wordings: Wordings, sentence: int) -> list[int]:
    """The decoder's tokens of a sentence's caption."""
    return [vocabulary.FIRST_WORD + place for place in wordings.plain[sentence]]
