"""docs/reliability.md: every fault of its table names a test that exists."""

import ast
import re

import pytest
from support.import_graph import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
ROWS = [line for line in PAGE.split("\n## ")[0].splitlines() if line.startswith("| ")][2:]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_a_fault_is_caused_by_a_test_that_exists(row: str) -> None:
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert len(cells) == 3 and all(cells)
    found = re.fullmatch(r"`(tests/[\w/]+\.py)::(test_\w+)`", cells[2])
    assert found, cells[2]
    tree = ast.parse((ROOT / found[1]).read_text(encoding="utf-8"))
    assert found[2] in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_no_test_is_named_twice() -> None:
    named = re.findall(r"::(test_\w+)`", PAGE)
    assert len(ROWS) > 25 and len(named) == len(set(named)) == len(ROWS)
