"""Fingers: found under any names and without names, with the palm that a hand's own geometry shows."""

import numpy as np
import pytest
from support.zoo_hands import HANDED, handed, nameless

from motiongpt.retarget.rigs.fingers import find_hands
from motiongpt.retarget.rigs.mapping import map_rig


@pytest.mark.parametrize("family", HANDED)
def test_fingers_of_every_family(family: str) -> None:
    rig, truth = handed(family)
    hands = find_hands(rig, map_rig(rig))
    assert set(hands) == {"left", "right"}
    for side, hand in hands.items():
        assert [finger.bones for finger in hand.fingers] == truth[side].fingers
        assert hand.thumb is not None and hand.thumb.bones == truth[side].thumb
        assert hand.palm @ truth[side].palm > 0.95
        assert hand.thumbward @ truth[side].thumbward > 0.95
        assert [finger.place for finger in hand.fingers] == [0.0, 1.0, 2.0, 3.0]


@pytest.mark.parametrize("bones", [2, 3, 4])
@pytest.mark.parametrize("fingers", [2, 3, 4])
def test_without_names(fingers: int, bones: int) -> None:
    rig, truth = handed("mixamo", fingers=fingers, bones=bones)
    rig, truth = nameless(rig, truth)
    for side, hand in find_hands(rig, map_rig(rig)).items():
        assert hand.thumb is not None and hand.thumb.bones == truth[side].thumb
        assert hand.palm @ truth[side].palm > 0.9
        assert len(hand.fingers) == fingers
        places = [finger.place for finger in hand.fingers]
        assert places == sorted(places) and places[0] == 0.0 and places[-1] == 3.0


@pytest.mark.parametrize("fingers", [1, 2, 3, 4])
@pytest.mark.parametrize("thumb", [True, False])
def test_any_number_of_fingers(fingers: int, thumb: bool) -> None:
    rig, truth = handed("mixamo", fingers=fingers, bones=1, thumb=thumb)
    for side, hand in find_hands(rig, map_rig(rig)).items():
        assert len(hand.fingers) == fingers and (hand.thumb is not None) == thumb
        assert hand.palm @ truth[side].palm > 0.85


def test_what_is_held_is_no_finger() -> None:
    rig, _ = handed("kaykit", fingers=0, thumb=False)
    assert find_hands(rig, map_rig(rig)) == {}
    rig, truth = handed("mixamo", props=("weapon_{s}", "handslot.{s}"))
    for side, hand in find_hands(rig, map_rig(rig)).items():
        assert [finger.bones for finger in hand.fingers] == truth[side].fingers


def test_tips_and_metacarpals_are_not_curled() -> None:
    rig, truth = handed("unreal", metacarpals="{f}_metacarpal_{s}", tips=True)
    for side, hand in find_hands(rig, map_rig(rig)).items():
        assert [finger.bones for finger in hand.fingers] == truth[side].fingers
        assert all(np.isclose(finger.along @ hand.palm, 0.0, atol=0.3).all() for finger in hand.fingers)


@pytest.mark.parametrize("turned", [-60.0, 90.0])
def test_palms_that_do_not_face_down_at_rest(turned: float) -> None:
    rig, truth = handed("unreal", turned=turned)
    for side, hand in find_hands(rig, map_rig(rig)).items():
        assert hand.palm @ truth[side].palm > 0.95
