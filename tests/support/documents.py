"""What the documents show to type: commands in code blocks and in the prose, and Python examples.

A block that is not to be run is marked by a comment above it, with the reason: `<!-- not run: needs a GPU -->`. Its
commands must exist all the same.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from .checkout import files_of_the_checkout

PAGES = [name for name in files_of_the_checkout() if re.fullmatch(r"(?:docs/.+|[^/]+|\.github/.+)\.md", name)]
"""Every page for readers, by its path from the root."""
SHELL = {"", "sh", "bash", "shell", "console"}
PROGRAMS = re.compile(r"(?:\S*/)?(?:motiongpt|make|pip|python[0-9.]*)(?=\s)")
_MARK = re.compile(r"<!--\s*not run:\s*\S.*-->")
_FENCE = re.compile(r"(```+|~~~+)\s*(\w*)")
_INLINE = re.compile(r"(?<!`)`((?:motiongpt|make|pip|python)\s[^`]+)`(?!`)", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A code block. line, end: of its first and last line, a fence included.  language: as the fence says, or ""."""

    line: int
    end: int
    language: str
    text: str
    run: bool


@dataclass(frozen=True)
class Command:
    """A command line, cut into words. line: where its block begins, or where it stands in the prose.

    whole: of a block, where it can be typed as it is; in prose it may be a part.
    """

    line: int
    words: tuple[str, ...]
    whole: bool
    run: bool = False

    @property
    def program(self) -> str:
        """The program without its folder and version."""
        return re.sub(r"[0-9.]+$", "", self.words[0].rpartition("/")[2])


def blocks(page: str) -> Iterator[Block]:
    """Every code block of a Markdown page, fenced or indented by four after an empty line."""
    lines = page.splitlines()
    above, i = "", 0  # the last line before the block that is not empty
    while i < len(lines):
        start, line = i, lines[i]
        fence = _FENCE.match(line.strip())
        if fence:
            end = next((j for j in range(i + 1, len(lines)) if lines[j].strip() == fence[1]), len(lines))
            i, inside, language = end + 1, lines[start + 1 : end], fence[2]
        elif line.startswith("    ") and (i == 0 or not lines[i - 1].strip()) and not _in_list(lines, i):
            while i < len(lines) and lines[i].startswith("    "):
                i += 1
            inside, language = lines[start:i], ""
        else:
            above, i = line if line.strip() else above, i + 1
            continue
        yield Block(start + 1, i, language, "\n".join(inside), not _MARK.fullmatch(above.strip()))
        above = ""


def _in_list(lines: list[str], i: int) -> bool:
    """Whether the indented text continues an item of a list."""
    above = next((line for line in reversed(lines[:i]) if line.strip() and not line.startswith(" ")), "")
    return bool(re.match(r"(?:[-*+]|\d+\.)\s", above))


def commands(page: str) -> Iterator[Command]:
    """Every command line of ours that a page shows."""
    prose = page.splitlines()
    for block in blocks(page):
        prose[block.line - 1 : block.end] = [""] * (block.end - block.line + 1)
        if block.language in SHELL:
            for line in _joined(block.text.splitlines()):
                if PROGRAMS.match(line):
                    yield Command(block.line, tuple(shlex.split(line, comments=True)), True, block.run)
    text = "\n".join(prose)
    for found in _INLINE.finditer(text):
        yield Command(text[: found.start()].count("\n") + 1, tuple(found[1].split()), False)


def _joined(lines: list[str]) -> Iterator[str]:
    """Lines with those that a backslash continues, without the prompt that some pages show."""
    text = "\n".join(lines).replace("\\\n", " ")
    return (line.strip().removeprefix("$ ") for line in text.splitlines())
