"""The phrases that a language model was trained on, for `engines.starter.sureness`."""

import re
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from ...engines.starter.sureness import Known, sentence_vector
from ...text_encoder.sentences import load_text_tokenizer
from .wordings import Wordings

MOST = 1500
"""Phrases that are kept: half a megabyte."""
_SUBJECT = re.compile(r"^(a|the|an|one|this) (person|man|woman|figure|character|human) |^(someone|somebody|he|she) ")


def known_phrases(folder: Path) -> Known:
    """What a trained language model in that folder knows: the captions of each clip or kind of clip, in turns, until
    there are MOST."""
    wordings, tokenizer = Wordings.load(folder / "wordings.pt"), load_text_tokenizer()
    phrases: dict[str, int] = {}
    for turn in range(max(map(len, wordings.answers.values()))):
        for sentences in wordings.answers.values():
            if turn < len(sentences) and len(phrases) < MOST:
                phrases.setdefault(_phrase(wordings, tokenizer, sentences[turn]), sentences[turn])
    chosen = list(phrases.values())
    vectors = [sentence_vector(wordings.gather([i])[0][0].numpy()) for i in chosen]
    return Known(tuple(phrases), np.stack(vectors))


def _phrase(wordings: Wordings, tokenizer: Tokenizer, sentence: int) -> str:
    """A sentence without its subject, as one would type it."""
    text = tokenizer.decode([wordings.vocabulary[piece] for piece in wordings.plain[sentence]])
    return _SUBJECT.sub("", text.replace(" - ", "-").replace(" ' ", "'"))
