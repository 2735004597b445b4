"""What floats or sinks is put on the floor, what flies is left alone."""

from dataclasses import replace

import numpy as np
import pytest
from support.motions import walking

from motiongpt.backend.dataset.importing.floor import floating, lowest, on_floor
from motiongpt.retarget.errors import MotionGPTError
from motiongpt.retarget.files.reading import on_ground
from motiongpt.retarget.motion import Motion
from motiongpt.retarget.typing import Float64s


def lifted(by: Float64s | float) -> Motion:
    walk = on_ground(walking())
    root = walk.root_position.copy()
    root[:, 1] += by
    return replace(walk, root_position=root)


TIME = np.arange(80) / 20.0


def test_a_walk_on_the_floor_is_untouched() -> None:
    walk = lifted(0.0)
    assert on_floor(walk) == (walk, 0.0)


@pytest.mark.parametrize("drift", [0.3 * np.minimum(TIME / 2.0, 1.0), 0.2 * (TIME > 2.0), 0.15 * np.sin(TIME) ** 2])
def test_drift_is_taken_out(drift: Float64s) -> None:
    floats = lifted(drift)
    standing, moved = on_floor(floats)
    assert moved == pytest.approx(float(drift.max()), abs=0.06)
    assert floating(standing) < 0.05 and np.percentile(lowest(standing), 90) < 0.09
    assert lowest(standing).min() > -0.05
    assert np.allclose(standing.rotations, floats.rotations)
    assert np.allclose(standing.root_position[:, [0, 2]], floats.root_position[:, [0, 2]])


@pytest.mark.parametrize("seconds", [0.4, 0.6, 0.8])
def test_a_jump_keeps_its_height(seconds: float) -> None:
    flight = np.clip((TIME - 1.5) / seconds, 0.0, 1.0)
    jump = lifted(9.81 * seconds**2 / 2 * flight * (1 - flight))
    kept, moved = on_floor(jump)
    assert moved == 0.0 and kept is jump


def test_hovering_without_falling_is_no_jump() -> None:
    hover = lifted(0.3 * np.clip(np.minimum(TIME - 1.0, 1.8 - TIME) * 10, 0.0, 1.0))
    standing, moved = on_floor(hover)
    assert moved > 0.2 and lowest(standing).max() < 0.16


def test_a_clip_that_ends_sitting_on_air_is_let_down() -> None:
    sit = lifted(0.5 * np.clip((TIME - 3.0) * 3, 0.0, 1.0))
    standing, _ = on_floor(sit)
    assert lowest(standing)[-5:].max() < 0.1


def test_sinking_is_raised() -> None:
    sunk = lifted(-0.15 * (TIME > 2.0))
    standing, moved = on_floor(sunk)
    assert moved > 0.1 and lowest(standing).min() > -0.05


def test_a_climb_is_refused() -> None:
    with pytest.raises(MotionGPTError, match="isn't there"):
        on_floor(lifted(np.minimum(TIME, 1.2)))
