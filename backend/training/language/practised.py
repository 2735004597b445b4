"""Attempts of a model that do what was asked of it, to be learned like clips.

What a model does right only now and then it does more often after it has learned its own right answers: rejection
sampling, as for language models (Zelikman et al. 2022, "STaR"; Dong et al. 2023, "RAFT").
"""

from collections.abc import Sequence
from dataclasses import replace

from ...dataset.clips import Clip
from ...evaluation.practice.attempts import Attempts
from ...features import mirror_features
from .sequences import Encoder, TokenSequence, sequences_of

MOST = 3
"""Attempts at one text that are learned."""


def practised(attempts: Attempts, clips: Sequence[Clip], encoder: Encoder) -> list[TokenSequence]:
    """Sequences of attempts that are right, or whose mirror images are, and physically faultless, with all captions of
    the clip whose caption was asked for; attempts at other clips than these are left out."""
    known = {(c.name, c.mirrored): c for c in clips}
    shown = []
    for _, own in attempts.by_text():
        right = [a for a in own if (a.right or a.right_mirrored) and a.sound and (a.clip, a.mirrored) in known]
        for one in right[:MOST]:
            features = attempts.of(one) if one.right else mirror_features(attempts.of(one))
            shown.append((replace(known[one.clip, one.mirrored], frames=one.frames), features))
    return sequences_of(encoder, shown)
