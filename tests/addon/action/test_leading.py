"""Objects that limbs reach for by IK get keys with the limbs; they are undone, restored, shown and kept with theirs."""

import pytest
from support.extension import FAKE_ENGINE, Scenario

NEAR = 2e-3  # metres


def test_one_press_keys_the_object_and_undo_takes_it_back(scenario: Scenario) -> None:
    seen = scenario("generated")
    state, message = seen["press"]
    assert state == "DONE" and "overridden" not in message, message
    assert seen["off"] < NEAR
    assert seen["action"] == ["a person walks Handle", ["mine"]]
    assert seen["undone"] and seen["redone"]


def test_nothing_is_left_where_writing_fails(scenario: Scenario) -> None:
    seen = scenario("failed")
    assert seen["press"][0] == "FAILED" and seen["same"]


def test_the_object_follows_each_take(scenario: Scenario) -> None:
    seen = scenario("taken")
    assert max(seen["shown"]) < NEAR and seen["differ"] and seen["compared"] and seen["rejected"]
    assert seen["assigned"]
    same, closed, off = seen["accepted"]
    assert same and closed and off < NEAR
    assert seen["stash"] == [["mine", True]]


def test_the_animators_own_keys_of_the_object_stay(scenario: Scenario) -> None:
    seen = scenario("continued", FAKE_ENGINE | {"FAKE_TASKS": "generate continue"})
    assert (seen["pressed"], seen["state"]) == (["FINISHED"], "DONE")
    assert seen["mine"] == [] and seen["grown"] and seen["off"] == pytest.approx(0.0, abs=NEAR)
