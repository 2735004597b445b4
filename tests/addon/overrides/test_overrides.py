"""What overrides keys is followed, switched off on demand or named; rigs that no list names are driven."""

import re

import pytest
from support.import_graph import ROOT

SCENARIO = "import sys\nimport overrides_scenarios as scenarios\nemit(getattr(scenarios, sys.argv[1])(*sys.argv[2:]))"
FOLLOWED, MUTED, NAMED, NOTHING = "followed", "muted", "named", "no effect"

KINDS = {
    "nothing": (NOTHING, ""),
    "ik_targets": (FOLLOWED, ""),
    "ik_targets_and_poles": (FOLLOWED, ""),
    "copy_rotation_of_own_bone": (FOLLOWED, ""),
    "ik_to_object": (FOLLOWED, ""),
    "ik_to_objects_with_poles": (FOLLOWED, ""),
    "ik_to_object_on_the_armature": (FOLLOWED, ""),
    "ik_to_bone_of_another_armature": (FOLLOWED, ""),
    "ik_to_driven_object": (MUTED, 'Inverse Kinematics (of "Handle") on shin.L'),
    "ik_to_object_on_a_bone": (MUTED, 'Inverse Kinematics (of "Handle") on shin.L'),
    "copy_rotation_of_object": (MUTED, 'Copy Rotation (of "Handle") on upper_arm.L'),
    "copy_transforms_of_armature": (MUTED, 'Copy Transforms (of "Source") on thigh.L and shin.L'),
    "copy_location": (MUTED, 'Copy Location (of "Handle") on hips'),
    "child_of": (MUTED, 'Child Of (of "Handle") on hips'),
    "armature_constraint": (MUTED, "Armature on forearm.R"),
    "limit_rotation": (MUTED, "Limit Rotation on shin.R"),
    "damped_track": (MUTED, 'Damped Track (of "Handle") on head'),
    "driver": (MUTED, "a driver on thigh.R"),
    "driver_of_property": (MUTED, "a driver on upper_arm.R"),
    "driven_constraint": (MUTED, 'Copy Rotation (of "Handle") on upper_arm.L'),
    "stretch_to": (MUTED, 'Stretch To (of "Handle") on forearm.L'),
    "action_constraint": (MUTED, 'Action (of "Other") on upper_arm.R'),
    "modifier_off": (MUTED, "an Armature modifier that is switched off on "),
    "modifier_missing": (NAMED, "a missing Armature modifier on "),
    "hidden": (NOTHING, ""),
    "scaled": (MUTED, "scale on hips"),
    "rest_position": (MUTED, "Rest Position"),
    "solo": (MUTED, "the soloed NLA track"),
    "less_influence": (MUTED, "the action's influence below 1; the action's blending (Add)"),
    "muted_channels": (MUTED, "muted channels on thigh.L"),
    "curve_modifiers": (MUTED, "F-curve modifiers on upper_arm.R"),
    "quiet_action": (NOTHING, ""),
    "muted_track": (NOTHING, ""),
    "track_below": (NOTHING, ""),
    "locked": (NOTHING, ""),
    "rotation_modes": (NOTHING, ""),
}
"""Each kind of override: what happens, and the words that name it. The table in the documents has a row for each."""


@pytest.mark.slow
def test_every_kind_is_followed_or_named_and_muted(run_bpy):
    seen = run_bpy(SCENARIO, "every_kind")
    assert set(seen) == set(KINDS)
    for kind, (outcome, words) in KINDS.items():
        found = seen[kind]
        if outcome == MUTED:
            assert words in found["said"] and found["can_mute"], (kind, found["said"])
        elif outcome == NAMED:
            assert words in found["said"] == found["left"] and not found["can_mute"], (kind, found)
            continue
        else:
            assert found["said"] == found["by_keys"] == "" and found["off"] < 1.0, (kind, found)
        assert found["left"] == "" and found["then"] < 1.0, (kind, found)
    assert {"reach.L", "reach.R", "knee_aim.L", "thigh.L"} <= set(seen["ik_targets_and_poles"]["keyed"])
    assert "lead" in seen["copy_rotation_of_own_bone"]["keyed"]
    still = [seen[kind]["off"] for kind in ("rest_position", "solo", "driver", "copy_rotation_of_object")]
    assert min(still) > 10.0  # these did override the keys


def test_what_keeps_the_armature_object_from_its_keys_is_named(run_bpy):
    seen = run_bpy(SCENARIO, "of_the_object")
    assert seen.pop("nothing")["said"] == ""
    words = {"copies": 'Copy Location (of "Handle")', "is_driven": "a driver", "limited": "Limit Rotation"}
    for kind, found in seen.items():
        assert f"The keys are overridden by {words[kind]} on Mannequin." in found["said"], (kind, found["said"])
        assert found["can_mute"] and found["left"] == "", (kind, found)


@pytest.mark.slow
def test_controls_that_no_list_names_are_driven(run_bpy):
    seen = run_bpy(SCENARIO, "unknown_controls")
    for rig, found in seen.items():
        assert found["found_by"] == "controls" and found["said"] == "" and found["untouched"], (rig, found)
        assert found["off"] < 1.0, (rig, found["off"])
        assert found["apart"] == 1, rig  # the figure in the viewport has its feet
    copied, chains, reversed_, only_ik = (
        seen[rig] for rig in ("copied_controls", "chains_of_helpers", "reversed_switch", "only_ik")
    )
    assert copied["bones"]["left_knee"] == "Ctrl_shin.L"
    assert ["IK_target_leg.R", "ik_fk", 0.0] in copied["switches"] and len(copied["switches"]) == 4
    assert chains["bones"]["right_shoulder"] == "FK-upper_arm.R"
    assert ["Properties", "ik_leg_L", 0.0] in chains["switches"]
    assert reversed_["switches"] == [["c.hips", "legs_by_hand", 1.0]]
    assert {"mech_target_leg.L", "ctl_knee.R"} <= set(only_ik["keyed"])


@pytest.mark.slow
def test_what_overrides_a_control_rig_is_named_without_the_rigs_own_constraints(run_bpy):
    found = run_bpy(SCENARIO, "override_on_controls")
    named, bones = found["said"].split(". Bones that do not follow: ")
    assert named == 'The keys are overridden by Copy Rotation (of "Handle") on DEF-upper_arm.L'
    assert bones.startswith("DEF-upper_arm.L") and found["can_mute"]
    assert found["left"] == "" and found["then"] < 1.0


@pytest.mark.slow
@pytest.mark.parametrize(("names", "thigh"), [("unreal", "thigh_fk_l"), ("german", "Oberschenkel_fk.L")])
def test_rigify_from_a_metarig_with_other_names(run_bpy, names, thigh):
    found = run_bpy(SCENARIO, "rigify_with_other_names", names)
    assert (found["found_by"], found["bones"]["left_hip"], found["bones"]["pelvis"]) == ("controls", thigh, "torso")
    assert found["said"] == "" and found["off"] < 1.0
    assert sum(prop == "IK_FK" and value == 1.0 for _, prop, value in found["switches"]) == 4


def test_an_armature_of_another_file_is_refused(run_bpy, tmp_path):
    found = run_bpy(SCENARIO, "linked", tmp_path)
    assert "linked from another file" in found["refused"] and found["actions"] == 0


def test_the_documents_have_a_row_for_every_kind():
    page = (ROOT / "docs" / "manual" / "overrides.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| .*? \| (.*?) \| .*?<!-- (.*?) --> \|$", page, flags=re.MULTILINE)
    found = {kind: outcome for outcome, kinds in rows for kind in kinds.split()}
    assert set(found) == set(KINDS) - {"nothing"}
    words = {FOLLOWED: "Followed", MUTED: "Named, muted on demand", NAMED: "Named", NOTHING: "No effect"}
    assert all(found[kind] == words[outcome] for kind, (outcome, _) in KINDS.items() if kind != "nothing")
