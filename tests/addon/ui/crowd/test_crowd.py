"""The sub-panel Several Characters."""

from support.extension import Scenario


def test_characters_are_added_once_and_removed(scenario: Scenario) -> None:
    seen = scenario("buttons")
    assert "The list holds no characters" in seen["empty"]
    assert seen["added"] == [["Person", "walks", 2**31 - 1], ["Second", "walks", 0]] and not seen["twice"]
    assert "motiongpt.generate_crowd" in seen["panel"] and "The list holds" not in seen["panel"]
    gone, said = seen["gone"]
    assert gone == [False, True] and "motiongpt.generate_crowd" in said
    assert seen["removed"] == [0, False]
    assert not seen["other task"]
