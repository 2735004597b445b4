"""How often each clip is drawn."""

import numpy as np
import pytest

from motiongpt.backend.dataset.clips import Clip
from motiongpt.backend.dataset.sampling import draw_weights


def clips(count: int, frames: int, name: str, action: str = "", style: str = "", weight: float = 1.0) -> list[Clip]:
    tags = {"content": action, "style": style} if style else {}
    label = "" if style else action
    return [Clip(f"{name}/{action}{i}", 0, frames, [], tags, action=label, weight=weight) for i in range(count)]


def share(of: list[Clip], among: list[Clip], by_length: bool = True) -> float:
    weights = draw_weights(among, by_length)
    assert weights.sum() == pytest.approx(1.0)
    return float(sum(w for clip, w in zip(among, weights, strict=True) if clip in of))


def test_an_hour_of_one_idle_does_not_drown_the_rest() -> None:
    idles = clips(22, 2500, "idles", "idle")
    acting = [c for i in range(30) for c in clips(1, 60, "acting", f"gesture {i}")]
    assert sum(c.frames for c in acting) < 0.04 * sum(c.frames for c in idles)
    assert share(idles, idles + acting) < 0.2


def test_rare_actions_and_styles_get_more_than_their_length() -> None:
    walks, nods = clips(99, 100, "mocap", "walk"), clips(1, 100, "mocap", "nod")
    assert 0.04 < share(nods, walks + nods) < 0.5
    plain, angry = clips(99, 100, "mocap", "walk", "normal"), clips(1, 100, "mocap", "walk", "angry")
    assert 0.02 < share(angry, plain + angry) < 0.5


def test_an_action_counts_over_all_sets() -> None:
    """A walk among many walks of other sets is drawn less often than a nod beside it."""
    many, walk, nod = clips(50, 100, "a", "walk"), clips(1, 100, "b", "walk"), clips(1, 100, "b", "nod")
    everything = many + walk + nod
    assert share(walk, everything) < 0.5 * share(nod, everything)


def test_weight_is_a_factor() -> None:
    one, other = clips(4, 100, "a", "x"), clips(4, 100, "a", "y")
    heavy = clips(4, 100, "a", "x", weight=3.0)
    assert share(heavy, heavy + other) == pytest.approx(0.75)
    assert share(one, one + other) == pytest.approx(0.5)


def test_whole_clips_count_alike_whatever_their_length() -> None:
    short, long = clips(1, 50, "a", "x"), clips(1, 450, "a", "x")
    assert share(short, short + long, by_length=False) == pytest.approx(0.5)
    assert share(short, short + long) == pytest.approx(0.1)


def test_unlabelled_clips_count_by_length() -> None:
    assert np.allclose(draw_weights([Clip("b", 0, 10), Clip("c", 0, 10)]), 0.5)
    assert not len(draw_weights([]))
