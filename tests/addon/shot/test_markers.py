"""Timeline markers as blocks: from marker to marker, with the settings of blocks that stay."""

import importlib.util

import pytest
from support.extension import EVERY_TASK, Scenario

if importlib.util.find_spec("bpy") is not None:
    from motiongpt.addon.shot.markers import blocks_of_marks
    from motiongpt.addon.shot.values import BlockValues


def test_blocks_go_from_marker_to_marker() -> None:
    pytest.importorskip("bpy")
    start, blocks, sources = blocks_of_marks([(61, "waves"), (1, "walks"), (40, "F_40"), (91, "F_91")], 250, (), 3)
    assert (start, [(b.text, b.frames) for b in blocks]) == (1, [("walks", 60), ("waves", 30)])
    assert len({b.seed for b in blocks}) == 2 and sources == (None, None)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ([], []),
        ([(1, "F_01"), (20, "Marker.001"), (30, "")], []),
        ([(5, "bows")], [("bows", 96)]),  # up to the scene's end, frame 100
        ([(120, "bows")], [("bows", 1)]),  # after it
        ([(5, "bows"), (5, "jumps"), (20, " waves ")], [("jumps", 15), ("waves", 81)]),
    ],
)
def test_names_that_blender_gave_are_no_texts(marks: list[tuple[int, str]], expected: list[tuple[str, int]]) -> None:
    pytest.importorskip("bpy")
    _, blocks, _ = blocks_of_marks(marks, 100, (), 0)
    assert [(b.text, b.frames) for b in blocks] == expected


def test_a_block_keeps_its_settings_where_its_text_stays() -> None:
    pytest.importorskip("bpy")
    old = (BlockValues("walks", 30, 7, {"speed": 1.5}), BlockValues("waves", 30, 8), BlockValues("walks", 30, 9))
    _, blocks, sources = blocks_of_marks([(1, "walks"), (11, "bows"), (31, "walks")], 60, old, 0)
    assert sources == (0, None, 2)
    assert blocks[0] == BlockValues("walks", 10, 7, {"speed": 1.5}) and blocks[2] == BlockValues("walks", 30, 9)


def test_a_shot_is_made_of_markers(scenario: Scenario) -> None:
    seen = scenario("of_markers", EVERY_TASK)
    assert "No marker of the scene is named with a text." in seen["none"]
    assert seen["made"] == "DONE"
    assert seen["blocks"] == [["a person walks", 40, True], ["a person waves", 40, True]]
    assert seen["moved"] == [["a person walks", 50, False], ["a person waves", 30, False]]
    assert seen["seeds stay"] and "The blocks follow the markers." in seen["refused"]
    assert seen["by prompt"] == [False, 3]
