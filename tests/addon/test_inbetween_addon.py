"""In-betweening in Blender through the built extension: the animator's keys stay bit for bit, nothing jumps."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.extension import BLOCKED, FAKE_ENGINE, TESTS, overloaded, run_scenario
from support.zoo_rigs import FAMILIES, build_rig

SCENARIOS = TESTS / "addon" / "inbetween_scenarios.py"
FAKE = FAKE_ENGINE | {"FAKE_TASKS": "generate inbetween continue caption"}
EASE = 2.6
"""How much faster than the straight way between two keys a bone may be: an ease, and the waves of the fake engine."""

Scenario = Callable[..., Any]


@pytest.fixture
def scenario(extension: Path) -> Scenario:
    """scenario(name, variables): run it and return what it saw."""
    return lambda name, variables=FAKE: run_scenario(SCENARIOS, extension, name, variables)


@pytest.fixture
def rig_file(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """What `inbetween_scenarios.load` takes, of a rig's name."""

    def find(name: str) -> str:
        if name.endswith(".glb"):
            return str(request.getfixturevalue("shared_dir") / "rigs" / name)
        if name not in FAMILIES:
            return name
        rig, _ = build_rig(FAMILIES[name], seed=7)
        path = tmp_path / "rig.npz"
        np.savez(path, names=np.array(rig.names), parents=np.array(rig.parents), rest=rig.rest_rotations,
                 heads=rig.heads, tails=rig.tails)  # fmt: skip
        return str(path)

    return find


@pytest.mark.parametrize(
    ("rig", "limbs"),
    [("person", "FK"), ("mixamo", "FK"), ("unreal", "FK"), ("mesh2motion-human.glb", "FK"), ("rigify", "FK"),
     ("rigify", "IK")],
)  # fmt: skip
def test_poses_stay_bit_for_bit_and_no_frame_jumps(
    scenario: Scenario, rig_file: Callable[[str], str], rig: str, limbs: str
) -> None:
    seen = scenario("character", FAKE | {"RIG": rig_file(rig), "LIMBS": limbs})
    assert (seen["error"], seen["state"]) == ("", "DONE"), seen
    assert seen["differ"] == []  # not one key has gone or holds another value
    assert seen["empty"] == []  # no frame from the first pose to the last is without keys
    assert seen["off"] < 1e-5  # metres: the poses as they are seen, of unkeyed bones too
    assert seen["leap"] < 3.0
    assert seen["undone"]
    assert seen["scenes"] == 1  # nothing is left of reading
    assert [False, "KEYFRAME"] not in seen["types"]
    if rig != "rigify":  # Blender's first look at 700 bones takes longer than a tick should
        assert seen["busiest"] < BLOCKED or overloaded()
    print(f"{rig} {limbs}: off {seen['off']:.1e} m, leap {seen['leap']:.2f}, busiest {seen['busiest'] * 1000:.0f} ms")


def test_hard_cases(scenario: Scenario) -> None:
    seen = scenario("cases")
    for name, case in seen.items():
        assert (case["state"], case["differ"]) == ("DONE", []), name
        assert case["new"] > 0, name
        assert case["step"] < EASE * case["straight"] + 0.1, name
    assert seen["past the keys"]["frames"] == 60
    assert seen["close"]["frames"] == 21


def test_mistakes_get_one_clear_sentence_and_change_nothing(scenario: Scenario) -> None:
    seen = scenario("refusals")
    assert seen.pop("unkeyed pose") == 1.0
    expected = {
        "no action": "has no keys on the bones",
        "no keys": "has no keys on the bones",
        "another armature": 'The selected keys are on the armature "Other", not on "Person".',
        "none selected": 'No key of "Person" is selected.',
        "one pose": "One pose alone spans no frames.",
        "outside": "The selected key on frame 48 lies outside the range from 1 to 30.",
        "untouched": "No selected key lies in the range from 100 to 150.",
        "untouched by all": "No key lies in the range from 100 to 150.",
        "too long": "The range lasts 66.7 seconds, and the model makes at most 10.",
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
    assert seen["again"] == ["DONE", True]  # generated keys are no poses: the same comes out again
    assert "You have changed frame 30" in seen["flip over a correction"]
    assert seen["corrected"] == ["DONE", []]
    assert seen["now the user's"] == ["KEYFRAME"]
    assert (seen["gap"], seen["gap frames"]) == ("DONE", [31.0, 47.0])
    assert seen["retimed"] == [60.0, True]
    assert seen["few"] == "DONE"
    share, differ = seen["few keys"]
    assert share < 0.5 and differ == []
    assert (seen["copy"], seen["copied"]) == ("DONE", [True, True, [], True])
    assert seen["markers"] == ["DONE", []]


def test_what_lies_outside_the_range_stays(scenario: Scenario) -> None:
    seen = scenario("context")
    assert (seen["state"], seen["differ"]) == ("DONE", [])
    assert seen["outside"] < 1e-6
    assert (seen["wider"], seen["wider differ"]) == ("DONE", [])
    assert seen["wider outside"] < 1e-5


@pytest.mark.parametrize("engine", ["fake", "bundled"])
def test_continue_describe_and_their_panels(scenario: Scenario, engine: str, request: pytest.FixtureRequest) -> None:
    if engine == "bundled":
        request.getfixturevalue("starter_model")
    seen = scenario("tasks", FAKE if engine == "fake" else {})
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


def test_only_what_the_model_can_do_is_offered(scenario: Scenario) -> None:
    seen = scenario("unable", FAKE_ENGINE)
    assert seen["first"]["state"] == "FAILED" and seen["same"]
    assert "can't in-between; it can make motion from text" in seen["first"]["message"]
    assert not seen["poll"] and "can't in-between" in seen["why"]
    assert seen["generate"]


def test_cancelling_leaves_all_as_it_was(scenario: Scenario) -> None:
    for stage, what in scenario("cancelled").items():
        assert what == ["CANCELLED", True, 1], stage
