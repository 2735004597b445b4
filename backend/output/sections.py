"""Generated parts of pages that people write: between marks that name the command that writes them."""

import re
from pathlib import Path

from ...retarget.errors import MotionGPTError
from .drafts import draft_of
from .results import origin


def write_section(path: Path, command: str, text: str) -> None:
    """Replace the part of a page that `motiongpt COMMAND` writes; what is around it stays. text: its paragraphs.

    Raises MotionGPTError for a page without the marks of this command.
    """
    name = command.split(" --")[0]
    begin, end = f"<!-- motiongpt {name} -->", f"<!-- end of motiongpt {name} -->"
    try:
        page = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MotionGPTError(f"{path} can't be read ({error.strerror}).", "Name a page that is there.") from error
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise MotionGPTError(
            f"{path} has no place for the results.", f"Put {begin} and {end} where they belong, each on its own line."
        )
    now = origin()
    measured = (
        f"Measured by `motiongpt {command}`: {now['date']}, {now['machine']}, commit {now['commit'] or 'unknown'}."
    )
    part = f"{begin}\n\n{measured}\n\n{text}\n\n{end}"
    with draft_of(path) as draft:
        draft.write_text(
            re.sub(f"{re.escape(begin)}.*{re.escape(end)}", lambda _: part, page, flags=re.DOTALL), encoding="utf-8"
        )
