"""`motiongpt batch`: a table of jobs, each done once, also across kills."""

import argparse
import hashlib
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, cast

from ....retarget.errors import MotionGPTError
from ...model_folder import CARD_NAME, find_model
from ..shared.cluster import add_ray, share_of
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.outputs import add_output
from ..shared.report import Report
from .jobs import COLUMNS, KINDS, Job, read_jobs
from .journal import Journal
from .report import CSV_NAME, HTML_NAME, Row, write_report
from .running import Finished, Hand, groups_of, run_groups
from .worker import Settings

PROGRESS_MARK = "done "
"""Prefix of a line that `--progress` prints: done 3/40 walk.bvh"""
MOST_WORKERS = 64
_FAILED = 2


def declare(subparsers: Subparsers) -> None:
    """Declare `batch`."""
    parser = add_command(
        subparsers,
        "batch",
        "do a table of jobs; after a kill, the same command goes on where it was",
        "motiongpt batch jobs.csv -o clips/ --jobs 2",
        run,
    )
    parser.add_argument(
        "table",
        type=Path,
        metavar="JOBS.csv",
        help=f"a row for each job; columns: {', '.join(COLUMNS)}; tasks: {', '.join(KINDS)}",
    )
    add_output(
        parser,
        "FOLDER",
        "folder for the files and the report",
        there="replaced, unless this batch wrote it",
        dest="place",
    )
    parser.add_argument("--progress", action="store_true", help="print a line to stderr as each file is done")
    parser.add_argument(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="worker processes on this machine, or with --ray engines on the cluster (1)",
    )
    add_ray(parser)
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Check all rows, do what is not done yet, write the report."""
    if not 1 <= args.jobs <= MOST_WORKERS:
        raise MotionGPTError(f"{args.jobs} workers can't be started.", f"Use 1 to {MOST_WORKERS}.", "usage")
    jobs = read_jobs(args.table)
    model = _model(args.model) if any(job.request() is not None for job in jobs) else ""
    keys = {job: job.key(model) for job in jobs}
    place = _folder(args.place)
    settings = Settings(args.model, args.device, args.precision, args.jobs)
    with closing(Journal(place)) as journal:
        rows = {job: _kept(journal, job, key) for job, key in keys.items()}
        todo = [job for job, row in rows.items() if row is None]
        _check_there(todo, place, args.no_clobber)
        journal.clear()
        with ExitStack() as stack:
            show = stack.enter_context(_progress(len(jobs), len(jobs) - len(todo), args.json, args.progress))
            make = stack.enter_context(_hands(args)) if todo else None
            finished = cast(Any, run_groups(groups_of(todo, args.jobs), settings, journal.drafts, make))
            for one in stack.enter_context(closing(finished)):
                rows[one.job] = _filed(journal, one, keys[one.job])
                show(one.job.output)
        found = [row for row in rows.values() if row is not None]
        write_report(found, args.table, place)
    return _report(found, place)


@contextmanager
def _hands(args: argparse.Namespace) -> Iterator[Callable[[], Hand] | None]:
    """What starts an engine on the cluster; None without one."""
    if not args.ray:
        yield None
        return
    from ...cluster.ray_cluster import RayCluster, connect
    from .on_ray import RayHand

    share, sent = share_of(args), dict[str, Any]()
    cluster = RayCluster(connect(args.ray), share)
    try:
        yield lambda: RayHand(cluster, args.model, share, sent)
    finally:
        cluster.close()


def _model(name: str) -> str:
    """What identifies a model: its card has the checksums of its files."""
    folder, card = find_model(name)
    return f"{card.name} {hashlib.sha256((folder / CARD_NAME).read_bytes()).hexdigest()}"


def _folder(place: Path) -> Path:
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MotionGPTError(
            f"{place} can't be made ({error.strerror}).", "Choose another folder.", "unwritable"
        ) from error
    return place


def _kept(journal: Journal, job: Job, key: str) -> Row | None:
    """A job that was done by a run before."""
    entry = journal.done(job, key)
    if entry is None:
        return None
    return Row(job, entry.done, "changed" if journal.changed(entry) else "kept", entry.took)


def _check_there(jobs: list[Job], place: Path, no_clobber: bool) -> None:
    for job in jobs:
        target = place / job.output
        if target.is_dir() or (no_clobber and os.path.lexists(target)):
            raise MotionGPTError(
                f"Line {job.line}: {target} already exists, and this batch did not write it.",
                "Give another output, or leave out --no-clobber.",
                "exists",
            )


def _filed(journal: Journal, one: Finished, key: str) -> Row:
    if one.done.error:
        return Row(one.job, one.done, "failed", one.took)
    entry = journal.finish(one.job, key, one.done, one.draft, one.took)
    return Row(one.job, entry.done, "done", entry.took)


@contextmanager
def _progress(total: int, done: int, quiet: bool, lines: bool) -> Iterator[Callable[[str], None]]:
    """A function to be called with the name of each file, which shows how many are done and the time left, or prints
    a line."""
    if lines:
        count = itertools.count(done + 1)
        yield lambda name: print(f"{PROGRESS_MARK}{next(count)}/{total} {name}", file=sys.stderr, flush=True)
        return
    if quiet or not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("left"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True, speed_estimate_period=300.0) as bar:
        line = bar.add_task("", total=total, completed=done)
        yield lambda name: bar.update(line, description=name, advance=1)


def _report(rows: list[Row], place: Path) -> Report:
    states = {state: sum(row.state == state for row in rows) for state in ("done", "kept", "changed", "failed")}
    failed = [row for row in rows if row.state == "failed"]
    lines = [f"{place}: {', '.join(f'{count} {state}' for state, count in states.items() if count)}"]
    lines += [f"line {row.job.line}: {row.done.error} {row.done.cure}" for row in failed[:10]]
    lines.append(f"{place / HTML_NAME}, {place / CSV_NAME}: the report")
    data: dict[str, Any] = {"folder": str(place), **states}
    data["failures"] = [{"line": r.job.line, "message": r.done.error, "cure": r.done.cure} for r in failed]
    return Report(data, tuple(lines), _FAILED if failed else 0)
