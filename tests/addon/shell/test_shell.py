"""`blender --command motiongpt`."""

from support.extension import EVERY_TASK, Scenario


def test_generates_on_an_opened_file(scenario: Scenario) -> None:
    seen = scenario("generate", EVERY_TASK)
    status, said, errors = seen["run"]
    assert (status, errors) == (0, "")
    assert said.splitlines()[-1].startswith('Frames 11 to 58 of Person, in the action "a person walks". Saved ')
    assert seen["rig"] == []
    assert seen["walk"] == [["a person walks", 11.0, 58.0]]
    assert seen["described"][0] == 0 and "a person moves" in seen["described"][1]


def test_what_is_wrong_is_said_and_nothing_is_saved(scenario: Scenario) -> None:
    seen = scenario("refused", EVERY_TASK)
    said = {
        "no file": "No file is opened.", "none": "The scene has 0 armatures",
        "two": 'has 2 armatures: "First", "Second"',
        "name": 'no armature "Third"', "text": "The text is empty.", "ending": "is no .blend file",
        "task": "invalid choice",
    }  # fmt: skip
    for name, sentence in said.items():
        status, _, errors = seen[name]
        assert status != 0 and sentence in errors, (name, seen[name])
    assert seen["same"]
