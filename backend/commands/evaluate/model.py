"""`motiongpt evaluate model`: the usual metrics of a model, real motion and baselines, as one table."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ...model_folder import add_measured
from ...output.drafts import draft_of
from ...output.results import write_page
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.outputs import add_output, add_page_option
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `model`."""
    parser = add_command(
        inner,
        "model",
        "the usual metrics on the test clips, compared with real motion and baselines",
        "motiongpt evaluate model dataset/ --baseline models/first -o evaluation/",
        run,
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="a data set of `motiongpt data import`")
    parser.add_argument("--judge", type=Path, metavar="FOLDER", help="a judge other than the project's own")
    parser.add_argument("--baseline", action="append", default=[], metavar="MODEL", help="a model to compare with")
    parser.add_argument("--runs", type=int, default=20, help="motions for each test clip (20)")
    parser.add_argument("--limit", type=int, metavar="N", help="only N test clips, for a quick look")
    parser.add_argument("--seeds", type=int, default=5, help="motions for each prompt with unseen words (5; 0: none)")
    parser.add_argument("--others", type=int, default=64, help="test clips for the other tasks (64; 0: none)")
    add_output(
        parser, "FOLDER", "for table.md, table.json and a cache", required=False, there="replaced, the cache used"
    )
    parser.add_argument("--write", action="store_true", help="add the result to the model's card")
    add_model_arguments(parser)
    add_page_option(parser)


def run(args: argparse.Namespace) -> Report:
    """Generate motion for every test clip's caption, judge it, and compare."""
    for value, low, what in ((args.runs, 1, "runs"), (args.seeds, 0, "seeds"), (args.others, 0, "clips")):
        if value < low:
            raise MotionGPTError(f"{value} {what} can't be made.", f"Use at least {low}.")
    if args.limit is not None and args.limit < 2:
        raise MotionGPTError(f"{args.limit} test clips can't be compared.", "Use at least 2.")
    if args.output is not None:
        args.output.mkdir(parents=True, exist_ok=True)

    from rich.console import Console
    from rich.progress import Progress

    from ...evaluation.judge import BUNDLED, Judge
    from ...evaluation.report.pages import REAL, parts_of
    from ...evaluation.report.report import Settings, evaluate_model

    settings = Settings(args.runs, args.limit, args.seeds, args.others)
    models = [args.model, *args.baseline]
    with Progress(console=Console(stderr=True), transient=True) as bar:

        def say(text: str) -> Callable[[int, int], None]:
            task = bar.add_task(text)
            return lambda done, total: bar.update(task, completed=done, total=total)

        report = evaluate_model(args.dataset, Judge(args.judge or BUNDLED), models, settings, args.output, say)
    parts, pages = parts_of(report), [args.page] if args.page else []
    if args.output is not None:
        with draft_of(args.output / "table.json") as draft:
            draft.write_text(json.dumps(report, indent=1, allow_nan=False), encoding="utf-8")
        pages.append(args.output / "table.md")
    for path in pages:
        name = next(row for row in report["rows"] if row != REAL)
        command = f"evaluate model dataset/ --runs {args.runs} --seeds {args.seeds} --others {args.others}"
        command += f" --limit {args.limit}" if args.limit else ""
        write_page(path, f"How good {name} is", command, parts)
    if args.write:
        kept = {key: value for key, value in report.items() if key not in ("prompts", "judge")}
        add_measured(args.model, evaluation=kept)
    return Report(report, tuple("\n\n".join(parts).splitlines()))
