"""Paths of the scene, read and followed; distances, speeds, turns and targets, in the scene's own units."""

import pytest
from support.extension import Scenario

pytestmark = pytest.mark.usefixtures("starter_model")


def test_curves_of_every_kind_are_read_as_they_are_seen(scenario: Scenario) -> None:
    seen = scenario("routes", {})
    for kind in ("BEZIER", "NURBS", "POLY"):
        ends, length, clean, untimed = seen[kind]
        assert [pytest.approx(end, abs=1e-4) for end in ends] == [[0.0, 0.0], [1.5, -5.0]]
        assert 5.2 < length < 6.2 and clean and untimed
    assert seen["POLY"][1] == pytest.approx(2.0 + 3.25**0.5 + 2.0, abs=0.01)
    (start, end), length = seen["cyclic"]
    assert start == pytest.approx(end, abs=1e-4) and length == pytest.approx(8.0, abs=0.05)
    assert seen["eval time"] == [pytest.approx(11.0, abs=1.0), pytest.approx(61.0, abs=1.0)]
    assert 30.0 <= seen["half way"] <= 42.0
    assert "has no length" in seen["one point"] and "is not a curve" in seen["no curve"]


def test_waypoints_are_in_order_with_their_frames(scenario: Scenario) -> None:
    seen = scenario("waypoints", {})
    assert "holds no waypoints" in seen["none"]
    assert seen["by name"] == [[[0.0, -1.0], [0.0, -9.0], [0.0, -10.0]], None]
    assert seen["one frame"][1] == pytest.approx([1.0, 1.0 + 60.0 * 8.0 / 9.0, 61.0], abs=0.1)
    assert seen["frames"][1] == [1.0, 21.0, 61.0]
    assert seen["by frame"] == [[[0.0, -1.0], [0.0, -10.0], [0.0, -9.0]], [1.0, 61.0, 90.0]]
    assert "is at frame 5" in seen["back"] and "Give them frames that rise" in seen["back"]
    assert seen["keys"] == [[[0.0, 0.0], [0.0, -3.0], [0.0, -4.0]], [1.0, 31.0, 61.0]]


def test_a_curve_and_timed_waypoints_are_followed(scenario: Scenario) -> None:
    seen = scenario("follow", {})
    assert (seen["error"], seen["state"]) == ("", "DONE")
    assert max(seen["ends"]) < 0.1 and seen["beside"] < 0.06
    assert 5.0 < seen["seconds"] < 15.0  # six metres at the pace of short legs
    assert seen["timed"] == ["", "DONE", 90]
    assert max(seen["there"]) < 0.12
    assert "No curve is chosen" in seen["no curve"]


def test_numbers_are_met_in_the_scene_whatever_the_size_of_the_character(scenario: Scenario) -> None:
    seen = scenario("numbers", {})
    for size in ("1", "0.5"):
        assert seen[f"panel {size}"][0] == pytest.approx(2.0, rel=0.05)
        assert seen[f"words {size}"][0] == pytest.approx(1.5, rel=0.05)
        assert seen[f"speed {size}"][0] == pytest.approx(0.8 * 3.0, rel=0.06)
    assert seen["panel 0.5"][1] > 1.4 * seen["panel 1"][1]  # short legs take longer
    assert seen["turn"] == pytest.approx(90.0, abs=12.0)
    assert seen["facing"][0] < 12.0 and seen["facing"][1] < 30.0
    assert "No object is chosen to face" in seen["no target"]


def test_distances_of_blocks_are_met_in_the_scene(scenario: Scenario) -> None:
    seen = scenario("shot_numbers", {})
    assert seen["made on 1"] == seen["made on 181"] == ["", "DONE"]
    assert seen["words"] == [pytest.approx(1.5, rel=0.06)] * 2
    assert seen["again"] == ["DONE", pytest.approx(1.0, rel=0.08)]


def test_a_shot_follows_a_path_and_faces_an_object(scenario: Scenario) -> None:
    seen = scenario("shot_way", {})
    assert seen["made"] == ["", "DONE"] == seen["faces"] and seen["again"] == "DONE"
    assert max(seen["ends"]) < 0.15 and seen["beside"] < 0.08
    assert "Only a shot that starts from the origin follows a path" in seen["stands"]
    assert "A shot is not made as a loop. Switch Loop off" in seen["loop"]
    assert seen["off"] < 15.0


def test_pins_hold_in_a_shot_and_in_a_block_made_again(scenario: Scenario) -> None:
    seen = scenario("shot_pins", {})
    assert seen["made"][:2] == ["", "DONE"] and seen["off"] < 0.001, seen
    assert seen["again"] == ["DONE", pytest.approx(0.0, abs=0.001)]
