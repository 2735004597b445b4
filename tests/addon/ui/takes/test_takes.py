"""What comes with a result in Blender: the live figure, history, assets, doubts, and the browser of what is known."""

import pytest
from support.extension import EVERY_TASK, FAKE_ENGINE, Scenario

from motiongpt.backend.model_folder import default_model


@pytest.mark.parametrize("engine", ["fake", "bundled"])
def test_a_figure_moves_while_the_motion_is_made(
    scenario: Scenario, engine: str, request: pytest.FixtureRequest
) -> None:
    if engine == "bundled":
        request.getfixturevalue("starter_model")
    seen = scenario("moving", FAKE_ENGINE if engine == "fake" else {})
    print(f"first movement {1000 * seen['moved after']:.0f} ms after the press; CPU of both: {seen['worked']}")
    assert seen["poses"] >= 1
    x, y, z = seen["stands"]
    assert abs(x - 3.0) < 0.5 and abs(y + 2.0) < 0.5 and 1.0 < z < 2.0
    assert seen["gone"] and "beside the character" not in seen
    if engine == "fake":  # which takes its time; the starter model may be done before a second pose is due
        assert seen["moved after"] > 0 and seen["poses"] >= 3
        assert seen["keys while made"] and seen["cancelled"] == ["CANCELLED", True]


@pytest.mark.parametrize("engine", ["fake", "bundled"])
def test_a_figure_moves_while_a_shot_is_made(scenario: Scenario, engine: str, request: pytest.FixtureRequest) -> None:
    """From the origin, from where the character stands, and of one block made again: there, and the new frames only."""
    if engine == "bundled":
        request.getfixturevalue("starter_model")
    seen = scenario("directing", EVERY_TASK if engine == "fake" else {})
    for name, frames in (("fresh", 120), ("goes on", 60), ("again", 60)):
        found = seen[name]
        assert found["state"] == "DONE", found["message"]
        assert found["gone"] and found["different"] >= 1 and found["far"] < 0.6, name
        assert 0 < found["longest"] <= frames, name
    if engine == "fake":
        assert seen["fresh"]["longest"] > 60  # the second block follows the first
        assert min(seen[name]["different"] for name in seen) >= 3


def test_prompts_stay_in_the_file(scenario: Scenario) -> None:
    seen = scenario("history")
    assert "listed here" in seen["empty"]
    assert seen["texts"] == ["a person walks", "a person runs"]  # not what has failed
    assert seen["after undo"] == [["a person walks", "a person runs"], 1]
    assert seen["reused"] == ["a person walks", 7, 2.0, "FIST", "generate"]
    assert seen["paths reused"] == [True, 0.5, False, False, [["LEFT_FOOT", [1.0, 2.0, 0.5], 40]]]
    assert seen["without its curve"] == [["FINISHED"], None]
    assert seen["saved"] == ["a person walks", "7", 2.0, default_model(), "Person", "20"]
    assert "motiongpt.clear_history" in seen["panel"] and '"a person walks", seed 7' in seen["panel"]
    assert seen["bounded"] == [50, "text 59"] and seen["cleared"] == 0


def test_actions_become_assets_with_prompt_and_tags(scenario: Scenario) -> None:
    seen = scenario("asset")
    assert not seen["bare"] and not seen["under review"]
    assert seen["marked"] == ["FINISHED"]
    assert seen["asset"] == [f'"a person walks", seed 0, made by {default_model()}', ["MotionGPT", "calm", "walk"]]
    assert "motiongpt.mark_asset" in seen["panel"]


def test_what_the_model_hardly_knows_is_said_of_every_take(scenario: Scenario) -> None:
    seen = scenario("doubts")
    sentence = (
        'The model hardly knows "unknown". Closest that it knows: motiongpt.use_as_prompt motiongpt.use_as_prompt'
    )
    assert sentence in seen["one"]
    style = f'The style "{default_model()}" does not know "unstyled"; made by the model open.'
    assert [style in " ".join(panel.split()) for panel in seen["styles"]] == [True, True]
    assert style not in seen["one"]
    takes, main = seen["takes"]
    assert sentence in takes and "hardly knows" not in main
    assert 'The model does not follow "not"' in seen["negated"]
    assert "hardly knows" not in seen["rejected"] and "is as it was before them" in seen["rejected"]


def test_the_browser_shows_what_the_model_knows(scenario: Scenario) -> None:
    seen = scenario("known")
    assert seen["none"] == "This model does not say what it knows."
    assert seen["groups"].count("motiongpt.open_known") == 3 and "try_phrase" not in seen["groups"]
    assert seen["open"].count("motiongpt.try_phrase") == 2
    assert seen["search"].count("motiongpt.try_phrase") == 30 and "10 more" in seen["search"]
    assert "It knows no such phrase." in seen["nothing"]
    assert "damaged" in seen["damaged"] and "Install the model again." in seen["damaged"]  # in lines
    assert seen["tried"] == [["FINISHED"], "DONE"] and seen["action"] == "waves"
