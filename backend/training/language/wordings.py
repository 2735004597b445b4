"""Many sentences for what each clip shows, encoded once by the pretrained encoder and sampled in training."""

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn

from ...dataset.captions import VOCABULARY, describe
from ...dataset.clips import Clip
from ...dataset.rewording import reworded, unknown_texts
from ...engines.starter import vocabulary
from ...text_encoder.sentences import Sentences, read_sentences
from ..loop import save_atomically

INSTRUCTIONS = VOCABULARY.sentences.instructions
QUESTIONS = (vocabulary.QUESTION, *VOCABULARY.sentences.questions)
_WHOLE = re.compile(r"(a|the|an|this|one) (person|man|woman|figure|character|human)\b(?! \w+ing\b)|someone|somebody")
_INSTRUCTED = 0.15  # share of captions that come as part of an instruction
QUESTION = "?"
"""Key of the sentences that ask for a caption."""
UNKNOWN = "unknown"
"""Key of the sentences that no model of motion can follow: other languages, animals, noise."""
_OWN_WORDINGS = 6  # sentences of those for a kind of clip that a single caption gets


def key_of(clip: Clip, little: bool) -> str:
    """Clips with the same key are described by the same sentences."""
    if clip.captions:
        return f"{clip.name} {'mirrored' if clip.mirrored else ''}"
    return " ".join((clip.tags["content"], clip.tags["style"], "m" if clip.mirrored else "", "l" if little else ""))


def _sentences(clip: Clip, little: bool, count: int, rng: random.Random) -> list[str]:
    if clip.captions:
        each = max(2, count // _OWN_WORDINGS)
        return [text for caption in clip.captions for text in reworded(caption, rng, each)]
    return [describe(clip.tags["content"], clip.tags["style"], clip.mirrored, little, rng) for _ in range(count)]


def _answers(clip: Clip, sentences: Sequence[str]) -> list[str]:
    """Which of the sentences of a clip may be the answer to a question: whole ones about "a person"."""
    if clip.captions:
        return list(clip.captions)
    return [s for s in sentences if _WHOLE.match(s)] or list(sentences)


@dataclass(frozen=True, eq=False)
class Wordings(Sentences):
    """plain: for each sentence its caption in word pieces, as indices into `vocabulary`, which holds the pieces' ids.
    of: key -> indices of its sentences.  answers: key -> those of them that may answer a question.
    """

    plain: list[list[int]]
    vocabulary: list[int]
    of: dict[str, list[int]]
    answers: dict[str, list[int]]

    def draw(self, key: str, rng: random.Random) -> int:
        """Index of one of the key's sentences."""
        return rng.choice(self.of[key])

    def answer(self, key: str, rng: random.Random) -> int:
        """Index of a sentence of the key that may answer a question."""
        return rng.choice(self.answers[key])

    def save(self, path: Path) -> None:
        save_atomically(self.__dict__, path)

    @classmethod
    def load(cls, path: Path) -> "Wordings":
        return cls(**torch.load(path, weights_only=True))


def make_wordings(
    clips: Iterable[tuple[Clip, bool]], count: int, tokenizer: Tokenizer, words: nn.Module, seed: int = 0
) -> Wordings:
    """Up to `count` sentences for each kind of clip, or several for each caption of a clip that has its own; the same
    sentence is encoded once. clips: each with whether it does its action only a little."""
    rng = random.Random(seed)
    places: dict[tuple[str, str], int] = {}

    def place(plain: str, instructed: bool = True) -> int:
        plain = plain.rstrip(".")
        wrapped = instructed and rng.random() < _INSTRUCTED
        text = rng.choice(INSTRUCTIONS).format(plain) if wrapped else plain + rng.choice(("", "."))
        return places.setdefault((text, plain), len(places))

    of = {QUESTION: [places.setdefault((text, ""), len(places)) for text in QUESTIONS]}
    of[UNKNOWN] = [place(text, False) for text in unknown_texts(rng)]
    answers: dict[str, list[int]] = {}
    for clip, little in clips:
        key = key_of(clip, little)
        if key not in of:
            sentences = _sentences(clip, little, count, rng)
            of[key] = [place(sentence) for sentence in sentences]
            answers[key] = [place(sentence, False) for sentence in _answers(clip, sentences)]
    read = read_sentences([text for text, _ in places], tokenizer, words)
    tokenizer.no_padding()
    plain = [plain for _, plain in places]
    pieces = [e.ids[: vocabulary.MAX_TOKENS - 1] for e in tokenizer.encode_batch(plain, add_special_tokens=False)]
    tokenizer.enable_padding()
    answering = {i for indices in answers.values() for i in indices}
    found = sorted({piece for i in answering for piece in pieces[i]})
    index = {piece: i for i, piece in enumerate(found)}
    written = [[index[p] for p in one] if i in answering else [] for i, one in enumerate(pieces)]
    return Wordings(read.states, read.starts, written, found, of, answers)


def caption_tokens(wordings: Wordings, sentence: int) -> list[int]:
    """The decoder's tokens of a sentence's caption."""
    return [vocabulary.FIRST_WORD + place for place in wordings.plain[sentence]]
