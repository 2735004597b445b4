"""The panel in every state, and for every task."""

import re

import pytest
from support.extension import EVERY_TASK, FAKE_ENGINE, Scenario

from motiongpt import build_addon


def test_panel_draws_in_every_state(scenario: Scenario) -> None:
    said = scenario("draw_panel")
    assert "motiongpt.generate" in said["empty"] and "The model starts on first use." in said["empty"]
    with_models = bool(build_addon.bundled_models())
    assert with_models == ("installed" in said["empty"]) != ("No model" in said["empty"])
    assert "installed" not in said["folder"] and "mine" in said["folder"]
    words = ("for any use", "not for commercial use")
    assert all(label.endswith(words) and label.startswith(f"{name}: ") for name, label in said["menu"])
    assert [name for name, _ in said["menu"]][:1] == ([said["chosen"]] if with_models else [])
    assert "Active: Person" in said["active"]
    assert "Something is wrong. Put it right." in said["error"]
    assert "Starting the model" in said["running"] and "motiongpt.generate" not in said["running"]
    assert "motiongpt.generate" in said["rate"] and "The scene plays 32767 frames a second." in said["rate"]
    assert "Cancelled." in said["cancelled"] and "motiongpt.generate" in said["cancelled"]


@pytest.mark.parametrize("engine", ["fake", "bundled"])
def test_continue_describe_and_their_panels(scenario: Scenario, engine: str, request: pytest.FixtureRequest) -> None:
    if engine == "bundled":
        request.getfixturevalue("starter_model")
    seen = scenario("tasks", EVERY_TASK if engine == "fake" else {})
    assert (seen["continue"]["state"], seen["added"]) == ("DONE", [[], 50.0])
    if engine == "fake":
        assert seen["caption"] == "a person moves for 2.00 seconds"
    else:
        assert len(re.findall("[a-z]+", seen["caption"])) >= 2, seen["caption"]
    assert seen["able"] == ["caption", "continue", "generate", "inbetween"]
    assert seen["open"] == ["generate", "inbetween", "continue_motion", "describe"]
    for task, button in (("inbetween", "inbetween"), ("continue", "continue_motion"), ("caption", "describe")):
        assert f"motiongpt.{button} " in seen["panels"][task]
        assert "motiongpt.generate" not in seen["panels"][task]
    assert seen["caption"] in seen["panels"]["caption"]


def test_texts_are_as_wide_as_the_sidebar_and_whole(scenario: Scenario) -> None:
    seen = scenario("texts")
    assert 150 < seen["default"] < 240
    for width in ("90", "180", "400"):
        widest, whole = seen[width]
        assert 0 < widest <= float(width) and whole
    assert seen["lines"][1] < seen["lines"][0]


def test_the_panel_says_what_happened_and_offers_what_can_be_done_with_it(scenario: Scenario) -> None:
    seen = scenario("outcomes", EVERY_TASK)
    assert "No armature is chosen." in seen["no armature"].replace("  ", " ")
    assert "The text is empty." in seen["no prompt"]
    message, panel = seen["unsure"]
    assert message == 'Frames 7 to 126 of Person, in the action "unknown". The scene now ends on frame 126.'
    assert "hardly knows" in panel and panel.count("motiongpt.use_as_prompt") == 2
    assert (seen["range"], seen["undone"]) == ([126, 7], [True, 0])
    assert seen["prompt"] == "a person walks"
    assert seen["continue"].startswith("Frames 126 to 156 of Person added")
    assert seen["after continue"] == [156, 156]  # the next press goes on from there
    assert "motiongpt.copy_text" in seen["described"] and "motiongpt.use_as_prompt" in seen["described"]
    assert seen["reused"] == [True, "generate"]
    assert seen["twice"] == 1
    assert seen["scenes"] == ["Scene"]


def test_limits_show_and_longer_motion_is_made(scenario: Scenario) -> None:
    seen = scenario("lengths", EVERY_TASK)
    assert seen["longest"] == ["", "DONE"]
    assert "at most 10 s" in " ".join(seen["panel"].split())
    assert "in pieces" in " ".join(seen["longer panel"].split())
    assert seen["longer"][0] == "" and seen["longer"][1].startswith("Frames 1 to 750 of Person")
    assert seen["preview"] == ["", 'Frames 21 to 50 of Person, in the action "a person walks.002".']
    assert "Frames 21 to 50, the preview range" in " ".join(seen["describe"].split())


def test_text_to_motion_is_greyed_where_the_model_can_not(scenario: Scenario) -> None:
    seen = scenario("unable", FAKE_ENGINE | {"FAKE_TASKS": "inbetween"})
    assert (seen["first"], seen["poll"]) == ("DONE", False)
    assert "can't make motion from text" in " ".join(seen["panel"].split())


def test_ghosts_show_only_in_their_task(scenario: Scenario) -> None:
    assert scenario("ghosts") == {"inbetween": [2, 2], "generate": [0]}


def test_model_loads_before_the_first_press(scenario: Scenario) -> None:
    seen = scenario("preloaded")
    assert "Ready:" in seen["status"] and seen["wanted"]
    assert (seen["press"], seen["same"]) == (["", "DONE"], True)


def test_preferences_say_what_the_backend_does_and_save_it(scenario: Scenario) -> None:
    seen = scenario("report", FAKE_ENGINE)
    assert "The model starts on first use." in seen["before"] and "motiongpt.diagnostics" in seen["before"]
    request = re.search(r"\(Request ([0-9a-f]{8})\.\)", seen["fail"])
    assert request and "The engine refuses." in seen["fail"]
    said = "\n".join(seen["after"])
    assert "1 requests answered" in said and "1 failed" in said and "answer after" in said and "bad_input 1" in said
    precision = "8 bits: 10.0 ms a token (float32 30.0 ms)"  # as the engine was measured here
    assert f"computes in {precision}" in said and precision in seen["bundle"]
    assert seen["saved"] == ["FINISHED"] and {"facts.json", "logs/backend.log"} <= set(seen["names"])
    assert f"[{request[1]}" in seen["bundle"] and "secret" not in seen["bundle"]
    assert "could not be written" in seen["nowhere"]


def test_a_servers_fingerprint_is_shown_in_the_preferences(scenario: Scenario) -> None:
    seen = scenario("server_in_preferences")
    assert "Server: 10.0.0.5:5570" in "\n".join(seen["there"])
    assert f"Fingerprint: {seen['fingerprint']}" in "\n".join(seen["there"])
    for name in ("the server's", "missing"):
        assert "is not a key file for a server" in "\n".join(seen[name])
        assert "Fingerprint" not in "\n".join(seen[name])
