"""Choosing tokens by their scores."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def random_streams(seed: int, count: int, attempt: int = 0) -> list[np.random.Generator]:
    """One stream an answer: the first variations of a seed are the same however many are made. attempt: other streams
    for the same variations."""
    return [np.random.default_rng([seed, i, attempt] if attempt else [seed, i]) for i in range(count)]


def choose(
    logits: NDArray[np.floating[Any]],
    random: np.random.Generator,
    temperature: float = 1.0,
    top_k: int = 0,
    top_p: float = 1.0,
) -> int:
    """The place of one of scores (n,): the best at temperature 0, else drawn from the likeliest.

    top_k: how many of the best may come (0: all).  top_p: the share of probability that they make up together.
    """
    if temperature <= 0:
        return int(np.argmax(logits))
    order = np.argsort(-logits, kind="stable")
    if top_k:
        order = order[:top_k]
    scaled = logits[order].astype(np.float64) / temperature
    probability = np.exp(scaled - scaled[0])
    probability /= probability.sum()
    if top_p < 1.0:
        kept = int(np.searchsorted(np.cumsum(probability), top_p)) + 1
        order, probability = order[:kept], probability[:kept] / probability[:kept].sum()
    return int(order[np.searchsorted(np.cumsum(probability), random.random() * (1 - 1e-12)).clip(0, len(order) - 1)])


def choose_each(
    logits: NDArray[np.floating[Any]], streams: Sequence[np.random.Generator], **settings: Any
) -> list[int]:
    """`choose` for every row."""
    return [choose(row, stream, **settings) for row, stream in zip(logits, streams, strict=True)]
