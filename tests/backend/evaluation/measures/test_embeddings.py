"""FID, R-Precision, distances and intervals on data whose answer is known."""

import math

import numpy as np
import pytest

from motiongpt.backend.evaluation.measures import embeddings


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_fid_of_a_set_with_itself_is_zero() -> None:
    rows = rng().normal(size=(300, 16))
    assert embeddings.frechet_distance(rows, rows) == pytest.approx(0.0, abs=1e-8)


def test_fid_of_two_gaussians_is_the_formula() -> None:
    """One dimension: (m₁ - m₂)² + (s₁ - s₂)²; the samples' own means and deviations make it exact."""
    a, b = rng(1).normal(1.0, 2.0, (500, 1)), rng(2).normal(-0.5, 0.7, (400, 1))
    want = (a.mean() - b.mean()) ** 2 + (a.std(ddof=1) - b.std(ddof=1)) ** 2
    assert embeddings.frechet_distance(a, b) == pytest.approx(want, rel=1e-9)


def test_fid_agrees_with_the_matrix_root() -> None:
    linalg = pytest.importorskip("scipy.linalg")
    a = rng(3).normal(size=(400, 6)) @ rng(4).normal(size=(6, 6)) + 1.0
    b = rng(5).normal(size=(300, 6)) @ rng(6).normal(size=(6, 6))
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    root = linalg.sqrtm(cov_a @ cov_b).real
    want = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(cov_a + cov_b - 2 * root)
    assert embeddings.frechet_distance(a, b) == pytest.approx(want, rel=1e-6)


def test_fid_is_not_confused_by_flat_sets() -> None:
    """Fewer rows than dimensions: covariances don't have full rank, and a shift still counts as its square."""
    a = rng(7).normal(size=(5, 20))
    assert embeddings.frechet_distance(a, a + 3.0) == pytest.approx(9.0 * 20, rel=1e-6)


def test_r_precision_of_perfect_and_shuffled_pairs() -> None:
    text = rng(8).normal(size=(400, 32))
    meanings = list(range(400))
    assert embeddings.r_precision(text, text, meanings, rng()) == {1: 1.0, 2: 1.0, 3: 1.0}
    unrelated = rng(9).normal(size=(400, 32))
    found = embeddings.r_precision(text, unrelated, meanings, rng())
    for k in (1, 2, 3):  # chance is k / 32; four standard errors
        assert abs(found[k] - k / 32) < 4 * math.sqrt(k / 32 / 400)


def test_r_precision_counts_the_rank_by_hand() -> None:
    text = np.array([[0.0], [1.0], [3.0]])
    motion = np.array([[0.0], [2.1], [1.9]])  # first its own; second: 3.0 is nearer; third: 1.0 is nearer
    found = embeddings.r_precision(text, motion, ["a", "b", "c"], rng(), top=(1, 2), pool=3)
    assert found == {1: pytest.approx(1 / 3), 2: 1.0}


def test_pools_hold_no_meaning_twice() -> None:
    meanings = [i % 40 for i in range(300)]
    for index in range(0, 300, 7):
        pool = embeddings.draw_pool(index, meanings, rng(index))
        assert pool[0] == index
        assert len({meanings[i] for i in pool}) == len(pool) == 32
    with pytest.raises(ValueError):
        embeddings.draw_pool(0, [0, 1, 1], rng(), 3)


def test_distances_of_texts_pairs_and_variations() -> None:
    a = np.array([[0.0, 0.0], [3.0, 4.0]])
    assert embeddings.multimodal_distance(a, np.zeros((2, 2))) == pytest.approx(2.5)
    assert embeddings.distances(a, a) == pytest.approx(np.array([[0.0, 5.0], [5.0, 0.0]]))
    assert embeddings.diversity(np.ones((50, 4)), rng()) == 0.0
    assert embeddings.multimodality(np.ones((5, 20, 4)), rng()) == 0.0
    # Gaussians of deviation 1 in D dimensions lie about √(2 D) apart.
    many = rng(10).normal(size=(2000, 100))
    assert embeddings.diversity(many, rng()) == pytest.approx(math.sqrt(200), rel=0.02)
    assert embeddings.multimodality(many.reshape(100, 20, 100), rng()) == pytest.approx(math.sqrt(200) * 0.95, rel=0.06)


def test_interval_is_that_of_the_mean() -> None:
    mean, half = embeddings.interval([1.0, 2.0, 3.0, 4.0])
    assert mean == 2.5
    assert half == pytest.approx(1.96 * math.sqrt(5 / 3) / 2)
    assert embeddings.interval([0.3]) == (0.3, 0.0)
