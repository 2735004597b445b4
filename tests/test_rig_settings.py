"""The bone map in Blender, few keys, in place, and Rigify's control rig."""

import pytest

SCENARIO = "import sys\nfrom tests import rig_scenarios as scenarios\nemit(getattr(scenarios, sys.argv[1])())"


def test_bones_are_found_corrected_saved_and_loaded(run_bpy):
    seen = run_bpy(SCENARIO, "bones")
    assert seen["lines"]["left_knee"] == "shin.L" and seen["lines"]["head"] == "head"
    assert seen["corrected"] is None and seen["found_by"] == "user"
    assert seen["cleared"] == 0
    assert "left_collar" not in seen["loaded"] and seen["loaded"]["right_hip"] == "thigh.R"
    assert "left knee" in seen["refused"]
    assert seen["tolerance"] == [1.0, 0.005]


def test_few_keys_stay_within_the_tolerance(run_bpy):
    seen = run_bpy(SCENARIO, "few_keys")
    assert seen["share"] < 0.25
    assert seen["degrees"] < 1.05
    assert seen["metres"] < 0.0052


def test_in_place(run_bpy):
    x, y, z = run_bpy(SCENARIO, "stay")
    assert x < 1e-4 and y < 1e-4 and z > 0.05


@pytest.mark.slow
def test_rigify_follows_its_fk_controls(run_bpy):
    seen = run_bpy(SCENARIO, "rigify")
    assert seen["found_by"] == "rigify"
    assert seen["switches"] == 4
    assert max(seen["off"].values()) < 1.0, seen
