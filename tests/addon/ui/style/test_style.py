"""The sub-panel Train Style; what it starts is tested in `tests/addon/style`."""

from pathlib import Path

from support.extension import FAKE_ENGINE, Scenario


def test_the_panel_lists_actions_and_says_what_is_missing(scenario: Scenario, tmp_path: Path) -> None:
    seen = scenario("listed", FAKE_ENGINE | {"FOLDER": str(tmp_path)})
    assert seen["nameless"] == "Give the style a name."
    assert "No armature is chosen" in seen["nobody"]
    assert seen["no actions"] == "List the actions, and choose some."
    assert seen["listed"] == [["Boss", True], ["Jump", True]]
    assert seen["again"] == [["Boss", True, "stomps"], ["Jump", False, ""]]
    assert seen["ready"] == "" and "motiongpt.train_style" in seen["drawn"]
    assert seen["no folder"] == "Choose a folder of clips." and "folder" in seen["folder"]
    assert "can't be the name of a style" in seen["bad name"]
    assert "PyTorch, which Blender's own Python lacks" in seen["no torch"] and "Preferences" in seen["no torch"]
