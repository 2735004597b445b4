"""Attempts of a model that do what was asked of it, to be learned like clips.

What a model does right only now and then it does more often after it has learned its own right answers: rejection
sampling, as for language models (Zelikman et al. 2022, "STaR"; Dong et al. 2023, "RAFT").
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ...dataset.clips import Clip
from ...evaluation.practice.attempts import Attempts
from .sequences import Encoder, TokenSequence, sequences_of

MOST = 3
"""Attempts at one text that are learned."""


def practised(attempts: Attempts, clips: Sequence[Clip], encoder: Encoder) -> list[TokenSequence]:
    """Sequences of attempts that are right and physically faultless, with all captions of the clip whose caption was
    asked for; attempts at other clips than these are left out."""
    known = {(c.name, c.mirrored): c for c in clips}
    chosen = []
    for _, own in attempts.by_text():
        right = [a for a in own if a.right and a.sound and (a.clip, a.mirrored) in known]
        chosen += right[:MOST]
    features = [attempts.of(a) for a in chosen]
    of = [replace(known[a.clip, a.mirrored], frames=len(f)) for a, f in zip(chosen, features, strict=True)]
    return sequences_of(encoder, [(clip, np.asarray(f)) for clip, f in zip(of, features, strict=True)])
