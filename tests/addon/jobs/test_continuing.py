"""Continuing in Blender, inside a clip and at its end; and writing that fails: all of it or nothing."""

from pathlib import Path

import pytest
from support.extension import EVERY_TASK, Scenario


def test_what_comes_after_moves_along_as_one(scenario: Scenario) -> None:
    for name, seen in scenario("inside", EVERY_TASK).items():
        assert (seen["error"], seen["state"]) == ("", "DONE"), name
        assert seen["message"].endswith("What comes after is moved along."), name
        real, own = seen["steps"]
        assert own < 1.6 * real, name  # nothing jumps, where the old motion goes on either
        assert seen["before"] < 1e-5, name
        assert seen["apart"] > 0.05, name
        assert seen["bent"] < (0.005 if "few" in name else 1e-4), name
        assert seen["same frames"] and seen["undone"], name


def test_what_comes_after_is_cut_and_a_new_action_leaves_the_old_one(scenario: Scenario) -> None:
    seen = scenario("cut_and_copied", EVERY_TASK)
    assert seen["new"] == "Continue" and seen["stashed"] and seen["old stays"]
    assert seen["last"] == 60.0
    assert seen["scale"][0] == 1.05 and seen["scale"][1] == seen["scale"][2]
    said = 'Frames 96 to 111 of Person added, in the action "PersonAction". The scene now ends on frame 111.'
    assert seen["end"].startswith(said)  # and goes on about the head, whose scale is keyed


def test_a_failure_while_keys_are_written_changes_nothing(scenario: Scenario) -> None:
    seen = scenario("fails", EVERY_TASK)
    assert len(seen) == 18  # three tasks, one take and three, each at three places
    for name, (state, changed) in seen.items():
        assert (state, changed) == ("FAILED", []), name


@pytest.mark.parametrize("limbs", ["FK", "IK"])
def test_a_control_rig_moves_along_as_one(scenario: Scenario, limbs: str) -> None:
    seen = scenario("rigify", EVERY_TASK | {"LIMBS": limbs})
    assert (seen["error"], seen["state"]) == ("", "DONE")
    assert seen["apart"] > 0.05
    assert seen["bent"] < 1e-3
    assert seen["steps"][1] < 0.1


def test_controls_that_no_list_names_move_along_where_nothing_carries_them(scenario: Scenario) -> None:
    for kind, seen in scenario("unknown_rig", EVERY_TASK).items():
        assert (seen["error"], seen["state"]) == ("", "DONE"), kind
        assert seen["apart"] > 0.05, kind
        assert seen["bent"] < 2e-3, (kind, seen["bent"])


def test_an_action_that_can_not_be_written_is_refused(scenario: Scenario, tmp_path: Path) -> None:
    seen = scenario("not_to_be_written", EVERY_TASK | {"PLACE": str(tmp_path)})
    assert 'The action "Linked" is linked from another file.' in seen["SAME"]["error"] and not seen["SAME"]["plays"]
    assert (seen["NEW"]["state"], seen["NEW"]["plays"]) == ("DONE", True)
    if "slot" in seen:  # Blender 4.4 and later
        assert "uses no slot of its action" in seen["slot"]["error"]
