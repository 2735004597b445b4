"""The buttons: bad input is refused in one sentence, and only what the model can do is offered."""

from support.extension import Scenario


def test_bad_input_gets_one_clear_sentence_and_changes_nothing(scenario: Scenario) -> None:
    seen = scenario("bad_input")
    expected = {
        "no armature": "No armature is chosen.",
        "no biped": "left",
        "no text": "The text is empty.",
        "0 seconds": "can't last 0 seconds",
        "-1 seconds": "can't last -1 seconds",
        "edit mode": "is in Edit Mode.",
        "long text": "The text has 5000 characters.",
    }
    assert set(seen) == set(expected)
    for name, (sentence, unchanged) in seen.items():
        assert expected[name] in sentence, name
        assert "Traceback" not in sentence, name
        assert unchanged, name


def test_only_what_the_model_can_do_is_offered(scenario: Scenario) -> None:
    seen = scenario("unable")
    assert seen["first"]["state"] == "FAILED" and seen["same"]
    assert "can't in-between; it can make motion from text" in seen["first"]["message"]
    assert not seen["poll"] and "can't in-between" in seen["why"]
    assert seen["generate"]
