"""The words of a style: sentences for its clips, and the texts of other prompts, read by the base model."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ....retarget.typing import Float64s
from ...dataset.captions import ACTIONS, STYLES, describe
from ...dataset.clips import Clip
from ...engines.starter.sureness import Known, sentence_vector
from ...engines.starter.vocabulary import TEXT_TOKENS
from ...known.phrases import FILE_NAME as KNOWN
from ...known.phrases import read_phrases
from ..language.wordings import Wordings, make_wordings
from .base import BaseModel

WORDINGS = 60
"""Sentences for each clip of a style, at most; a sixth of them where it has one caption."""


def wordings_of(clips: Iterable[Clip], base: BaseModel, seed: int, count: int = WORDINGS) -> Wordings:
    """Up to `count` sentences for each clip, whose captions are written in the words that the base can write; others
    are left out of its answers."""
    made = make_wordings(((clip, False) for clip in clips), count, base.tokenizer(), base.reader(), seed)
    pieces = [int(piece) for piece in base.card.settings["caption_words"]]
    place = {piece: i for i, piece in enumerate(pieces)}
    plain = [[place[made.vocabulary[i]] for i in one if made.vocabulary[i] in place] for one in made.plain]
    return replace(made, plain=plain, vocabulary=pieces)


def phrases_of(clips: Iterable[Clip]) -> tuple[str, ...]:
    """What a style's clips are said to show, each once."""
    return tuple(dict.fromkeys(text.strip().rstrip(".") for clip in clips for text in clip.captions))


def vectors_of(texts: Sequence[str], base: BaseModel) -> Float64s:
    """(N, 384) unit vectors of texts, by which the base compares them."""
    tokenizer, decoder = base.tokenizer(), base.decoder()
    tokenizer.no_padding()
    return np.array([sentence_vector(decoder.read(tokenizer.encode(text).ids[:TEXT_TOKENS])) for text in texts])


def known_with(phrases: Sequence[str], base: BaseModel) -> Known | None:
    """What the base knows and a style's phrases; None where the base does not say what it knows."""
    if KNOWN not in base.card.files:
        return None
    known = Known.load(base.folder / KNOWN)
    return Known((*phrases, *known.phrases), np.concatenate([vectors_of(phrases, base), known.vectors]))


def other_texts(base: BaseModel, phrases: Sequence[str], count: int, seed: int) -> list[str]:
    """Texts of what the base knows besides a style: half of them those nearest to the style's, whose motions are the
    likeliest to be changed by it, the others drawn at random."""
    rng = random.Random(seed)
    pool = [text for text in read_phrases(base.folder) if text not in phrases] or _described(rng, 6 * count)
    if len(pool) <= count:
        return pool
    own = vectors_of(phrases, base)
    rng.shuffle(pool)
    some = pool[: 4 * count]
    nearest = np.argsort(-(vectors_of(some, base) @ own.T).max(axis=1), kind="stable")
    near = [some[i] for i in nearest[: count // 2]]
    rest = [text for text in some if text not in set(near)]
    return near + rest[: count - len(near)]


def _described(rng: random.Random, count: int) -> list[str]:
    """Sentences for actions in styles, of the vocabulary of captions."""
    actions, styles = sorted(ACTIONS), sorted(STYLES)
    texts = (describe(rng.choice(actions), rng.choice(["normal", *styles]), False, False, rng) for _ in range(count))
    return list(dict.fromkeys(texts))
