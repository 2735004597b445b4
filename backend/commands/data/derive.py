"""`motiongpt data derive`: training clips made from recorded ones."""

import argparse
from pathlib import Path

from ..shared.declaring import Subparsers, add_command
from ..shared.outputs import add_output
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `data derive`."""
    parser = add_command(
        inner,
        "derive",
        "make training clips from recorded ones: paths, distances, manners of walking, counts, sequences",
        "motiongpt data derive clips/ -o derived/",
        run,
    )
    parser.add_argument("base", type=Path, metavar="BASE", help="folder of recorded clips")
    add_output(parser, "FOLDER", "folder to write")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other clips (default: 0)")
    parser.add_argument(
        "--variants", type=float, default=1.0, metavar="N", help="N times the usual number of clips (default: 1)"
    )


def run(args: argparse.Namespace) -> Report:
    """Make clips from recorded ones, joined with the default model's transition model."""
    from rich.console import Console
    from rich.progress import Progress

    from ...dataset.derived.book import derive
    from ...engines.shared.gaps import load_transition
    from ...model_folder import DEFAULT_MODEL, find_model

    model = load_transition(*find_model(DEFAULT_MODEL), "cpu")
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading clips")

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        made = derive(args.base, args.output, model, args.seed, args.variants, show)
    count, left_out = sum(made.clips.values()), sum(made.left_out.values())
    sets = ", ".join(f"{name} {number}" for name, number in sorted(made.clips.items()))
    data = {"path": str(args.output), "clips": made.clips, "seconds": made.seconds, "left_out": made.left_out}
    lines = [f"{args.output}: {count} clips, {made.seconds / 60:.0f} minutes ({sets})"]
    if left_out:
        names = ", ".join(f"{name} {number}" for name, number in sorted(made.left_out.items()))
        lines.append(f"{left_out} did not come out well and were left out: {names}")
    return Report(data, tuple(lines))
