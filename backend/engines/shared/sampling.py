"""Sampling tokens from logits: temperature, top-k and top-p."""

from collections.abc import Sequence

import numpy as np

from ....retarget.typing import Floats, Indices, Ints


def random_streams(seed: int, count: int, attempt: int = 0) -> list[np.random.Generator]:
    """A random generator for each answer, so that a variation does not depend on how many there are. attempt: a retry
    uses other streams."""
    return [np.random.default_rng([seed, i, attempt] if attempt else [seed, i]) for i in range(count)]


def choose(
    logits: Floats,
    random: np.random.Generator,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> int:
    """The index of one of logits (n,): the largest at temperature 0, else sampled.

    top_k: sample among the k largest (0: all).  top_p: sample among the likeliest that together reach this probability.
    """
    return int(choose_each(logits[None], [random], temperature, top_k, top_p)[0])


def choose_each(
    logits: Floats,
    streams: Sequence[np.random.Generator],
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> Ints:
    """`choose` for each row of logits (B, n), each with its own random generator: indices (B,)."""
    if temperature <= 0:
        return np.asarray(np.argmax(logits, axis=1))
    ordered = np.sort(logits, axis=1)[:, ::-1][:, : top_k or None]  # `np.argsort` takes three times as long
    sums = ordered.astype(np.float64)  # (B, k)
    sums /= temperature
    sums -= sums[:, :1]
    np.cumsum(np.exp(sums, out=sums), axis=1, out=sums)
    rows = np.arange(len(sums))
    last = np.minimum((sums < top_p * sums[:, -1:]).sum(axis=1), sums.shape[1] - 1)  # (B,) of those that may be drawn
    drawn = np.array([random.random() for random in streams]) * (1 - 1e-12) * sums[rows, last]
    places = np.minimum((sums < drawn[:, None]).sum(axis=1), last)
    return _at_places(logits, ordered, places)


def _at_places(logits: Floats, ordered: Floats, places: Indices) -> Ints:
    """For each row of logits (B, n) the index of the one at its place (B,) in descending order."""
    wanted = ordered[np.arange(len(places)), places, None]
    equal = logits == wanted
    found: Ints = equal.argmax(axis=1)
    if np.count_nonzero(equal) > len(found):
        for row in np.flatnonzero(np.count_nonzero(equal, axis=1) > 1):
            larger = np.count_nonzero(logits[row] > wanted[row])
            found[row] = np.flatnonzero(equal[row])[places[row] - larger]
    return found
