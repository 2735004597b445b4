"""Reading armatures and writing actions in Blender: what its dependency graph evaluates is what the solver wanted."""

from pathlib import Path

import pytest

SCENARIO = "import sys\nimport action_scenarios as scenarios\nemit(getattr(scenarios, sys.argv[1])(*sys.argv[2:]))"
ROTATION, METRES = 1e-4, 1e-4


def close(error):
    return error[0] < ROTATION and error[1] < METRES


def test_mannequin_takes_the_pose(run_bpy):
    assert close(run_bpy(SCENARIO, "character", "mannequin"))


@pytest.mark.parametrize("name", ["kaykit-knight.glb", "kenney-human.glb", "mesh2motion-human.glb"])
def test_characters_take_the_pose(run_bpy, shared_dir, name):
    assert close(run_bpy(SCENARIO, "character", shared_dir / "rigs" / name))


def test_turned_and_scaled_objects(run_bpy):
    seen = run_bpy(SCENARIO, "turned_object")
    for measure in ("heads", "tails", "rotations", "placed"):
        assert seen[measure] < 1e-5, measure
    assert close(seen["pose"])


def test_every_rotation_mode(run_bpy):
    for mode, seen in run_bpy(SCENARIO, "rotation_modes").items():
        assert close(seen["pose"]), mode
        if mode == "QUATERNION":
            assert seen["paths"] == ["rotation_quaternion"]
            assert seen["step"] < 0.2  # half of the angle that a bone turns between frames; a flip is 2
        elif mode == "AXIS_ANGLE":
            assert seen["paths"] == ["rotation_axis_angle"]
        else:
            assert seen["paths"] == ["rotation_euler"]
            # Euler angles rush near their poles, but half a turn at once is a flip.
            assert seen["step"] < 4.5, mode
            assert seen["median"] < 1.5, mode


def test_bone_flags(run_bpy):
    for flags, error in run_bpy(SCENARIO, "bone_flags").items():
        assert close(error), flags


def test_only_driven_bones_get_keys(run_bpy):
    seen = run_bpy(SCENARIO, "keys")
    assert seen["bones"] == seen["driven"]
    assert seen["located"] == [seen["root"]]
    assert seen["frames"] == [float(frame) for frame in range(-3, 21)]
    assert seen["counts"] == [24]
    assert seen["interpolation"] == ["LINEAR"]
    assert seen["handles"] == ["AUTO_CLAMPED"]
    assert seen["groups"] and seen["valid"]
    assert seen["name"] == "wild"


def test_older_actions_are_stashed(run_bpy):
    seen = run_bpy(SCENARIO, "stash")
    assert seen["names"] == ["first", "second", "third"]
    assert close(seen["pose"])
    assert seen["tracks"] == seen["actions"] == ["first", "second"]
    assert seen["starts"] == [7.0, 7.0]
    assert seen["muted"] and seen["slots"] and seen["active slot"]
    assert seen["active"] == "fourth"


def test_nothing_is_left_of_an_older_action(run_bpy):
    seen = run_bpy(SCENARIO, "left_over_pose")
    assert close(seen["pose"])
    assert seen["hip"] < METRES
    assert seen["scale kept"] == 2.0


def test_modes_stay(run_bpy):
    assert run_bpy(SCENARIO, "modes") == {"OBJECT": "OBJECT", "POSE": "POSE", "EDIT": "EDIT"}


def test_refusals_name_problem_and_cure(run_bpy, tmp_path: Path):
    seen = run_bpy(SCENARIO, "refusals", tmp_path)
    assert seen.pop("nearly even") is None
    assert seen.pop("linked untouched")
    assert "negative" in seen["negative"][0] and "negative" in seen["two negative"][0]
    assert "differently" in seen["uneven"][0] and "zero" in seen["zero"][0]
    for name, refusal in seen.items():
        assert refusal and refusal[0].endswith(".") and refusal[1].endswith("."), name
    for name in ("mesh", "none", "no bones"):
        assert seen[name][2] == "not_humanoid"


def test_a_long_motion_is_written_at_once(run_bpy):
    assert run_bpy(SCENARIO, "speed") < 0.5


def test_hands_are_keyed_once_and_the_animators_fingers_are_kept(run_bpy, shared_dir):
    seen = run_bpy(SCENARIO, "fingers", shared_dir / "rigs" / "mesh2motion-human.glb")
    for side in (0, 1):
        name = ("left", "right")[side]
        assert len(seen["relaxed"][name]) == 15
        assert all(keys == [1, 1, 1, 1] for keys in seen["relaxed"][name].values())
        assert seen["length"]["fist"][side] < seen["length"]["relaxed"][side] - 0.02
    assert seen["length"]["flat"][1] > seen["length"]["relaxed"][1]
    assert [1, 1, 1, 1] not in [seen["kept"]["left"]["index_01_l"]]  # the key on frame 10 came along, beside frame 1
    assert seen["own"] == pytest.approx([0.8, 0.6, 0.0, 0.0], abs=1e-6)
    assert seen["as they are"]["right"] == {} and seen["as they are"]["left"] == seen["kept"]["left"]


def test_quick_ways_of_writing_keys_change_no_bit(run_bpy):
    assert run_bpy(SCENARIO, "keys_that_differ") == []
    curves, quick, expected = run_bpy(SCENARIO, "copied_curves_that_differ")
    assert curves == [] and quick == expected > 80
