"""Several characters: one batch, one undo step, each with all of its motion or none."""

import pytest
from support.extension import FAKE_ENGINE, Scenario

BATCHES = FAKE_ENGINE | {"FAKE_BATCHES": "1"}


@pytest.mark.parametrize("variables", [FAKE_ENGINE, BATCHES], ids=["one by one", "in a batch"])
def test_all_selected_armatures_get_a_motion_each(scenario: Scenario, variables: dict[str, str]) -> None:
    seen = scenario("selected", variables)
    assert (seen["error"], seen["state"]) == ("", "DONE"), seen["message"]
    assert seen["message"] == "3 characters have frames 1 to 60, each in a new action: Ann, Bob, Cleo."
    assert [seen["actions"][name][1:] for name in ("Ann", "Bob", "Cleo")] == [
        ["walks", seed, 1.0, 60.0] for seed in (5, 6, 7)
    ]
    assert seen["history"] == [["walks", "5", "Ann"], ["walks", "6", "Bob"], ["walks", "7", "Cleo"]]
    assert any("of 3 characters" in stage for stage in seen["stages"])
    assert all(any(stage.startswith(f"{name}: ") for stage in seen["stages"]) for name in ("Ann", "Bob", "Cleo"))
    assert seen["undone"] == [True, []]  # one step
    assert seen["redone"] == ["Ann", "Bob", "Cleo"]
    assert seen["differ"] and seen["as alone"]


def test_each_does_what_its_own_prompt_says(scenario: Scenario) -> None:
    seen = scenario("own_prompts")
    assert "Ann, Bob, Cleo: seeds 5 to 7" in seen["selected"]
    assert "The list holds no characters" in seen["empty"]
    assert seen["list"] == [["Ann", "walks", 5], ["Bob", "walks", 6], ["Cleo", "walks", 7]] and not seen["again"]
    assert "motiongpt.generate_crowd" in seen["panel"] and "motiongpt.remove_character" in seen["panel"]
    state, message, actions = seen["failed alone"]
    assert (seen["error"], state, sorted(actions)) == ("", "DONE", ["Ann", "Bob"])
    assert "2 characters have frames 1 to 60" in message and "Cleo: The engine refuses." in message
    assert actions["Bob"][1:] == ["walks, then waves", 6, 1.0, 60.0]
    error, state, message, unchanged = seen["all"]
    assert (error, state, unchanged) == ("", "FAILED", True) and "The engine refuses." in message
    assert "Ann: " in seen["no prompt"]
    assert '"Ann" is in the list twice' in seen["twice"]


def test_cancel_leaves_no_one_with_half_a_motion(scenario: Scenario) -> None:
    seen = scenario("cancelled", BATCHES)
    assert (seen["pressed"], seen["early"]) == ("", ["CANCELLED", True])
    state, message, animated = seen["late"]
    assert (state, animated) == ("CANCELLED", ["Ann"]) and message == "Cancelled. Ann already had their motion."
    assert seen["undone"] == []
    state, message, animated = seen["deleted"]
    assert (state, animated) == ("DONE", ["Ann", "Cleo"]) and 'Bob: The armature "Bob" was deleted' in message


def test_what_can_not_be_animated_is_named(scenario: Scenario) -> None:
    seen = scenario("refused")
    assert "No armature is selected" in seen["nobody"]
    sentence, unchanged = seen["stick"]
    assert "Stick" in sentence and unchanged
    assert 'Takes of "Ann" are under review' in seen["review"]
