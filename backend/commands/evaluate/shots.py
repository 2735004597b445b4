"""`motiongpt evaluate shots`: how many parts of texts of several actions are done, in their order."""

import argparse

import numpy as np

from ....retarget.errors import MotionGPTError
from ..shared.asking import load
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.progress import progress_bar
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `shots`."""
    parser = add_command(
        inner,
        "shots",
        "how many actions of texts of several are done, checked on the joints",
        "motiongpt evaluate shots --seed 1",
        run,
    )
    parser.add_argument("--seed", type=int, default=0, help="of all shots (0)")
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Make every prompt of several actions, and check each part on its own frames."""
    from ...evaluation.shots import answer_shots

    if args.seed < 0:
        raise MotionGPTError(f"{args.seed} is not a valid seed.", "Give a whole number from 0.")
    engine = load(args)
    with progress_bar(quiet=args.json) as show:
        answers = answer_shots(engine, args.seed, lambda done, total: show("Making shots", done / total))
    parts = [done for answer in answers for done in answer.done]
    fast = float(np.quantile(np.concatenate([answer.seams for answer in answers]), 0.99))
    missing = [
        {"prompt": a.prompt.text, "missing": [c for c, d in zip(a.prompt.does, a.done, strict=True) if not d]}
        for a in answers
        if not all(a.done)
    ]
    data = {"model": engine.name, "parts": len(parts), "done": sum(parts), "seam_speed": fast, "missing": missing}
    lines = [f"{m['prompt']}: not {'; '.join(m['missing'])}" for m in missing]
    summary = f"{sum(parts)} of {len(parts)} actions done; joint speed across seams, 99th percentile: {fast:.1f} m/s"
    return Report(data, (*lines, summary))
