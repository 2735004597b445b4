"""The panel in every state, and for every task."""

import re

import pytest
from support.extension import EVERY_TASK, Scenario

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
