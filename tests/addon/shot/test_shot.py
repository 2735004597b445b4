"""Shots in Blender."""

import pytest
from support.extension import EVERY_TASK, Scenario


def test_a_text_of_several_actions_becomes_blocks(scenario: Scenario) -> None:
    seen = scenario("from_text", EVERY_TASK)
    print(seen)


@pytest.mark.parametrize("keys", ["EVERY", "FEW"])
@pytest.mark.parametrize("engine", ["fake", "bundled"])
def test_again(scenario: Scenario, engine, keys) -> None:
    seen = scenario("again", (EVERY_TASK if engine == "fake" else {}) | {"KEYS": keys})
    print(seen)

@pytest.mark.parametrize("name", ["changed", "joined", "stands", "refused", "fails"])
def test_other(scenario, name):
    seen = scenario(name, EVERY_TASK)
    import pprint
    pprint.pprint(seen, width=160)
