"""The sub-panel Retarget, and files that are dropped."""

from support.extension import Scenario


def test_panel_offers_what_fits(scenario: Scenario) -> None:
    seen = scenario("panels")
    assert "No armature is chosen" in seen["nobody"]
    assert all(name in seen["file"] for name in ("motiongpt.open_motion", "start_frame", "motiongpt.retarget"))
    assert "body" not in seen["file"] and "other" not in seen["file"]
    assert "No armature is chosen" not in seen["file"]
    assert len(seen["takes"]) >= len(seen["file"])
    takes, chosen, said = seen["another file"]
    assert (takes, chosen) == (0, 0)  # they were those of the other file
    assert "body" in said and "up" in said
    assert "other" in seen["armature"] and "motiongpt.open_motion" not in seen["armature"]


def test_files_are_dropped_onto_a_character_in_the_viewport(scenario: Scenario) -> None:
    assert scenario("drop") == {"nobody": False, "somebody": True, "elsewhere": False, "registered": True}
