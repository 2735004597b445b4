"""Takes in Blender: nothing is final before one is accepted, and nothing is left of those that are not."""

import pytest
from support.extension import Scenario


def test_takes_are_flipped_compared_and_rejected(scenario: Scenario) -> None:
    seen = scenario("flipped")
    assert seen["made"] == "DONE", seen
    assert seen["message"].startswith("3 takes of frames 1 to 60 of Person: accept the one that you want.")
    assert seen["while"] == ["a person walks", ["a person walks", "mine"]]
    assert seen["tracks"] == 0
    order, keys = seen["shown"]
    assert order == [0, 1, 2, 0, 2] and keys > 1000
    assert seen["compared"] == [True, True, True, False, True]  # all but the end of the scene
    assert seen["back"] and seen["picked"]
    for words in ('Take 1: "a person walks", seed 0', "motiongpt.accept_take", "motiongpt.like_take"):
        assert words in seen["panel"]
    assert seen["rejected"] == [True, True, ""] and seen["moved"] == 1.5
    assert seen["undone"] == [True, 3]
    assert seen["all undone"] == [True, True, 0]


def test_an_accepted_take_is_an_action_that_says_what_it_is(scenario: Scenario) -> None:
    seen = scenario("accepted")
    assert seen["accepted"] == ["FINISHED"]
    assert seen["action"] == ["a person walks", True, ["a person walks", "mine"]]
    assert seen["stash"] == [["mine", True, "mine"]]
    origin = seen["origin"]
    assert (origin["motiongpt_prompt"], origin["motiongpt_seed"], origin["motiongpt_variation"]) == (
        "a person walks", 0, 1,
    )  # fmt: skip
    assert origin["motiongpt_model"] and origin["motiongpt_task"] == "generate"
    assert (seen["open"], seen["left"], seen["own"]) == (0, [None, ""], [])


@pytest.mark.slow
def test_a_hundred_rejections_leave_nothing(scenario: Scenario) -> None:
    seen = scenario("hundred")
    assert seen["takes"] == 80 * 2 + 10 * 2 + 10 * 8
    assert seen["differ"] == {}
    assert seen["bare"] == [True, True, True]


def test_takes_are_saved_with_the_file(scenario: Scenario) -> None:
    seen = scenario("saved")
    assert seen["before"] == [True, True, True, False, True] and seen["takes"]  # the scene's end stays moved
    assert seen["rejected"] == [True, ["mine"]]
    bare = 60 * (22 * 4 + 3) * 4  # bytes of the numbers alone, which are random and can't be made smaller
    assert max(seen["text"]) < bare * 4 / 3


def test_what_the_animator_changes_in_a_take_stays_in_it(scenario: Scenario) -> None:
    seen = scenario("edited")
    assert seen["kept"] == [True, True, True]
    sentence, unchanged = seen["damaged"]
    assert "damaged" in sentence and "Traceback" not in sentence and unchanged
    assert seen["accepted"] == ["FINISHED"] and seen["action"] == []
    assert seen["own"] == [10]


def test_more_takes_join_the_ones_that_are_there(scenario: Scenario) -> None:
    seen = scenario("more")
    assert (seen["others"], seen["then"]) == (["FINISHED"], "DONE")
    assert seen["seeds"] == ["0", "0", "0", "1", "1", "1"]
    assert seen["like"] == [["FINISHED"], "DONE", 9, "2"]
    assert seen["joined"] == ["DONE", 10, "a person runs", "a person runs"]
    count, message = seen["count"]
    assert count == 34 and "at most 40 can be kept. Accept one, or reject them." in message


def test_an_overridden_character_keeps_its_takes(scenario: Scenario) -> None:
    seen = scenario("overridden")
    assert seen["made"][0] == "DONE", seen
    assert seen["opened"] == [2, True, "mine"]
    assert seen["other"] and seen["rejected"] == "mine" and seen["left"] == ["mine"]


def test_a_control_rig_is_as_it_was_after_rejecting(scenario: Scenario) -> None:
    seen = scenario("controls")
    assert (seen["made"], seen["again"]) == ("DONE", "DONE")
    assert seen["rejected"] == [True, True] and seen["names"]
    assert seen["accepted"] == ["FINISHED"]
