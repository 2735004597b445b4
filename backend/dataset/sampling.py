"""How often each clip of a data set is drawn in training."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ...retarget.typing import Float64s
from .clips import Clip


def kind_of(clip: Clip) -> str:
    """What a clip shows: its content, or the collection that it comes from."""
    return clip.tags.get("content") or clip.name.split("/")[0]


def fair_shares(kinds: Sequence[str], styles: Sequence[str], sizes: Sequence[float] | None = None) -> Float64s:
    """(N,) sampling weights, not normalised: each kind gets the square root of its number of clips, shared equally by
    its styles, and within a style by its clips in proportion to their sizes (or equally)."""
    pairs, sizes = list(zip(kinds, styles, strict=True)), sizes or [1.0] * len(kinds)
    number, styles_of, total = Counter(kinds), Counter(kind for kind, _ in set(pairs)), dict.fromkeys(pairs, 0.0)
    for pair, size in zip(pairs, sizes, strict=True):
        total[pair] += size
    return np.array(
        [number[p[0]] ** 0.5 / styles_of[p[0]] / (total[p] / size) for p, size in zip(pairs, sizes, strict=True)]
    )


def clip_weights(clips: list[Clip]) -> Float64s:
    """Probability of each clip: proportional to its length over the square root of the number of clips of its kind."""
    keys = [kind_of(c) for c in clips]
    count = {k: keys.count(k) for k in set(keys)}
    weights = np.array([c.frames * count[k] ** -0.5 for c, k in zip(clips, keys, strict=True)])
    out: Float64s = weights / weights.sum()
    return out


def fair_weights(clips: list[Clip]) -> Float64s:
    """Probability of each clip: half as in `clip_weights`, half with all styles of a kind equally likely, however few
    clips show one."""
    styles = [c.tags.get("style", "") for c in clips]
    fair = fair_shares([kind_of(c) for c in clips], styles, [c.frames for c in clips])
    out: Float64s = (fair / fair.sum() + clip_weights(clips)) / 2
    return out
