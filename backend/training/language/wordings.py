"""Many sentences for what each clip shows, encoded once by the pretrained encoder and sampled in training."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from ...dataset.captions import VOCABULARY, describe
from ...dataset.clips import Clip
from ...engines.starter import vocabulary
from ...text_encoder.net import PretrainedEncoder
from ...text_encoder.sentences import Sentences, read_sentences
from ..loop import save_atomically

INSTRUCTIONS = VOCABULARY.sentences.instructions
QUESTIONS = (vocabulary.QUESTION, *VOCABULARY.sentences.questions)
_INSTRUCTED = 0.3  # share of captions that come as part of an instruction
QUESTION = "?"
"""Key of the sentences that ask for a caption."""


def key_of(clip: Clip, little: bool) -> str:
    """Clips with the same key are described by the same sentences."""
    if clip.captions:
        return f"{clip.name} {'mirrored' if clip.mirrored else ''}"
    return " ".join((clip.tags["content"], clip.tags["style"], "m" if clip.mirrored else "", "l" if little else ""))


def _sentences(clip: Clip, little: bool, count: int, rng: random.Random) -> list[str]:
    if clip.captions:
        return [caption for _ in range(max(1, count // 8)) for caption in clip.captions]  # in turns an instruction
    return [describe(clip.tags["content"], clip.tags["style"], clip.mirrored, little, rng) for _ in range(count)]


@dataclass(frozen=True, eq=False)
class Wordings(Sentences):
    """plain: for each sentence its caption in word pieces, as indices into `vocabulary`, which holds the pieces' ids.
    of: key -> indices of its sentences.
    """

    plain: list[list[int]]
    vocabulary: list[int]
    of: dict[str, list[int]]

    def draw(self, key: str, rng: random.Random) -> int:
        """Index of one of the key's sentences."""
        return rng.choice(self.of[key])

    def save(self, path: Path) -> None:
        save_atomically(self.__dict__, path)

    @classmethod
    def load(cls, path: Path) -> "Wordings":
        return cls(**torch.load(path, weights_only=True))


def make_wordings(
    clips: Iterable[tuple[Clip, bool]], count: int, tokenizer: Tokenizer, words: PretrainedEncoder, seed: int = 0
) -> Wordings:
    """Up to `count` sentences for each key, each encoded once.

    clips: each with whether it does its action only a little.
    """
    rng = random.Random(seed)
    known: dict[tuple[str, str], int] = {(question, ""): place for place, question in enumerate(QUESTIONS)}
    of = {QUESTION: list(known.values())}
    for clip, little in clips:
        key = key_of(clip, little)
        if key in of:
            continue
        sentences = _sentences(clip, little, count, rng)
        texts = [rng.choice(INSTRUCTIONS).format(s) if rng.random() < _INSTRUCTED else s for s in sentences]
        pairs = zip(texts, (s.rstrip(".") for s in sentences), strict=True)
        of[key] = [known.setdefault(pair, len(known)) for pair in pairs]
    read = read_sentences([text for text, _ in known], tokenizer, words)
    tokenizer.no_padding()
    pieces = [
        e.ids[: vocabulary.MAX_TOKENS - 1]
        for e in tokenizer.encode_batch([caption for _, caption in known], add_special_tokens=False)
    ]
    tokenizer.enable_padding()
    found = sorted({piece for one in pieces for piece in one})
    place = {piece: i for i, piece in enumerate(found)}
    return Wordings(read.states, read.starts, [[place[p] for p in one] for one in pieces], found, of)


def caption_tokens(wordings: Wordings, sentence: int) -> list[int]:
    """The decoder's tokens of a sentence's caption."""
    return [vocabulary.FIRST_WORD + place for place in wordings.plain[sentence]]
