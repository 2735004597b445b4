"""The room of head and hands, as the mesh shows it."""

from dataclasses import replace

import numpy as np
import pytest
from support.zoo_headed import headed, room_of


@pytest.mark.parametrize("radius", [0.1, 0.15, 0.25])
def test_a_head_is_as_big_as_its_mesh(radius: float) -> None:
    room = room_of(headed(radius))
    assert room is not None
    assert np.allclose(room.head.radii, 0.93 * radius, rtol=0.12)
    assert room.hands[0].length == pytest.approx(0.17, abs=0.03)
    assert not len(room.hands[0].held)


def test_hair_to_the_floor_is_no_head() -> None:
    rig = headed(0.15)
    head = rig.index[next(name for name in rig.names if name.lower().endswith("head"))]
    hair = rig.heads[head] + np.linspace((0.0, 0.15, 0.0), (0.0, 0.2, -1.4), 300)
    rig = replace(
        rig, skin_points=np.concatenate([rig.skin_points, hair]), skin_bones=np.append(rig.skin_bones, [head] * 300)
    )
    room = room_of(rig)
    assert room is not None and room.head.radii[1] < 0.2


def test_too_little_mesh_is_none() -> None:
    rig = headed(0.15)
    assert room_of(replace(rig, skin_points=rig.skin_points[:5], skin_bones=rig.skin_bones[:5])) is None
