"""The manual's pages, from help buttons and from Blender's Online Manual."""

import fnmatch
from pathlib import Path

from support.extension import Scenario
from support.import_graph import ROOT

PAGES = sorted(path.stem for path in (ROOT / "docs" / "manual").glob("*.md"))


def test_buttons_and_right_clicks_open_the_pages_of_the_zip(scenario: Scenario) -> None:
    seen = scenario("opening")
    assert seen["opened"] == ["paths.html", "loops.html", "first-motion.html", "paths.html"]
    assert [Path(name).stem for name in seen["pages"]] == PAGES
    assert 'src="../images/takes.webp"' in seen["takes"] and "takes.webp" in seen["images"]
    assert '.md"' not in seen["takes"] and ".md#" not in seen["takes"]
    assert "This installation has no manual. Install the extension from its zip." in seen["without"]
    assert seen["left"] == ["", []]


def test_every_operator_and_setting_leads_to_a_page(scenario: Scenario) -> None:
    rows = scenario("opening")["rows"]
    assert {Path(page).stem for _, page in rows} <= set(PAGES)
    classes = scenario("classes")
    for name in classes:
        assert any(fnmatch.fnmatchcase(name.lower(), pattern) for pattern, _ in rows), name
    assert [p for p, _ in rows if not any(fnmatch.fnmatchcase(n.lower(), p) for n in classes)] == [], "of nothing"


def test_every_panel_has_a_help_button(scenario: Scenario) -> None:
    headers = scenario("headers")
    assert len(headers) >= 15
    assert all(page in PAGES and drawn for page, drawn in headers.values()), headers
