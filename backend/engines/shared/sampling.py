"""Choosing tokens by their scores."""

from collections.abc import Sequence

import numpy as np

from ....retarget.typing import Floats


def random_streams(seed: int, count: int, attempt: int = 0) -> list[np.random.Generator]:
    """One stream an answer: the first variations of a seed are the same however many are made. attempt: other streams
    for the same variations."""
    return [np.random.default_rng([seed, i, attempt] if attempt else [seed, i]) for i in range(count)]


def choose(
    logits: Floats,
    random: np.random.Generator,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> int:
    """The place of one of scores (n,): the best at temperature 0, else drawn from the likeliest.

    top_k: how many of the best may come (0: all).  top_p: the share of probability that they make up together.
    """
    return choose_each(logits[None], [random], temperature, top_k, top_p)[0]


def choose_each(
    logits: Floats,
    streams: Sequence[np.random.Generator],
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> list[int]:
    """`choose` for every row of scores (B, n), each with a stream of its own."""
    if temperature <= 0:
        return [int(best) for best in np.argmax(logits, axis=1)]
    order = np.argsort(-logits, axis=1, kind="stable")[:, : top_k or None]
    scaled = np.take_along_axis(logits, order, axis=1).astype(np.float64) / temperature
    probability = np.exp(scaled - scaled[:, :1])
    probability /= probability.sum(axis=1, keepdims=True)
    sums = np.cumsum(probability, axis=1)
    chosen = []
    for places, row, total, random in zip(order, probability, sums, streams, strict=True):
        if top_p < 1.0:
            kept = int(np.searchsorted(total, top_p)) + 1
            total = np.cumsum(row[:kept] / row[:kept].sum())
        drawn = int(np.searchsorted(total, random.random() * (1 - 1e-12)))
        chosen.append(int(places[min(drawn, len(total) - 1)]))
    return chosen
