"""Results written into a page that people write."""

from pathlib import Path

import pytest

from motiongpt.backend.output.sections import write_section
from motiongpt.retarget.errors import MotionGPTError


def test_what_is_around_it_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n\n<!-- motiongpt bench x -->\nold\n<!-- end of motiongpt bench x -->\n\n# B\n")
    for text in (r"- first \1", "- second"):
        write_section(page, "bench x --minutes 2", text)
        said = page.read_text()
        assert said.startswith("# A\n\n<!--") and said.endswith("-->\n\n# B\n") and text in said and "old" not in said
    assert "first" not in page.read_text() and "`motiongpt bench x --minutes 2`" in page.read_text()


def test_a_command_may_write_several_parts(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    marks = [f"<!-- {word}motiongpt bench x{part} -->" for part in ("", " (more)") for word in ("", "end of ")]
    page.write_text("\n".join(marks))
    write_section(page, "bench x --minutes 2", "- first")
    write_section(page, "bench x --minutes 2", "- second", "more")
    said = page.read_text()
    places = [said.index(text) for text in (marks[0], "- first", marks[1], marks[2], "- second", marks[3])]
    assert places == sorted(places)


@pytest.mark.parametrize("text", ["# nothing", "<!-- end of motiongpt bench x --> <!-- motiongpt bench x -->"])
def test_a_page_without_a_place_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(MotionGPTError, match="no place"):
        write_section(page, "bench x", "- text")
    assert page.read_text() == text
