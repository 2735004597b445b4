"""`motiongpt evaluate travel`: whether distances and paths are met, and how well loops close."""

import argparse
from dataclasses import asdict

from ....retarget.errors import MotionGPTError
from ...output.results import write_page
from ..shared.asking import load
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.outputs import add_page_option
from ..shared.progress import progress_bar
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `travel`."""
    parser = add_command(
        inner,
        "travel",
        "how well distances and paths are met, and loops close",
        "motiongpt evaluate travel --seed 1",
        run,
    )
    parser.add_argument("--seed", type=int, default=0, help="of all motions (0)")
    add_model_arguments(parser)
    add_page_option(parser)


def run(args: argparse.Namespace) -> Report:
    """Make every request in numbers and every loop, and measure them on the joints."""
    from ...evaluation.travel import distances, loops, pages

    if args.seed < 0:
        raise MotionGPTError(f"{args.seed} is not a valid seed.", "Give a whole number from 0.")
    engine = load(args)
    with progress_bar(quiet=args.json) as show:
        answers = distances.travel(
            engine, distances.requests(), args.seed, lambda done, total: show("Distances", done / total)
        )
        made = loops.make_loops(engine, args.seed, lambda done, total: show("Loops", done / total))
    parts = [pages.DISTANCES, pages.distances_table(answers), pages.LOOPS, pages.loops_table(made)]
    if args.page:
        rows = ["All requests:", pages.requests_table(answers)]
        write_page(args.page, f"Travel and loops: {engine.name}", _command(args), [*parts, *rows])
    data = {"model": engine.name, "distances": distances.figures(answers), "loops": [asdict(loop) for loop in made]}
    return Report(data, tuple("\n\n".join(parts).splitlines()))


def _command(args: argparse.Namespace) -> str:
    return "evaluate travel" + (f" --seed {args.seed}" if args.seed else "")
