"""Tables as people and their spreadsheets save them: CSV with commas, semicolons or tabs, in UTF-8, UTF-16 or Windows'
Western European, with a byte order mark or without."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from ..retarget.errors import MotionGPTError

MAX_BYTES = 256 << 20
_SEPARATORS = ",;\t|"


def read_table(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """(line, column -> cell) of each row, cells without spaces around them, "" where a row is short; blank rows are
    left out, before the column names as well. Column names are in lower case.

    columns: those that there must be. A row that is too long because the last column's text holds the separator is
    read as it is meant.  Raises MotionGPTError for a table that is missing or can't be read, lacks a column, or has a
    row that is too long, with its line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES >> 20} MB")
        text = _decoded(path.read_bytes())
        separator, text, skipped = _separator(text)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        header = [cell.strip().lower() for cell in next((row for row in reader if any(row)), [])]
        missing = [column for column in columns if column not in header]
        if missing:
            raise MotionGPTError(
                f"{path} lacks the column {' and '.join(missing)}.", f"Its first line is: {','.join(columns)}"
            )
        rows = [(reader.line_num + skipped, [cell.strip() for cell in row]) for row in reader]
    except (OSError, ValueError, csv.Error) as error:
        raise MotionGPTError(f"{path} can't be read as a table ({error}).", "Save it as CSV, in UTF-8.") from error
    return [(line, _named(path, line, header, row, separator)) for line, row in rows if any(row)]


def _named(path: Path, line: int, header: list[str], row: list[str], separator: str) -> dict[str, str]:
    """Column -> cell of one row."""
    spare = row[len(header) :]
    if any(spare):
        if header[-1] != "caption":
            raise MotionGPTError(
                f"{path}, line {line}: there are {len(row)} cells and {len(header)} columns.",
                f'Put a text that holds "{separator}" in double quotes.',
            )
        row = [*row[: len(header) - 1], f"{separator} ".join([row[len(header) - 1], *spare]).rstrip(f"{separator} ")]
    return dict(zip(header, [*row, *[""] * (len(header) - len(row))], strict=False))


def _decoded(data: bytes) -> str:
    """The text of a table, with "\\n" at the end of its lines. Raises ValueError for data that is none."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16")
    elif b"\0" in data:
        raise ValueError("it is no text")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _separator(text: str) -> tuple[str, str, int]:
    """The separator of a table, its text without blank lines before it and without a line that declares the separator
    (Excel's "sep=;"), and how many lines these are."""
    begins = text.rfind("\n", 0, len(text) - len(text.lstrip(f"{_SEPARATORS} \n"))) + 1
    blank, text = text.count("\n", 0, begins), text[begins:]
    first, _, rest = text.partition("\n")
    declared = first[4:]
    if first.lower().startswith("sep=") and len(declared) == 1:
        _, rest, more = _separator(rest)
        return declared, rest, blank + 1 + more
    return max(_SEPARATORS, key=first.count), text, blank
