"""The field's measures over vectors that an evaluator gives motions and texts (Guo et al. 2022, "Generating Diverse and
Natural 3D Human Motions from Text"; the code of every paper since computes them alike).

Vectors are rows (N, D). Distances are Euclidean. Random draws come from the generator passed in.
"""

from collections.abc import Sequence

import numpy as np

from ....retarget.typing import Floats, Ints

POOL = 32


def distances(a: Floats, b: Floats) -> Floats:
    """(N, M) from rows (N, D) to rows (M, D)."""
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2.0 * a @ b.T
    out: Floats = np.sqrt(np.maximum(squared, 0.0))
    return out


def draw_pool(index: int, meanings: Sequence[object], random: np.random.Generator, size: int = POOL) -> list[int]:
    """`index` first, then `size` - 1 others at random, no two with the same meaning.

    Raises ValueError where there are fewer than `size` meanings.
    """
    pool, used = [index], {meanings[index]}
    for other in random.permutation(len(meanings)):
        if len(pool) == size:
            break
        if meanings[other] not in used:
            pool.append(int(other))
            used.add(meanings[other])
    if len(pool) < size:
        raise ValueError(f"a pool of {size} needs as many meanings; there are {len(pool)}")
    return pool


def ranks(
    text: Floats, motion: Floats, meanings: Sequence[object], random: np.random.Generator, pool: int = POOL
) -> Ints:
    """(N,) how many texts of a pool are nearer to each motion than its own: a pool is its own and 31 that describe
    others.

    text, motion: (N, D), row i of one describes row i of the other.  The published pools are drawn at random from all;
    clips that mean the same (`meanings`) would then count as each other's mistakes, so a pool holds each meaning once.
    """
    found = []
    for index in range(len(motion)):
        chosen = draw_pool(index, meanings, random, pool)
        away = distances(motion[index : index + 1], text[chosen])[0]
        found.append((away < away[0]).sum())
    return np.array(found)


def r_precision(
    text: Floats,
    motion: Floats,
    meanings: Sequence[object],
    random: np.random.Generator,
    top: Sequence[int] = (1, 2, 3),
    pool: int = POOL,
) -> dict[int, float]:
    """Share of motions whose own text is among the `top` nearest of a pool (see `ranks`)."""
    found = ranks(text, motion, meanings, random, pool)
    return {k: float(np.mean(found < k)) for k in top}


def multimodal_distance(text: Floats, motion: Floats) -> float:
    """Mean distance of every motion from its own text."""
    return float(np.linalg.norm(text - motion, axis=1).mean())


def frechet_distance(a: Floats, b: Floats) -> float:
    """FID (Heusel et al. 2017): of Gaussians fitted to both sets, |m₁ - m₂|² + tr(C₁ + C₂ - 2 (C₁ C₂)^½).

    The trace of the root is the sum of the roots of the eigenvalues of C₁^½ C₂ C₁^½, which is symmetric.
    """
    mean_a, mean_b = a.mean(axis=0), b.mean(axis=0)
    cov_a, cov_b = (np.atleast_2d(np.cov(x.astype(np.float64), rowvar=False)) for x in (a, b))
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    middle = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ cov_b @ root), 0.0)).sum()
    distance = ((mean_a - mean_b) ** 2).sum() + np.trace(cov_a) + np.trace(cov_b) - 2.0 * middle
    return max(0.0, float(distance))


def diversity(motion: Floats, random: np.random.Generator, pairs: int = 300) -> float:
    """Mean distance of `pairs` pairs: two subsets of that size, each drawn without repetition, paired in order.

    As published with 300; where there are fewer motions, with all of them.
    """
    count = min(pairs, len(motion))
    first, second = (random.choice(len(motion), count, replace=False) for _ in range(2))
    return float(np.linalg.norm(motion[first] - motion[second], axis=1).mean())


def multimodality(motion: Floats, random: np.random.Generator, pairs: int = 10) -> float:
    """Mean distance of `pairs` pairs among the motions of one text: (texts, variations, D); needs 2 variations.

    As published: two subsets of `pairs` variations each, paired in order, the mean over texts.
    """
    variations = motion.shape[1]
    count = min(pairs, variations)
    found = []
    for rows in motion:
        first = random.choice(variations, count, replace=False)
        second = random.choice(variations, count, replace=False)
        found.append(np.linalg.norm(rows[first] - rows[second], axis=1).mean())
    return float(np.mean(found))


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean over runs and half the width of its 95 % interval, 1.96 s / √n, as published."""
    array = np.asarray(values, dtype=np.float64)
    if len(array) < 2 or np.ptp(array) == 0.0:
        return float(array.mean()), 0.0
    return float(array.mean()), float(1.96 * array.std(ddof=1) / np.sqrt(len(array)))
