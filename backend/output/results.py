"""Markdown pages of results: what a command measured, with date, machine and commit."""

import datetime
import os
import platform
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .drafts import draft_of


def write_page(path: Path, title: str, command: str, parts: Sequence[str]) -> None:
    """Write a page of paragraphs and tables that says how and where they were measured.

    command: as typed, without the folders of this machine.
    """
    now = origin()
    where = f"{now['date']}, {now['machine']}, commit {now['commit'] or 'unknown'}"
    text = "\n\n".join((f"# {title}", f"Measured by `motiongpt {command}`: {where}.", *parts))
    with draft_of(path) as draft:
        draft.write_text(text + "\n", encoding="utf-8")


def origin() -> dict[str, str]:
    """date, machine and commit of a measurement made now."""
    return {
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
    }


def commit() -> str:
    """The commit of this checkout, with "+" if files differ from it; "" outside of a checkout."""
    command = ["git", "describe", "--always", "--dirty=+", "--abbrev=7"]
    try:
        found = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return found.stdout.strip()


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, all columns but the first right-aligned."""
    rule = "| --- |" + " ---: |" * (len(head) - 1)
    return "\n".join(["| " + " | ".join(head) + " |", rule, *("| " + " | ".join(row) + " |" for row in rows)])
