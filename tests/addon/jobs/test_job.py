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


def test_an_action_is_changed_at_once_whatever_the_user_does_while_its_keys_are_made(scenario: Scenario) -> None:
    """Its keys are made beside it, over many steps: nothing of that is left, and whoever else means it still does."""
    seen = scenario("beside", FAKE_ENGINE | {"FAKE_TASKS": "generate continue"})
    assert len(seen) == 10
    for name, found in seen.items():
        assert found["reached"], (name, found)
        task, doing = name.split("_", 1)
        refused = ("cancel", "remove", "key_by_hand") if task == "continue" else ("cancel", "remove")
        made = doing not in refused
        assert found["state"] == ("DONE" if made else "CANCELLED" if doing == "cancel" else "FAILED"), (name, found)
        new = ["a person walks"] if made and task == "generate" else []
        assert found["actions"] == ["Walk", *new], (name, found)
        if doing == "remove":
            assert "was deleted" in found["message"], (name, found)
            continue
        assert found["kept"] == [True, 7, "Walk"], (name, found)
        assert found["plays"] == (new or ["Walk"])[0], (name, found)
        if task == "continue":
            assert (found["more"], found["lost"], found["hand"]) == (made, 0, doing == "key_by_hand"), (name, found)
            said = "Keys of" in found["message"] and "were changed" in found["message"]
            assert said == found["hand"], (name, found)
