"""The report of a batch: a table, and a page with a picture of every clip."""

import csv
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...output.drafts import draft_of
from .doing import Done
from .jobs import Job

CSV_NAME, HTML_NAME = "report.csv", "report.html"
COLUMNS = ("line", "task", "output", "state", "text", "motion", "seconds", "frames", "fps", "took", "unsure", "error")
_STYLE = (
    "body{font:14px/1.4 sans-serif;margin:2em;color:#222}table{border-collapse:collapse}"
    "td,th{border-bottom:1px solid #ddd;padding:.3em .8em;text-align:left;vertical-align:top}"
    ".failed td{background:#fdecea}.unsure td{background:#fff8e1}td.number{text-align:right}"
)


@dataclass(frozen=True)
class Row:
    """What became of a job. state: "done" now, "kept" from a run before, "changed" since it was written, "failed"."""

    job: Job
    done: Done
    state: str
    took: float


def write_report(rows: Sequence[Row], table: Path, place: Path) -> None:
    """Write CSV_NAME and HTML_NAME into a folder, each as a whole."""
    with draft_of(place / CSV_NAME) as draft:
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(_cells(row) for row in rows)
        draft.write_text(text.getvalue(), encoding="utf-8-sig", newline="")  # so that spreadsheets see UTF-8
    with draft_of(place / HTML_NAME) as draft:
        draft.write_text(_page(rows, table), encoding="utf-8")


def _cells(row: Row) -> list[object]:
    job, done = row.job, row.done
    seconds = round(done.frames / done.fps, 3) if done.fps else ""
    error = f"{done.error} {done.cure}".strip()
    return [
        job.line, job.task, job.output, row.state, done.text or job.prompt, Path(job.motion).name, seconds,
        done.frames or "", done.fps or "", round(row.took, 2), "yes" if done.unsure else "", error,
    ]  # fmt: skip


def _page(rows: Sequence[Row], table: Path) -> str:
    head = "".join(f"<th>{name}</th>" for name in ("picture", *COLUMNS))
    body = "\n".join(_line(row) for row in rows)
    failed = sum(row.state == "failed" for row in rows)
    title = html.escape(table.name)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"</head><body>\n<h1>{title}</h1>\n<p>{len(rows)} jobs, {failed} failed.</p>\n"
        f"<table><tr>{head}</tr>\n{body}\n</table></body></html>\n"
    )


def _line(row: Row) -> str:
    kind = "failed" if row.state == "failed" else "unsure" if row.done.unsure else ""
    cells = "".join(
        f'<td class="number">{cell}</td>' if isinstance(cell, int | float) else f"<td>{html.escape(str(cell))}</td>"
        for cell in _cells(row)
    )
    return f'<tr class="{kind}"><td>{row.done.picture}</td>{cells}</tr>'
