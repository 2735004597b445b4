"""What a base model does for other prompts, written down before a style is trained: it must go on doing it."""

from collections.abc import Iterator, Sequence

import numpy as np

from ....retarget.typing import Ints
from ...dataset.clips import Clip
from ...engines.shared.sampling import random_streams
from ...engines.starter.decoder import Decoder, Prompt, width_of
from ...engines.starter.vocabulary import ABSENT, MAX_TOKENS, unpack
from ...engines.starter.writing import Answer, Choosing, Writing
from ..language.sequences import MIN_TOKENS, PHASES, TokenSequence
from .base import BaseModel

_ROWS = 16  # of a batch, each decoded twice where the model has guidance
_SHORTEST = 12  # tokens that are asked for


def rehearse(base: BaseModel, texts: Sequence[str], seed: int) -> Iterator[TokenSequence]:
    """One motion of the base for each text, as tokens, in any order."""
    decoder, tokenizer = base.decoder(), base.tokenizer()
    tokenizer.no_padding()
    ids = [tokenizer.encode(text).ids for text in texts]
    rng = np.random.default_rng(seed)
    counts = rng.integers(_SHORTEST, MAX_TOKENS + 1, len(texts)) // rng.choice((1, 2, 3), len(texts))
    widths = [width_of(len(one)) for one in ids]
    for width in sorted(set(widths)):
        alike = [i for i, of_text in enumerate(widths) if of_text == width]
        for some in (alike[at : at + _ROWS] for at in range(0, len(alike), _ROWS)):
            wanted = [max(_SHORTEST, int(counts[i])) for i in some]
            found = _written(base, decoder, [ids[i] for i in some], wanted, [seed * 1_000_003 + i for i in some])
            for i, codes in zip(some, found, strict=True):
                if len(codes) >= MIN_TOKENS:
                    yield _sequence(texts[i], codes)


def _written(
    base: BaseModel, decoder: Decoder, ids: Sequence[list[int]], counts: Sequence[int], seeds: Sequence[int]
) -> list[Ints]:
    """Codes (N, levels) for each text."""
    sampling = base.card.settings.get("sampling", {})
    guidance, levels = float(sampling.get("guidance", 1.0)), base.levels
    keep = (1.0, 0.0) if guidance != 1.0 else (1.0,)
    slots, kinds = np.zeros((1, levels), np.int64), np.full(1, ABSENT, np.int64)
    answers = [
        Answer(
            decoder.start(Prompt(decoder.read(one), keep, "generate", slots, kinds, 1)),
            len(keep),
            random_streams(seed, 1),
            count,
        )
        for one, count, seed in zip(ids, counts, seeds, strict=True)
    ]
    choosing = Choosing(
        float(sampling.get("temperature", 1.0)),
        float(sampling.get("top_p", 0.9)),
        guidance,
        float(sampling.get("detail_temperature", 1.0)),
        float(sampling.get("detail_guidance", 1.0)),
        tuple(int(code) for code in base.card.settings.get("unused_codes", ())),
    )
    writing = Writing(choosing, answers)
    for answer in answers:
        for _ in writing.follow(answer):
            pass
    return [np.array([unpack(code, levels) for code in answer.codes[0]], np.int64) for answer in answers]


def _sequence(text: str, codes: Ints) -> TokenSequence:
    clip = Clip(f"other/{text}", 0, 0, [text], assigned="train")
    return TokenSequence(clip, (codes,) * len(PHASES), (codes,) * len(PHASES), (0, 0), False)
