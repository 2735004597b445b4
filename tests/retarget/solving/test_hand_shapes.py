"""Hand shapes, by where the fingertips end up, on hands of every family."""

import numpy as np
import pytest
from support.zoo_hands import HANDED, handed, posed_tips

from motiongpt.retarget.rigs.fingers import find_hands
from motiongpt.retarget.rigs.mapping import map_rig
from motiongpt.retarget.solving.hand_shapes import AS_THEY_ARE, FIST, FLAT, RELAXED, hand_basis


def tips(family: str, shape: str, **build: object) -> dict[str, np.ndarray]:
    """Side -> (n, 3) fingertips from the wrist: along the hand, to the thumb, out of the palm, in hand lengths."""
    rig, truth = handed(family, **build)  # type: ignore[arg-type]
    mapping = map_rig(rig)
    out = {}
    for side, hand in find_hands(rig, mapping).items():
        wrist = rig.heads[rig.index[mapping.bones[f"{side}_wrist"]]]
        along = np.cross(truth[side].palm, truth[side].thumbward) * (-1.0 if side == "left" else 1.0)
        own = posed_tips(rig, hand, hand_basis(hand, shape)) - wrist
        length = float(np.ptp(rig.heads[:, 2])) / 1.5 * 0.17
        out[side] = own @ np.array([along, truth[side].thumbward, truth[side].palm]).T / length
    return out


@pytest.mark.parametrize("family", HANDED)
def test_fingertips_go_to_the_palm(family: str) -> None:
    flat, relaxed, fist = (tips(family, shape) for shape in (FLAT, RELAXED, FIST))
    for side in ("left", "right"):
        out_of_palm, ahead = relaxed[side][:4, 2], relaxed[side][:4, 0]
        assert np.all(np.abs(flat[side][:4, 2]) < 0.05)  # straight on, in the palm's plane
        assert np.all(out_of_palm > 0.1) and np.all(out_of_palm < 0.5)
        assert np.all(np.diff(ahead) < 0.0)  # more from finger to finger
        assert np.all(fist[side][:4, 0] < 0.62) and np.all(fist[side][:4, 2] > 0.03)  # back at the palm, on its side
        assert relaxed[side][4, 2] > 0.1  # the thumb is opposed
        assert fist[side][4, 1] < relaxed[side][4, 1] - 0.1  # and lies across the fingers
    for shape in (flat, relaxed, fist):
        assert np.allclose(shape["left"], shape["right"], atol=0.02)


@pytest.mark.parametrize("bones", [1, 2, 3, 4])
def test_any_number_of_bones(bones: int) -> None:
    for side, relaxed in tips("mixamo", RELAXED, bones=bones).items():
        assert np.all(relaxed[:4, 2] > 0.03), side


@pytest.mark.parametrize("shape", [RELAXED, FIST, FLAT])
def test_hands_that_are_half_closed_at_rest_get_the_same_shape(shape: str) -> None:
    straight, bent = tips("unreal", shape), tips("unreal", shape, curl=25.0)
    for side in ("left", "right"):
        assert np.allclose(straight[side], bent[side], atol=0.03)


def test_as_they_are_moves_nothing() -> None:
    rig, _ = handed("vrm")
    assert all(hand_basis(hand, AS_THEY_ARE) == {} for hand in find_hands(rig, map_rig(rig)).values())
