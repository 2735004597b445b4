"""Blocks in whole frames: dragged, split, shared out."""

import itertools
import random

import pytest

from motiongpt.addon.shot.timing import Timing, shared_out, snapped
from motiongpt.retarget.errors import MotionGPTError

THREE = Timing(11, (30, 40, 50), shortest=15)


@pytest.mark.parametrize(
    ("edge", "by", "along", "start", "lengths"),
    [
        (1, 5, False, 11, (35, 35, 50)),
        (1, -5, False, 11, (25, 45, 50)),
        (1, 30, False, 11, (60, 15, 45)),  # the next one gives way first, then the one after it
        (1, 500, False, 11, (90, 15, 15)),
        (2, -500, False, 11, (15, 15, 90)),
        (0, 10, False, 21, (20, 40, 50)),
        (0, -10, False, 1, (40, 40, 50)),
        (3, 20, False, 11, (30, 40, 70)),
        (3, -60, False, 11, (30, 15, 15)),
        (1, 20, True, 11, (50, 40, 50)),
        (1, -20, True, 11, (15, 40, 50)),
        (0, 10, True, 21, (20, 40, 50)),
    ],
)
def test_an_edge_is_dragged(edge: int, by: int, along: bool, start: int, lengths: tuple[int, ...]) -> None:
    assert THREE.stretched(edge, by, along) == Timing(start, lengths, 15)


@pytest.mark.parametrize(
    ("block", "by", "along", "start", "lengths"),
    [
        (1, 10, False, 11, (40, 40, 40)),
        (1, -10, False, 11, (20, 40, 60)),
        (1, -500, False, 11, (15, 40, 65)),
        (0, 10, False, 21, (30, 30, 50)),
        (0, -10, False, 1, (30, 50, 50)),
        (2, 10, False, 11, (30, 50, 50)),
        (2, -500, False, 11, (15, 15, 50)),
        (1, 10, True, 11, (40, 40, 50)),
        (0, 10, True, 21, (30, 40, 50)),
        (0, -30, True, -19, (30, 40, 50)),
    ],
)
def test_a_block_is_moved(block: int, by: int, along: bool, start: int, lengths: tuple[int, ...]) -> None:
    assert THREE.moved(block, by, along) == Timing(start, lengths, 15)


def test_whatever_is_dragged_blocks_stay_end_to_end_and_inside_their_limits() -> None:
    rng = random.Random(5)
    for _ in range(2000):
        timing = Timing(rng.randint(-50, 50), tuple(rng.randint(15, 90) for _ in range(rng.randint(1, 6))), 15)
        edge, by, along = rng.randint(0, len(timing.lengths)), rng.randint(-300, 300), rng.random() < 0.3
        new = timing.stretched(edge, by, along)
        assert min(new.lengths) >= 15
        inner = 0 < edge < len(timing.lengths) and not along
        if inner:
            assert (new.edges[0], new.edges[-1]) == (timing.edges[0], timing.edges[-1])
        assert (new.edges[edge] - timing.edges[edge]) * by >= 0
        block = rng.randrange(len(timing.lengths))
        moved = timing.moved(block, by, along)
        assert min(moved.lengths) >= 15 and moved.lengths[block] == timing.lengths[block]
        assert len(set(itertools.pairwise(moved.edges))) == len(timing.lengths)


def test_nothing_is_taken_from_a_block_that_is_too_short_already() -> None:
    short = Timing(1, (5, 40), shortest=15)
    assert short.stretched(1, -10).lengths == (5, 40)
    assert short.stretched(1, 10).lengths == (15, 30)


def test_blocks_are_found_by_frame_and_split() -> None:
    assert [THREE.block_at(f) for f in (10, 11, 40, 41, 130, 131)] == [None, 0, 0, 1, 2, None]
    assert THREE.split(61) == (1, 20)
    with pytest.raises(MotionGPTError, match="fewer than 15 frames"):
        THREE.split(43)
    with pytest.raises(MotionGPTError, match="in no block"):
        THREE.split(5)


def test_snapping_brings_an_edge_to_whole_steps() -> None:
    assert snapped(41, 2, 30.0) == -11 and snapped(41, 10, 30.0) == 19
    assert snapped(41, 10, 23.976) == 7  # to frame 48, two seconds


def test_shares_add_up() -> None:
    rng = random.Random(1)
    for _ in range(500):
        parts = [rng.uniform(0.5, 5.0) for _ in range(rng.randint(1, 8))]
        frames = rng.randint(60, 900)
        lengths = shared_out(parts, frames)
        assert sum(lengths) == frames
        assert all(abs(n - frames * p / sum(parts)) <= 1.0 for n, p in zip(lengths, parts, strict=True))
