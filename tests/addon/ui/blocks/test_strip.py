"""The strip on the timeline: where blocks are drawn, what the mouse is over, what a drag does, how texts are cut."""

import random

import pytest

from motiongpt.addon.shot.timing import Timing
from motiongpt.addon.ui.blocks.strip import Drag, Hit, Strip, boxes, fitting_text, hit

TIMING = Timing(11, (30, 40, 50), shortest=15)
STRIP = Strip(first=1.0, scale=4.0, width=600.0, bottom=14.0, height=20.0, grip=5.0)


def test_a_region_without_room_has_no_strip() -> None:
    assert Strip.of_region((0.0, 100.0), (800.0, 57.0), False, 1.0) is None
    strip = Strip.of_region((-10.0, 90.0), (800.0, 70.0), False, 1.0)
    assert strip is not None and (strip.scale, strip.bottom, strip.height) == (8.0, 14.0, 20.0)
    assert strip.bottom + strip.height + 24.0 <= 70.0  # the frame numbers stay free
    assert Strip.of_region((0.0, 100.0), (800.0, 70.0), True, 1.0) is None  # markers lie there
    large = Strip.of_region((0.0, 100.0), (800.0, 300.0), True, 2.0)
    assert large is not None and (large.bottom, large.height, large.grip) == (84.0, 40.0, 10.0)
    assert Strip.of_region((5.0, 5.0), (800.0, 300.0), False, 1.0) is None


def test_frames_and_pixels_are_inverse() -> None:
    assert STRIP.x(11.0) == 40.0 and STRIP.frame(STRIP.x(37.25)) == 37.25


def test_what_can_be_seen_of_blocks_is_drawn() -> None:
    assert [(b.block, b.left, b.right) for b in boxes(TIMING, STRIP)] == [
        (0, 40.0, 160.0), (1, 160.0, 320.0), (2, 320.0, 520.0),
    ]  # fmt: skip
    near = Strip(60.0, 4.0, 100.0, 14.0, 20.0)
    assert [(b.block, b.left, b.right) for b in boxes(TIMING, near)] == [(1, 0.0, 84.0), (2, 84.0, 100.0)]
    assert list(boxes(TIMING, Strip(500.0, 4.0, 100.0, 14.0, 20.0))) == []


@pytest.mark.parametrize(
    ("x", "y", "found"),
    [
        (100.0, 20.0, Hit(0)),
        (42.0, 20.0, Hit(0, 0)),
        (36.0, 20.0, Hit(0, 0)),  # just outside the first block
        (33.0, 20.0, None),
        (157.0, 20.0, Hit(0, 1)),
        (163.0, 20.0, Hit(1, 1)),
        (524.0, 20.0, Hit(2, 3)),
        (530.0, 20.0, None),
        (100.0, 13.9, None),
        (100.0, 34.0, None),
    ],
)
def test_what_the_mouse_is_over(x: float, y: float, found: Hit | None) -> None:
    assert hit(TIMING, STRIP, x, y) == found


def test_every_block_can_be_taken_hold_of_however_narrow() -> None:
    narrow = Strip(1.0, 0.1, 600.0, 14.0, 20.0, grip=5.0)  # blocks of 3 to 5 pixels
    for i in range(3):
        middle = 0.5 * (narrow.x(TIMING.edges[i]) + narrow.x(TIMING.edges[i + 1]))
        assert hit(TIMING, narrow, middle, 20.0) == Hit(i)
    assert hit(Timing(1, ()), narrow, 3.0, 20.0) is None


def test_no_place_in_the_blocks_is_missed() -> None:
    rng = random.Random(2)
    for _ in range(1000):
        strip = Strip(rng.uniform(-50, 50), rng.uniform(0.05, 20.0), 800.0, 14.0, 20.0)
        x = strip.x(rng.uniform(11.0, 130.999))
        assert hit(TIMING, strip, x, rng.uniform(14.0, 33.99)) is not None


def test_a_drag_starts_from_where_it_was_taken() -> None:
    drag = Drag(TIMING, Hit(1, 1), frame=40.6)
    assert drag.to(40.6) == TIMING and drag.to(40.9) == TIMING
    assert drag.to(50.7).lengths == (40, 30, 50)
    assert drag.to(50.7, along=True).lengths == (40, 40, 50)
    assert drag.to(55.0, step=30.0).edges[1] == 60  # whole seconds
    assert drag.to(40.6).lengths == TIMING.lengths  # and back: nothing has been added up
    inside = Drag(TIMING, Hit(1), frame=60.0)
    assert inside.to(70.0) == TIMING.moved(1, 10)
    assert inside.to(78.0, step=30.0).edges[1] == 60


@pytest.mark.parametrize("width", [0, 1, 2, 5, 12, 100])
def test_texts_are_as_wide_as_they_may_be(width: int) -> None:
    text = "a person walks"
    cut = fitting_text(text, width, len)
    assert len(cut) <= width
    assert cut == text if width >= len(text) else (cut == "" or cut.endswith("…"))
    if 2 <= width < len(text):
        assert len(cut) >= width - 1  # a space before the ellipsis is left out
