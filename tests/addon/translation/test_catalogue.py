"""Dummy."""

import json

from support.extension import Scenario


def test_dump(scenario: Scenario) -> None:
    json.dump({"t": scenario("texts")}, open("/tmp/work-words/texts.json", "w"), indent=1)


def test_dump2(scenario: Scenario) -> None:
    json.dump({"d": scenario("dynamic"), "p": scenario("pages")}, open("/tmp/work-words/texts2.json", "w"), indent=1)
