"""Tokens sampled from logits."""

import numpy as np
import pytest

from motiongpt.backend.engines.shared.sampling import choose, choose_each, random_streams

DRAWS = 2000


def drawn(logits: list[float], **settings: float) -> np.ndarray:
    """How often each index is drawn."""
    streams = random_streams(0, DRAWS)
    chosen = choose_each(np.tile(np.float32(logits), (DRAWS, 1)), streams, **settings)  # type: ignore[arg-type]
    return np.bincount(chosen, minlength=len(logits)) / DRAWS


def test_tokens_are_drawn_by_their_probability() -> None:
    likely = np.exp([0.0, 1.0, -1.0, 2.0])
    np.testing.assert_allclose(drawn([0.0, 1.0, -1.0, 2.0]), likely / likely.sum(), atol=0.03)


def test_equal_logits_are_drawn_alike() -> None:
    np.testing.assert_allclose(drawn([3.0, -np.inf, 3.0, 3.0, -9.0]), [1 / 3, 0.0, 1 / 3, 1 / 3, 0.0], atol=0.04)


@pytest.mark.parametrize("settings", [{"top_k": 2}, {"top_p": 0.8}])
def test_unlikely_tokens_are_left_out(settings: dict[str, float]) -> None:
    shares = drawn([0.0, 3.0, 2.5, -1.0], **settings)
    assert shares[[0, 3]].sum() == 0.0 and shares.min(where=[False, True, True, False], initial=1.0) > 0.2


def test_a_row_is_drawn_alike_alone_and_among_others() -> None:
    logits = np.random.default_rng(1).normal(size=(9, 40)).astype(np.float32)
    together = choose_each(logits, random_streams(5, 9), 0.9, 0, 0.9)
    assert together.tolist() == [
        choose(row, stream, 0.9, 0, 0.9) for row, stream in zip(logits, random_streams(5, 9), strict=True)
    ]
    assert choose_each(logits, random_streams(5, 9), 0.0).tolist() == logits.argmax(axis=1).tolist()
