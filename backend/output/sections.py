"""Generated parts of pages that people write: between marks that name the command that writes them."""

from pathlib import Path

from ...retarget.errors import MotionGPTError
from .drafts import draft_of
from .results import origin

_MARKS = ("<!-- motiongpt {} -->", "<!-- end of motiongpt {} -->")


def read_section(path: Path, command: str, part: str = "") -> tuple[str, str]:
    """What stands before and after the part of a page that `motiongpt COMMAND` writes, its marks included.

    part: which, of a command that writes several.

    Raises MotionGPTError for a page that can't be read, or one without the marks of this command.
    """
    begin, end = (mark.format(command.split(" --")[0] + (f" ({part})" if part else "")) for mark in _MARKS)
    try:
        page = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MotionGPTError(f"{path} can't be read ({error.strerror}).", "Name a page that is there.") from error
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise MotionGPTError(
            f"{path} has no place for the results.", f"Put {begin} and {end} where they belong, each on its own line."
        )
    before, _, rest = page.partition(begin)
    return before + begin, end + rest.partition(end)[2]


def write_section(path: Path, command: str, text: str, part: str = "") -> None:
    """Replace the part of a page that `motiongpt COMMAND` writes; what is around it stays. text: its paragraphs.

    Raises MotionGPTError as `read_section`.
    """
    before, after = read_section(path, command, part)
    now = origin()
    measured = (
        f"Measured by `motiongpt {command}`: {now['date']}, {now['machine']}, commit {now['commit'] or 'unknown'}."
    )
    with draft_of(path) as draft:
        draft.write_text(f"{before}\n\n{measured}\n\n{text}\n\n{after}", encoding="utf-8")
