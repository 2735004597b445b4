"""Every measure on data whose answer is known."""

import math

import numpy as np
import pytest

from motiongpt.backend.evaluation.measures import captions, embeddings, physics, poses
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.motion import rotations as rot
from motiongpt.retarget.motion.skeleton import JOINT, rest_joints


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def still(frames: int = 40, fps: float = 20.0) -> Motion:
    """Standing in the T-pose, the lowest joint on the floor."""
    root = np.zeros((frames, 3))
    root[:, 1] = -rest_joints()[:, 1].min()
    rotations = np.tile(rot.IDENTITY, (frames, 22, 1))
    return Motion(rotations, root, fps, np.ones((frames, 4)))


def moved(motion: Motion, way: np.ndarray) -> Motion:
    """The same pose, the root moved by `way` (T, 3)."""
    return Motion(motion.rotations, motion.root_position + way, motion.fps, motion.contacts)


# Vectors of an evaluator


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
    """Fewer rows than dimensions: covariances have no full rank, and a shift still counts as its square."""
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


# Bodies


def test_sliding_is_the_speed_of_feet_on_the_floor() -> None:
    stands = still()
    assert physics.foot_sliding(stands) == 0.0
    way = np.zeros((40, 3))
    way[:, 2] = np.arange(40) * 0.01  # 0.2 m/s along the floor, height over the lowest 0: weight 2 - 2⁰ = 1
    assert physics.foot_sliding(moved(stands, way)) == pytest.approx(0.2)
    way[20:, 1] = 0.5  # what is in the air does not slide
    assert physics.foot_sliding(moved(stands, way)) == pytest.approx(0.2)
    up = np.zeros((40, 3))
    up[:, 2] = np.arange(40) * 0.01
    up[1:, 1] = 0.0125  # half of H: weight 2 - 2^½
    assert physics.foot_sliding(moved(stands, up)) == pytest.approx(0.2 * (2 - math.sqrt(2)))


def test_penetration_jitter_and_freezes() -> None:
    stands = still()
    sunk = np.zeros((40, 3))
    sunk[10:20, 1] = -0.04
    assert physics.penetration(stands).max() == pytest.approx(0.0, abs=1e-9)
    assert physics.penetration(moved(stands, sunk)).max() == pytest.approx(0.04)
    assert np.count_nonzero(physics.penetration(moved(stands, sunk)) > 0.03) == 10
    cubic = np.zeros((40, 3))
    cubic[:, 0] = 5.0 * (np.arange(40) / 20.0) ** 3  # third derivative 30 m/s³
    assert physics.jitter(moved(stands, cubic)) == pytest.approx(0.3)
    assert physics.jitter(stands) == 0.0
    assert physics.longest_freeze(stands) == pytest.approx(39 / 20)
    way = np.zeros((40, 3))
    way[10:20, 0] = np.arange(10) * 0.1
    way[20:, 0] = 0.9
    assert physics.longest_freeze(moved(stands, way)) == pytest.approx(20 / 20)


def test_kept_poses() -> None:
    a, b = np.zeros((4, 22, 3)), np.zeros((4, 22, 3))
    assert poses.recon(a, b) == 0.0
    b[:, 3, 1] = 0.5  # one joint, half a metre: 0.25 a frame
    assert poses.recon(a, b) == pytest.approx(0.25)
    assert poses.vel(a, b) == 0.0  # the same speed
    c = b.copy()
    c[3, 3, 1] = 0.8
    assert poses.vel(b, c) == pytest.approx(0.09 / 3)
    assert poses.ade(a, b) == pytest.approx(0.5 / 22)
    assert poses.fde(b, c) == pytest.approx(0.3 / 22)


def test_key_tokens_are_found_wherever_they_are() -> None:
    made = rng(11).normal(size=(40, 22, 3))
    keys = np.stack([made[7:11], made[30:34]])
    assert poses.dist(made, keys) == pytest.approx(0.0)
    shifted = keys.copy()
    shifted[1, :, 0, 0] += 0.05  # four frames, 5 cm each: √4 · 0.05
    assert poses.dist(made, shifted) == pytest.approx(0.1 / 2)


def test_local_poses_forget_place_and_heading() -> None:
    stands = still(5)
    turned = stands.placed(np.array([3.0, 0.0, -2.0]), rot.from_axis_angle((0.0, 1.0, 0.0), np.array(1.1)))
    assert np.allclose(poses.local_poses(turned), poses.local_poses(stands), atol=1e-9)
    assert poses.local_poses(stands)[0, JOINT["left_wrist"], 0] > 0.5  # left is +X


# Captions


def test_bleu_by_hand() -> None:
    same = ["the cat sat on the mat"]
    assert captions.bleu(same, [same]) == pytest.approx(1.0)
    # Papineni's clipping: "the" seven times against two of them.
    assert captions.bleu(["the the the the the the the"], [["the cat is on the mat"]], n=1) == pytest.approx(2 / 7)
    # 5 of 6 words; 3 of 5 pairs; the reference has 7 words: penalty exp(1 - 7/6).
    found = captions.bleu(["the cat sat on a mat"], [["the cat sat on the red mat"]], n=2)
    assert found == pytest.approx(math.sqrt(5 / 6 * 3 / 5) * math.exp(1 - 7 / 6))
    assert captions.bleu(["no word shared"], [["the cat sat"]]) == 0.0


def test_rouge_l_by_hand() -> None:
    assert captions.rouge_l(["a person walks"], [["a person walks"]]) == pytest.approx(1.0)
    # "police killer": Lin 2004's "police kill the gunman" against "police killed the gunman": 3 of 4 both ways.
    assert captions.rouge_l(["police kill the gunman"], [["police killed the gunman"]]) == pytest.approx(0.75)
    # Order counts: "the gunman kill police" shares "the gunman" only.
    assert captions.rouge_l(["the gunman kill police"], [["police killed the gunman"]]) == pytest.approx(0.5)
    # P = 2/2, R = 2/4, β = 1.2.
    want = (1 + 1.44) * 1.0 * 0.5 / (0.5 + 1.44 * 1.0)
    assert captions.rouge_l(["a walks"], [["a person walks slowly"]]) == pytest.approx(want)


def test_cider_by_hand() -> None:
    texts = ["a b", "c d"]
    assert captions.cider(texts, [["a b"], ["c d"]], n=2) == pytest.approx(10.0)
    assert captions.cider(texts, [["c d"], ["a b"]], n=2) == 0.0
    # "a x" against "a b": every gram in one clip's references has IDF ln 2, an unknown one ln 2 as well (frequency 1):
    # cosine of (1, 1, 0) and (1, 0, 1) is 1/2 for words, 0 for pairs; the other clip is perfect.
    assert captions.cider(["a x", "c d"], [["a b"], ["c d"]], n=2) == pytest.approx(
        10 * ((0.5 + 1) / 2 + (0 + 1) / 2) / 2
    )
    # A word that all references share counts nothing.
    assert captions.cider(["w", "w"], [["w"], ["w"]], n=1) == 0.0
