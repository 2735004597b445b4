"""Changes to a motion that is there: travel out and back, loops and their export, pins."""

import pytest
from support.extension import Scenario

pytestmark = pytest.mark.usefixtures("starter_model")


def test_travel_comes_back_bit_for_bit(scenario: Scenario) -> None:
    seen = scenario("in_place", {})
    for name in ("hips", "few keys", "root", "object"):
        found = seen[name]
        assert found["error"] == "" and found["before"] > 3.0
        assert found["after"] < 0.25 and found["height"] < 1e-5  # the sway of the steps is left
        assert found["smooth"] < 0.01
        assert "is in place already" in found["twice"]
    for name in ("few keys", "root", "object"):
        error, same, again = seen[name]["back"]
        assert (error, same, seen[name]["properties"]) == ("", True, []) and "is not in place" in again
    assert seen["hips"]["edited"] < 1e-6  # a key that was moved meanwhile keeps that
    assert "goes nowhere" in seen["nowhere"]


def test_loops_close_and_go_on_for_ever(scenario: Scenario) -> None:
    seen = scenario("loop", {})
    assert seen["source"][0] > 15.0 and seen["error"] == ""
    assert seen["message"].startswith("A cycle of ") and seen["stashed"] == [True, True, True]
    for name in ("afterwards", "generated", "few keys"):
        found = seen[name]
        assert found["range"] == [0, found["count"] - 1]  # the first frame is not there twice
        assert found["modes"] == ["REPEAT", "REPEAT_OFFSET"] and found["cyclic"] == [True, True]
        assert found["closes"] < 0.1 and found["later"] < 0.1
        assert max(found["steps"]) < 2.0 * min(found["steps"])
        assert found["travel"] > 0.8 and found["goes on"] == pytest.approx(6.0, abs=1e-3)
        assert found["height"] < 1e-4 and found["seam"] < 1e-3
    assert (seen["in place"], seen["back"]) == ("", ["", True]) and seen["stays"] < 1e-4
    assert "holds no motion" in seen["nothing there"]


def test_a_loop_is_exported_without_its_first_frame_twice(scenario: Scenario) -> None:
    seen = scenario("export", {})
    for suffix in (".fbx", ".glb"):
        frames, ends, step = seen[suffix]
        assert frames == seen["count"]
        assert 0.2 * step < ends < 3.0 * step  # from the last frame to the first is one step, like any other


def test_limbs_are_pinned_within_a_millimetre_and_nothing_else_changes(scenario: Scenario) -> None:
    seen = scenario("pins", {})
    assert "No pin is on" in seen["no pins"]
    assert (seen["error"], seen["message"]) == ("", '1 pin on Person, in the action "walks forward".')
    assert max(seen["off"], seen["between"], seen["generated"]) < 1e-3
    assert seen["changed"] == ["LeftArm", "LeftForeArm", "LeftHand"] and seen["frames"] == [22.0, 68.0]
    assert seen["lost"] == [] and seen["feet"] == 0.0 and seen["fastest"] < 8.0
    assert (seen["hold"], seen["stands"] < 1e-3) == ("", True)
    assert "Out of reach: the right hand misses its target by up to" in seen["reach"]
    assert "hold nothing on frames 1 to 120" in seen["outside"] and "before it begins" in seen["backwards"]


def test_a_control_rig_is_played_in_place_and_pinned_by_the_controls_that_it_is_under(scenario: Scenario) -> None:
    seen = scenario("rigify", {})
    for controls in ("FK", "IK"):
        same, error, hips, feet, off = seen[controls]
        assert (same, error) == (True, "")
        assert hips < 0.12 and 0.4 < feet < 1.3  # steps on a treadmill
        assert off < 1e-3
