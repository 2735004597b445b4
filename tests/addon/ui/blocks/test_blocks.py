"""Blocks in Blender's interface: the list's buttons, what the strip shows, the panels."""

from support.extension import EVERY_TASK, FAKE_ENGINE, Scenario


def test_blocks_are_added_typed_sorted_split_and_removed(scenario: Scenario) -> None:
    seen = scenario("buttons")
    assert not seen["poll"]  # nothing to remove yet
    steps = [[operator, blocks, active, start] for operator, blocks, active, start, _ in seen["steps"]]
    walks, waves, bows = (["walks", 90], ["waves", 90], ["bows", 90])
    split = [["bows", 19], ["bows", 71], walks, waves]
    assert steps == [
        ["add_block", [walks], 0, 21],  # on the current frame
        ["add_block", [walks, waves], 1, 21],
        ["add_block", [walks, waves, ["", 90]], 2, 21],
        ["block_text", [walks, waves, bows], 2, 21],
        ["move_block", [walks, bows, waves], 1, 21],
        ["move_block", [bows, walks, waves], 0, 21],
        ["split_block", split, 1, 21],
        ["split_block", split, 1, 21],
        ["split_block", split, 1, 21],
        ["remove_block", [split[0], walks, waves], 1, 21],
        ["block_text", [split[0], walks, waves], 1, 21],
    ]
    errors = [error for *_, error in seen["steps"] if error]
    assert "fewer than 15 frames" in errors[0] and "Frame 5 is in no block." in errors[1]
    assert len(errors) == 3 and "The block is gone." in errors[2]
    assert seen["undone"] == [bows, walks, waves] and seen["redone"]


def test_every_field_is_saved_with_the_character_and_copied_with_it(scenario: Scenario) -> None:
    seen = scenario("saved")
    fields = {"distance": 2.5, "speed": 1.2, "turn": -90.0, "in_place": True, "facing": [1.0, 2.0]}
    assert seen["Person"] == seen["Copy"]
    assert seen["Person"] == [
        ["walks", 48, 7, fields], ["waves", 36, 2**31 - 1, {}], [-12, "STANDS", "CUT", 0.5, "12345678"],
    ]  # fmt: skip
    assert seen["turned"] == 45.0


def test_the_strip_shows_the_blocks_and_what_is_being_made(scenario: Scenario) -> None:
    seen = scenario("shown", EVERY_TASK)
    assert seen["nothing"] is None
    assert seen["one"] == [["waves"], [1, 91], [True], 0, None]
    texts, edges = ["walks", "slow"], [1, 66, 121]
    assert seen["pressed"] == [texts, edges, [True, True], None, 0]
    assert seen["second"] == [texts, edges, [True, True], None, 1]
    assert seen["still"] == [["waves", 90]]  # nothing is changed before all is made
    assert seen["made"] == [texts, edges, [False, False], 0, None]
    assert seen["again"] == [texts, edges, [False, False], 1, 1]
    assert (seen["hidden"], seen["other"]) == (None, None)


def test_the_panel_shows_the_list_and_its_buttons(scenario: Scenario) -> None:
    seen = scenario("panels", FAKE_ENGINE)
    poll, empty = seen["empty"]
    assert not seen["no armature"] and poll
    assert "start_from after destination blend" in empty and "motiongpt.generate_shot" in empty
    assert "No block is chosen." in seen["refused"]
    blocks, active, panel = seen["listed"]
    assert (blocks, active) == ([["walks", 60], ["waves", 60]], 0)
    assert "text Frames 1 to 60, 2.00 s frames seed distance speed use_turn turn in_place" in panel
    assert seen["line"] == ["", "text", "", "2.0 s"]
    assert "destination" not in seen["origin"]  # always a new action
    assert "motiongpt.generate_shot" not in seen["running"] and "frames seed" in seen["running"]
    assert seen["menu"].split()[:2] == ["motiongpt.block_text", "motiongpt.split_block"]
    assert "300000 frames a second" in seen["rate"]
    assert not seen["other task"]
