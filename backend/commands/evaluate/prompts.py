"""`motiongpt evaluate prompts`: how often motion does what simple prompts say."""

import argparse

from ...model_folder import add_measured
from ...output.results import grid, write_page
from ..shared import asking
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.outputs import add_page_option
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `prompts`."""
    parser = add_command(
        inner,
        "prompts",
        "how often motion does what simple prompts say",
        "motiongpt evaluate prompts --seeds 10 --json",
        run,
    )
    parser.add_argument("--seeds", type=int, default=10, help="motions for each prompt (10)")
    parser.add_argument("--write", action="store_true", help="add the result to the model's card")
    add_model_arguments(parser)
    add_page_option(parser)


def run(args: argparse.Namespace) -> Report:
    """Try every prompt of `backend.evaluation.prompts` with the seeds 0, 1, ..."""
    asking.check_seeds(args.seeds)

    from ...evaluation.prompts import check_prompts

    engine = asking.load(args)
    shares = check_prompts(engine, args.seeds)
    mean = sum(shares.values()) / len(shares)
    if args.write:
        add_measured(args.model, prompts=shares)
    if args.page:
        rows = [[prompt, f"{share:.0%}"] for prompt, share in [*shares.items(), ("mean", mean)]]
        parts = [
            f"Share of {args.seeds} motions of four seconds whose joints show what the prompt says.",
            grid(["", "done"], rows),
        ]
        write_page(args.page, f"Simple prompts: {engine.name}", f"evaluate prompts --seeds {args.seeds}", parts)
    lines = [f"{share:6.0%}  {prompt}" for prompt, share in shares.items()]
    return Report(
        {"model": engine.name, "seeds": args.seeds, "prompts": shares, "mean": mean},
        (*lines, f"{mean:6.0%}  mean of {len(shares)}"),
    )
