"""`motiongpt evaluate prompts`: how often motion does what simple prompts say."""

import argparse

from ....retarget.errors import MotionGPTError
from ...model_folder import add_measured
from ..shared.asking import load
from ..shared.declaring import Subparsers, add_command, add_model_arguments
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
    parser.add_argument("--write", action="store_true", help="put the result on the model's card")
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Every prompt of `backend.evaluation.prompts` over the seeds 0, 1, ..."""
    if args.seeds < 1:
        raise MotionGPTError(f"{args.seeds} seeds can't be tried.", "Use at least 1.")

    from ...evaluation.prompts import check_prompts

    engine = load(args)
    shares = check_prompts(engine, args.seeds)
    mean = sum(shares.values()) / len(shares)
    if args.write:
        add_measured(args.model, prompts=shares)
    lines = [f"{share:6.0%}  {prompt}" for prompt, share in shares.items()]
    return Report(
        {"model": engine.name, "seeds": args.seeds, "prompts": shares, "mean": mean},
        (*lines, f"{mean:6.0%}  mean of {len(shares)}"),
    )
