"""Menus, presets and lengths in frames: ways to the buttons besides the sidebar."""

from support.extension import EVERY_TASK, Scenario


def test_menus_of_keys_and_poses_have_the_tasks(scenario: Scenario) -> None:
    seen = scenario("entries", EVERY_TASK)
    assert {"DOPESHEET_MT_context_menu", "DOPESHEET_MT_key", "VIEW3D_MT_pose"} <= set(seen["menus"])
    assert seen["appended"] == seen["menus"]
    assert all(
        f"motiongpt.{name}" in seen["tasks"] for name in ("generate", "inbetween", "continue_motion", "describe")
    )
    first, second = seen["pies"]
    assert len([word for word in first.split() if "." in word]) == 7 and "wm.call_menu_pie" in first
    directing = [word for word in second.split() if "." in word]
    assert len(directing) == 8 and directing == seen["directing"].split()  # a pie has eight places
    for name in ("draw_path", "make_loop", "retarget", "run_batch", "generate_crowd", "generate_shot"):
        assert f"motiongpt.{name}" in directing
    assert seen["known"] == [True, True]
    assert seen["labels"] == ["Generate", "In-Between", "Continue", "Describe", "Redo Gap"]
    assert seen["left"] == []


def test_settings_are_kept_as_presets(scenario: Scenario) -> None:
    assert scenario("presets") == [1, "a person runs", 7.5, "FIST"]


def test_a_length_in_frames_is_met_at_every_rate(scenario: Scenario) -> None:
    assert scenario("frames") == [["DONE", 1.0, 37.0]] * 3
