"""In-betweening in Blender: mistakes, takes, gaps and corrected poses; cancelling leaves everything as it was."""

import pytest
from support.extension import EVERY_TASK, Scenario


@pytest.fixture
def scenario(scenario: Scenario) -> Scenario:
    """The same, with an engine that does every task."""
    return lambda name, variables=EVERY_TASK: scenario(name, variables)


def test_mistakes_get_one_clear_sentence_and_change_nothing(scenario: Scenario) -> None:
    seen = scenario("refusals")
    expected = {
        "no action": "has no keys on the bones",
        "no keys": "has no keys on the bones",
        "another armature": 'The selected keys are on the armature "Other", not on "Person".',
        "none selected": 'No key of "Person" is selected.',
        "one pose": "One pose alone spans no frames.",
        "outside": "The selected key on frame 48 lies outside the range from 1 to 30.",
        "untouched": "No selected key lies in the range from 100 to 150.",
        "untouched by all": "No key lies in the range from 100 to 150.",
        "too long": "1000 seconds is too long. Ask for at most 600.",
        "no marker": "No pose is marked.",
        "no room": "No frame lies between the chosen poses.",
        "long text": "The text has 2000 characters.",
    }
    assert set(seen) == set(expected)
    for name, (sentence, state, unchanged) in seen.items():
        assert expected[name] in sentence and "Traceback" not in sentence, name
        assert state in ("REFUSED", "FAILED") and unchanged, name


def test_takes_gaps_and_corrected_poses(scenario: Scenario) -> None:
    seen = scenario("around")
    assert seen["first"] == "DONE"
    assert seen["takes"] == [True, True, [[], [], [], []]]
    assert seen["again"] == ["DONE", True]  # generated keys don't count as poses: the result is the same
    assert seen["flip over a correction"]
    assert seen["corrected"] == ["DONE", []]
    assert seen["types"]["arm"] == ["KEYFRAME"]
    assert seen["types"]["others"] in (["GENERATED"], ["JITTER"])
    assert seen["corrected again"] == ["DONE", []]
    assert (seen["gap"], seen["gap frames"]) == ("DONE", [30.0, 46.0])
    assert seen["more takes"] == [12, True, 15]
    assert seen["seed"] == 1
    assert (seen["earlier take"], seen["newer take"]) == (True, True)
    assert seen["retimed"] == [60.0, True]
    assert seen["few"] == "DONE"
    share, differ = seen["few keys"]
    assert share < 0.5 and differ == []
    assert (seen["copy"], seen["copied"]) == ("DONE", [True, True, [], True])
    assert seen["markers"] == ["DONE", []]


def test_cancelling_leaves_all_as_it_was(scenario: Scenario) -> None:
    for stage, what in scenario("cancelled").items():
        assert what == ["CANCELLED", True, 1], stage


def test_generated_keys_stay_free_unless_touched(scenario: Scenario) -> None:
    seen = scenario("on_generated")
    assert seen["types"] in (["GENERATED"], ["JITTER"])
    assert not seen["selected"]
    for name in ("untouched", "all selected"):
        assert 'All keys of "Person" were generated' in seen[name]["error"], name
    assert seen["some selected"] == ["DONE", []]
    for name in ("pinned", "redone", "copied", "loaded"):
        assert seen[name] == [[12, 1]], name  # one part, not 23
    assert "were generated" in seen["undone"][0][0]
    assert (
        "no longer has" in seen["with old takes"]["message"] and "reject the takes" in seen["with old takes"]["message"]
    )
    assert seen["renamed"] == [[12, 1]] and seen["made again"]["state"] == "DONE", seen["made again"]
    assert seen["renamed again"] == [[12, 1]]
