"""A job whose armature, bones or file change under it ends in one sentence, and no exception reaches the console."""

from support.extension import FAKE_ENGINE, Scenario

CHECKING = "Checking that the bones follow"


def test_whatever_the_user_does_meanwhile_ends_in_one_sentence(scenario: Scenario) -> None:
    seen = scenario("disturbed", FAKE_ENGINE | {"FAKE_TASKS": "generate continue"})
    assert len(seen) == 28
    for name, found in seen.items():
        stage, doing = name.split(": _")
        assert found["reached"] and found["raised"] == "" and found["helper"] == [], (name, found)
        assert "Error" not in found["message"] and "console" not in found["message"], (name, found)
        if doing == "open_file":
            assert found["state"] == ("DONE" if stage == CHECKING else "CANCELLED"), (name, found)
        elif doing in ("delete", "remove"):
            assert found["state"] == "FAILED" and "Person" in found["message"], (name, found)
            assert "was deleted" in found["message"], (name, found)
        elif stage == CHECKING and doing == "undo":
            assert (found["state"], found["message"], found["action"]) == ("CANCELLED", "Undone.", ""), (name, found)
        elif stage == CHECKING:
            why = "Something was undone" if doing.startswith("undo") else "Its bones were changed"
            assert found["state"] == "DONE" and found["action"] == "a person walks", (name, found)
            assert found["message"].endswith(f"{why} meanwhile. Whether the bones follow was not checked."), (
                name,
                found,
            )


def test_edit_mode_waits_for_no_bone_in_vain(scenario: Scenario) -> None:
    seen = scenario("edited_meanwhile")
    assert seen["waited"] == ["RUNNING", "Waiting for Edit Mode to end"]
    assert seen["then"] == ["DONE", 'Frames 1 to 24 of Person, in the action "a person walks".']
