"""Poses in Blender, the frames between them generated: the animator's keys stay bit for bit, nothing jumps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.extension import BUSIEST_SHARE, EVERY_TASK, Scenario
from support.zoo_rigs import FAMILIES, build_rig

EASE = 2.6
"""How much faster a bone may move than on a straight line between two keys: an ease, and the fake engine's waves."""


@pytest.fixture
def scenario(scenario: Scenario) -> Scenario:
    """The same, with an engine that does every task."""
    return lambda name, variables=EVERY_TASK: scenario(name, variables)


@pytest.fixture
def rig_file(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """A rig's name -> the argument of `poses_scenarios.load`."""

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
    ("rig", "limbs", "setting"),
    [("person", "FK", "FK"), ("mixamo", "FK", "FK"), ("unreal", "FK", "FK"), ("mesh2motion-human.glb", "FK", "FK"),
     ("rigify", "FK", "FK"), ("rigify", "IK", "FK"), ("rigify", "IK", "IK"), ("rigify", "FK", "IK")],
)  # fmt: skip
def test_poses_stay_bit_for_bit_and_no_frame_jumps(
    scenario: Scenario, rig_file: Callable[[str], str], rig: str, limbs: str, setting: str
) -> None:
    """limbs: the controls with which Rigify was posed; the setting Limbs is for new motions and changes nothing."""
    seen = scenario("character", EVERY_TASK | {"RIG": rig_file(rig), "LIMBS": limbs, "SETTING": setting})
    assert (seen["error"], seen["state"]) == ("", "DONE"), seen
    assert seen["differ"] == []  # no key is gone or has another value
    assert seen["empty"] == []  # no frame from the first pose to the last is without keys
    assert seen["off"] < 1e-5  # metres: the poses as they are seen, including unkeyed bones
    assert seen["leap"] < 3.0
    assert seen["undone"]
    assert seen["frames"] == [1.0, 48.0]
    if rig == "rigify":
        other = "FK" if limbs == "IK" else "IK"
        assert seen[f"moved by {limbs}"] and not seen[f"moved by {other}"] and not seen["switches"]
    assert seen["scenes"] == 1  # the reader's scene is gone
    assert [False, "KEYFRAME"] not in seen["types"]
    if rig != "rigify":  # Blender's first evaluation of 700 bones takes longer than a tick should
        assert max(seen["ticks"]) < BUSIEST_SHARE * sum(seen["ticks"])
    print(f"{rig} {limbs}: {seen['new keys']} new keys, off {seen['off']:.1e} m, leap {seen['leap']:.2f}")


def test_hard_cases(scenario: Scenario) -> None:
    seen = scenario("cases")
    for name, case in seen.items():
        assert (case["state"], case["differ"]) == ("DONE", []), name
        assert case["new"] > 0, name
        assert case["step"] < EASE * case["straight"] + 0.1, name
    assert seen["past the keys"]["frames"] == 60
    assert seen["close"]["frames"] == 21


def test_what_lies_outside_the_range_stays(scenario: Scenario) -> None:
    seen = scenario("context")
    assert (seen["state"], seen["differ"]) == ("DONE", [])
    assert seen["outside"] < 1e-6
    assert (seen["wider"], seen["wider differ"]) == ("DONE", [])
    assert seen["wider outside"] < 1e-5


def test_few_poses_stand_for_all_and_nothing_is_redrawn(scenario: Scenario) -> None:
    seen = scenario("few_poses")
    for count, most in ((90, 50), (61, 36), (8, 8), (1, 1)):
        read, filled, degrees, apart, at_the_end, location = seen[str(count)]
        assert read <= most and filled == count
        assert degrees < 2.0 and apart < 0.01 and location < 0.01
        assert at_the_end < 1e-6  # the end, where a seam will be, is read as it is
    rates = seen["rates"]
    assert rates[0] == 120 and all(read < 90 for read in rates[1:])
    assert seen["frames set"] <= 8  # once a reading: setting a frame redraws every window
    assert seen["pose stays"]
    assert seen["dotted"]
