"""Jobs in Blender with a backend process: jobs that finish, are cancelled, or lose what they need while they run."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.extension import BUSIEST_SHARE, FAKE_ENGINE, Scenario


@pytest.mark.parametrize("engine", ["fake", "bundled"])
def test_generates_onto_the_armature(
    scenario: Scenario, engine: str, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    if engine == "bundled":
        request.getfixturevalue("starter_model")
    seen = scenario("generate", FAKE_ENGINE if engine == "fake" else {})
    assert (seen["error"], seen["state"]) == ("", "DONE"), seen
    assert seen["message"] == 'Frames 5 to 64 of Person, in the action "a person walks forward".'
    assert seen["name"] == "a person walks forward"
    curves, first, last = seen["keys"]
    assert curves >= 15 * 4 + 3  # quaternions of at least 15 bones, and the hips' location
    assert (first, last) == (5, 64)
    assert seen["after_undo"] == [0, False]  # one undo takes all of it back
    assert seen["after_redo"] == ["a person walks forward", 0]
    assert seen["second"][:2] == ["DONE", "a person runs"]
    assert seen["second"][3:] == [11, 70]  # the scene's frame range
    assert seen["stash"] == [["a person walks forward", True, "a person walks forward"]]
    for name in ("longest_tick", "press"):
        print(f"{name}: {seen[name] * 1000:.1f} ms")
        record_property(f"{name}_ms", seen[name] * 1000)
    assert max(seen["ticks"]) < BUSIEST_SHARE * sum(seen["ticks"])


def test_cancel_is_at_once_and_the_backend_lives_on(scenario: Scenario) -> None:
    seen = scenario("cancel")
    assert (seen["state"], seen["actions"]) == ("CANCELLED", 0)
    assert (seen["again"], seen["same_backend"], seen["animated"]) == ("DONE", True, True)


def test_backend_that_dies_is_reported_and_replaced(scenario: Scenario) -> None:
    seen = scenario("backend_killed")
    assert (seen["state"], seen["actions"]) == ("FAILED", 0)
    assert "The backend ended" in seen["message"]
    assert "The backend ended" in seen["panel"]
    assert (seen["again"], seen["new"]) == ("DONE", True)


def test_armature_or_file_that_goes_away(scenario: Scenario) -> None:
    seen = scenario("armature_gone")
    state, message, actions = seen["deleted"]
    assert (state, actions) == ("FAILED", 0)
    assert 'The armature "Person" was deleted' in message
    assert seen["reloaded"] == ["CANCELLED", "Another file was opened.", True, ""]
    assert seen["after"] == "DONE"


def test_armature_that_changes_meanwhile(scenario: Scenario) -> None:
    seen = scenario("armature_changes")
    assert seen["undone"] == ["DONE", 'Frames 1 to 96 of Person, in the action "slow".', True]
    assert seen["waited"] == ["RUNNING", "Waiting for Edit Mode to end"]
    assert seen["edited"] == ["DONE", 'Frames 1 to 96 of Person, in the action "slow.001".']


def test_models_that_do_not_load(scenario: Scenario) -> None:
    seen = scenario("bad_models", {})
    sentence, unchanged = seen["empty"]
    assert "holds no model.json" in sentence and unchanged
    for name, expected in (("damaged", "is damaged"), ("unknown", "from-the-future")):
        state, message, unchanged, panel = seen[name]
        assert (state, unchanged) == ("FAILED", True), name
        assert expected in message and expected in panel, name
        assert "Traceback" not in message
    sentence, unchanged = seen["python"]
    assert "There is no Python" in sentence and unchanged
    assert seen["repaired"] == "DONE"


def test_imported_models_do_every_task_through_the_service(
    scenario: Scenario, shared_dir: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    from motiongpt.backend.importers.llama import import_llama
    from motiongpt.backend.importers.t5 import import_t5

    golden = shared_dir / "golden" / "upstream"
    statistics = golden.parent / "humanml3d"
    import_t5(golden / "motiongpt_tiny.tar", golden / "tiny-t5", statistics, tmp_path / "t5")
    import_llama(
        golden / "t2m_vqvae_tiny.pth", golden / "lit-llama-tiny.pth", golden / "lit-llama-lora-tiny.pth",
        golden / "llama_tokenizer.model", statistics, tmp_path / "llama", heads=4,
    )  # fmt: skip
    # A Blender in its own root directory sees no other Python; its own runs both models.
    other = "" if os.environ.get("BPY_PYTHON") else sys.executable
    seen = scenario("published_models", {"T5": str(tmp_path / "t5"), "LLAMA": str(tmp_path / "llama"), "PYTHON": other})
    for name, tasks in (
        ("T5", ["generate", "caption", "continue", "inbetween"]),
        ("LLAMA", ["generate", "continue", "inbetween"]),
    ):
        found = seen[name]
        assert (found["tasks"], found["device"]) == (tasks, "cpu"), name
        assert found["frames"] == [80, 120, 150, 120]
        assert found["moved"] < 1e-6
    assert len(seen["T5"]["caption"]) == 1 and "can't describe a motion" in seen["LLAMA"]["caption"]
    assert seen["cuda"][0] == "FAILED" and "CUDA" in seen["cuda"][1]


def test_what_overrides_the_keys_is_said_and_muted_by_one_press(scenario: Scenario) -> None:
    seen = scenario("overridden")
    words = {"rest": "Rest Position", "solo": "soloed NLA track", "constraint": "Limit Rotation on LeftArm"}
    for kind, found in seen.items():
        assert found["state"] == "DONE", found
        assert words[kind] in found["message"] and words[kind] in found["panel"].replace("  ", " "), found
        assert "motiongpt.mute_overrides" in found["panel"] or "Mute Overrides" in found["panel"], found
        assert found["pressed"] == ["FINISHED"] and "switched off" in found["then"] and found["greyed"], found
    for kind in ("rest", "solo"):
        assert seen[kind]["before"] < 0.05 < seen[kind]["after"], seen[kind]


@pytest.mark.skipif(os.name == "nt", reason="needs SIGSTOP")
def test_a_backend_that_is_stuck_is_ended_and_its_job_done_once_by_another(scenario: Scenario) -> None:
    seen = scenario("backend_stuck")
    assert seen["first"] == "DONE" and seen["well"].startswith("Ready")
    assert "has not answered" in seen["idle"] and seen["gone"]
    assert seen["busy"] == ["DONE", 2]  # one action of each press, however many backends it took
    assert "Starting the model again" in seen["stages"] and seen["gone_too"] and seen["animated"]
    assert seen["disabled"] == [True, False]


def test_scene_rates_that_no_motion_can_have_are_refused(scenario: Scenario) -> None:
    seen = scenario("scene_rates")
    name, started = seen.pop("name"), seen.pop("backend")
    assert len(seen) == 4
    for found in seen.values():
        assert all("frames a second" in sentence for sentence in found), seen
    assert started and name == "a person [2J walks fast"


def test_a_server_of_somebody_else_answers_and_is_not_ended(scenario: Scenario) -> None:
    seen = scenario("shared_server")
    assert (seen["state"], seen["animated"], seen["own"], seen["stays"]) == ("DONE", True, 0, True)
    assert seen["says"].startswith("Ready")
