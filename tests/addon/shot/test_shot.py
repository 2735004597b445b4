"""Shots in Blender: made of a text, made again in part, joined to what is there, saved, undone."""

from typing import Any

import pytest
from support.extension import EVERY_TASK, Scenario

TEXTS = ["a person walks forward", "a person stops and waves", "a person bows"]


def test_a_text_of_several_actions_becomes_blocks(scenario: Scenario) -> None:
    seen = scenario("from_text", EVERY_TASK)
    assert (seen["made"]["error"], seen["made"]["state"]) == ("", "DONE")
    assert seen["made"]["message"].startswith("Frames 1 to 180 of Person, 3 blocks, in the action ")
    texts, frames, seeds, made = zip(*seen["blocks"], strict=True)
    assert list(texts) == TEXTS and all(made)
    assert sum(frames) == 180 and frames[0] == max(frames) and min(frames) > 40
    assert len(set(seeds)) == 3 and seeds[0] == 3
    assert seen["action"][1] == [1.0, 180.0] and seen["start"] == 1
    assert (seen["undone"], seen["redone"], seen["reopened"]) == ([0, 0], [True, 1], True)
    message, kept = seen["single"]
    assert message == 'Frames 1 to 60 of Person, in the action "a person walks".' and kept
    assert seen["elsewhere"] == [False] * 3 and seen["there again"]  # as another action is played


@pytest.mark.parametrize("keys", ["EVERY", "FEW"])
@pytest.mark.parametrize("engine", ["fake", "bundled"])
def test_a_block_made_again_leaves_all_other_keys_bit_for_bit(
    scenario: Scenario, engine: str, keys: str, request: pytest.FixtureRequest
) -> None:
    if engine == "bundled":
        request.getfixturevalue("starter_model")
    seen = scenario("again", (EVERY_TASK if engine == "fake" else {}) | {"KEYS": keys})
    assert seen["made"] == "DONE" and len(seen["blocks"]) == 3
    for number, block in seen["blocks"].items():
        first, stop = seen["edges"][int(number)], seen["edges"][int(number) + 1]
        assert block["state"][0] == "DONE"
        assert block["state"][1].startswith(f"Frames {first} to {stop - 1} of Person, block {int(number) + 1}, in the")
        assert block["changed"] == []
        assert block["poses"] <= (0.0 if keys == "EVERY" else 1e-5)  # metres: curves between few keys keep their shape
        assert block["moved"] > 0.05
        assert all(made for _, _, _, made in block["listed"])
        if engine == "bundled":
            anywhere, seams = block["fastest"]
            assert seams <= anywhere < 8.0
    assert [seed for _, _, seed, _ in seen["blocks"]["2"]["listed"]] == [3 + 7919 * (i + 1) for i in range(3)]


def check_whole(origin: Any, blocks: Any) -> None:
    """An action names all of its blocks, of which it keeps text, frames and seed."""
    prompt, seed, seconds, noted = origin
    assert prompt == ", then ".join(block[0] for block in blocks)
    assert seed == blocks[0][2] and seconds == round(sum(block[1] for block in blocks) / 30.0, 3)
    assert noted == [block[:3] for block in blocks]


def test_an_action_names_its_whole_shot_whichever_block_was_made(scenario: Scenario) -> None:
    found = scenario("whole", EVERY_TASK)
    seen = found["made"]
    for origin, blocks in seen:
        check_whole(origin, blocks)
    assert [len(blocks) for _, blocks in seen] == [3, 3, 3, 5]
    assert [[seed for _, _, seed, _ in blocks][:3] for _, blocks in seen[:2]] == [[3, 7922, 15841], [3, 15841, 15841]]
    assert seen[2][1][2][0] == seen[3][1][2][0] == "a person jumps"
    assert found["without blocks"] == [[], "a person walks, a person waves"]


def test_changed_blocks_are_marked_until_they_are_made_again(scenario: Scenario) -> None:
    seen = scenario("changed", EVERY_TASK)
    made = {name: [one[3] for one in seen[name]] for name in ("before", "marked")}
    assert made == {"before": [True, True, True], "marked": [True, False, False]}
    state, changed, listed = seen["one"]
    assert (state, changed) == ("DONE", [])
    assert [one[3] for one in listed] == [True, True, False]
    assert [one[2] for one in listed] == [one[2] for one in seen["marked"]]  # what was changed keeps its seed
    state, changed, listed = seen["rest"]
    assert (state, changed) == ("DONE", []) and all(one[3] for one in listed)


def test_a_shot_is_joined_to_keys_before_and_after(scenario: Scenario) -> None:
    seen = scenario("joined", EVERY_TASK)
    between = seen["between"]
    assert between["state"].startswith('Frames 41 to 160 of Person, 3 blocks, in the action "PersonAction".')
    assert (between["changed"], between["action"], between["scale"]) == ([], 1, [90.0, 90.0, 90.0])
    assert between["poses"] < 1e-5
    assert max(between["joins"]) < 4.0
    assert [one[1] for one in between["listed"]] == [44, 44, 32]
    message, last = seen["cut"]
    assert message.startswith("Frames 101 to 190 of Person, 3 blocks") and last == 190.0
    kept = [one[:2] for one in seen["kept blocks"]]  # what was before frame 101 stays in the list
    assert kept == [[TEXTS[0], 44], [TEXTS[1], 16], [TEXTS[0], 32], [TEXTS[1], 33], [TEXTS[2], 25]]
    assert seen["copy"] == "DONE" and seen["old"]
    assert seen["names"] == ["PersonAction", "a person bows, a person jumps"]


def test_a_shot_goes_on_from_the_motion_before_it(scenario: Scenario, starter_model: Any) -> None:
    seen = scenario("goes_on", {})
    assert seen["before"] == 0.0 and seen["actions"] == 1
    assert abs(seen["turn"]) < 15.0 and seen["walked"] > 1.0
    joined, before = seen["speeds"]
    assert joined < 1.4 * before


def test_one_action_starts_where_the_character_stands(scenario: Scenario) -> None:
    seen = scenario("stands", EVERY_TASK)
    assert seen["unkeyed"].startswith('Frames 10 to 69 of Person, block 1, in the action "a person walks".')
    assert (seen["first"], seen["range"]) == (0.0, [10.0, 69.0])
    assert (seen["keyed"], seen["there"], seen["changed"]) == ("DONE", 0.0, [])
    assert "no keys before frame 2" in seen["nothing before"]


@pytest.mark.parametrize("limbs", ["FK", "IK"])
def test_a_block_on_a_control_rig(scenario: Scenario, limbs: str, starter_model: Any) -> None:
    seen = scenario("rigify", {"LIMBS": limbs})
    assert (seen["error"], seen["again"], seen["changed"]) == ("", "DONE", [])
    assert seen["poses"] < 1e-5 and seen["moved"] > 0.1
    seams, sudden = seen["steps"]
    assert seams < 0.3 and sudden < 0.1  # metres a frame, and by how much more than the frame before and after


def test_what_can_not_be_made_is_said_and_nothing_changes(scenario: Scenario) -> None:
    seen = scenario("refused", EVERY_TASK)
    assert '"Person" has no blocks.' in seen["no blocks"]
    assert "Block 1 is not made yet." in seen["nothing made"]
    assert "Block 2 has no text." in seen["no text"]
    assert 'The block "waves" can\'t be made' in seen["bad path"]
    assert "1 seconds are too short for 4 actions." in seen["short"]
    assert "Block 2 has fewer than 2 frames." in seen["one frame"]
    assert "The engine refuses." in seen["fails"]
    assert seen["content"] == [0, [["walks", 90, 0, False], ["fail", 90, 7919, False]]]
    assert seen["cancelled"] == ["CANCELLED", 0, False]


def test_a_failure_while_keys_are_written_changes_nothing(scenario: Scenario) -> None:
    assert scenario("fails", EVERY_TASK) == ["FAILED", True, True]


def test_takes_of_a_shot_are_reviewed_with_their_blocks(scenario: Scenario) -> None:
    seen = scenario("takes", EVERY_TASK)
    assert (seen["made"]["error"], seen["made"]["state"]) == ("", "DONE")
    assert seen["made"]["message"].startswith("3 takes of frames 1 to 180 of Person: accept the one that you want.")
    assert seen["history"] == [", then ".join(TEXTS), 6.0, "3", 3]
    first = seen["seeds"][0]
    assert seen["seeds"] == [[seed + number for seed in first] for number in range(3)]
    assert (seen["as made"], seen["differ"]) == ([True] * 3, [False, True, True])
    assert seen["before"] == [[], True]
    assert seen["again shown"] == [True, True]
    state, message, count, block, changed = seen["one more"]
    assert (state, count, block[0], block[3], changed) == ("DONE", 4, "jumps", True, [])
    assert message.startswith("One more take of frames ") and ", 4 in all: accept" in message
    assert seen["typed text stays"] == ["jumps", True]
    assert seen["accepted"] == [["FINISHED"], True, block]
    assert seen["origin"][1:3] == ["shot", 1]
    check_whole(seen["origin"][3], seen["blocks"])
    assert (seen["two of a block"], seen["neighbours"]) == (["DONE", 2, 7919], [])
    assert seen["rejected"] == [True, True, 1, 0]


def test_others_of_a_shot_and_of_one_block(scenario: Scenario) -> None:
    seen = scenario("others", EVERY_TASK)
    assert (seen["made"], seen["pressed"]) == ("DONE", [["FINISHED"], "DONE", 4])
    assert seen["seeds"] == [[number] * 3 for number in range(4)]
    assert (seen["block"], seen["others"]) == ("DONE", ["DONE", 4])
    assert seen["seeds of it"] == [[0, number, 0] for number in range(4)]
    assert seen["outside"] == [] and seen["inside"] > 100


def test_takes_of_a_shot_are_saved_and_give_back_the_shot_before(scenario: Scenario) -> None:
    assert scenario("takes_saved", EVERY_TASK) == [True, ["a person jumps", "a person waves"], True, True]
