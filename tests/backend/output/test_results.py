"""Pages of results: where they may be written, and their contents."""

import argparse

import pytest

from motiongpt.backend.commands.shared.outputs import add_page_option
from motiongpt.backend.output.results import grid, origin, write_page
from motiongpt.retarget.errors import MotionGPTError


@pytest.mark.parametrize("name", ["page.txt", "nowhere/page.md", "folder.md"])
def test_a_page_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path, name: str) -> None:
    (tmp_path / "folder.md").mkdir()
    parser = argparse.ArgumentParser()
    add_page_option(parser)
    assert parser.parse_args(["--page", str(tmp_path / "page.md")]).page == tmp_path / "page.md"
    with pytest.raises(MotionGPTError):
        parser.parse_args(["--page", str(tmp_path / name)])


def test_a_page_says_how_and_where_it_was_made(tmp_path) -> None:
    write_page(tmp_path / "page.md", "Speed", "bench --runs 5", ["Seconds.", grid(["", "s"], [["first", "0.3"]])])
    title, how, *rest = (tmp_path / "page.md").read_text(encoding="utf-8").rstrip("\n").split("\n\n")
    assert title == "# Speed"
    assert how.startswith("Measured by `motiongpt bench --runs 5`: ")
    made = origin()
    assert made["date"] in how and made["machine"] in how and (made["commit"] or "unknown") in how
    assert rest == ["Seconds.", "|  | s |\n| --- | ---: |\n| first | 0.3 |"]
