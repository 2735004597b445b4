"""Which motion tokens of a sequence the language model is given."""

import pytest

torch = pytest.importorskip("torch")

from motiongpt.backend.engines.starter.vocabulary import HIDDEN, MOTION, POSE
from motiongpt.backend.training.language.data import keep_kinds


def test_slots_are_given_in_every_way_that_the_papers_name():
    import random

    rng = random.Random(0)
    layouts = [tuple(keep_kinds(12, rng)) for _ in range(400)]
    only = [tuple(POSE if i in at else HIDDEN for i in range(12)) for at in ((0,), (11,), (0, 11))]
    assert all(layout in layouts for layout in only)  # initial, last, both
    assert any(layout.count(POSE) > 2 for layout in layouts)  # several
    assert any(layout[0] == layout[-1] == MOTION and HIDDEN in layout for layout in layouts)  # the middle is missing
