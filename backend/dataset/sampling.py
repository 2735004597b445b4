"""How often each clip of a data set is drawn in training."""

from collections import defaultdict
from collections.abc import Hashable, Sequence

import numpy as np

from ...retarget.typing import Float64s
from .clips import Clip


def action_of(clip: Clip) -> str:
    """What a clip shows: its label, else the content in its name; a clip with neither counts as one of its kind."""
    return clip.action or clip.tags.get("content") or clip.name


def draw_weights(clips: Sequence[Clip], by_length: bool = True) -> Float64s:
    """(N,) probability of each clip.

    by_length: windows of clips are drawn, so that a clip counts by its frames; else clips are drawn whole, and all
    count alike. In either case, what is plentiful is damped: a set counts by the square root of all that it holds, and
    so does an action (over all sets), half of it as the action and half as the action in its style. So sets, actions
    and styles with few clips get their share, and an hour of one idle does not drown the rest. Each clip's own weight
    is a factor on the result.
    """
    if not clips:
        return np.empty(0)
    sizes = np.array([c.frames if by_length else 1.0 for c in clips], np.float64)
    actions = [action_of(c) for c in clips]
    styles = [c.tags.get("style", "") for c in clips]
    of_set = _totals([c.set for c in clips], sizes)
    of_action = _totals(actions, sizes)
    of_style = _totals(list(zip(actions, styles, strict=True)), sizes)
    weights = np.array([c.weight for c in clips]) * sizes / np.sqrt(of_set * np.sqrt(of_action * of_style))
    out: Float64s = weights / weights.sum()
    return out


def _totals(keys: Sequence[Hashable], sizes: Float64s) -> Float64s:
    """(N,) for each clip, the sum of the sizes of all clips with its key."""
    totals: dict[Hashable, float] = defaultdict(float)
    for key, size in zip(keys, sizes.tolist(), strict=True):
        totals[key] += size
    return np.array([totals[key] for key in keys])
