"""`motiongpt train attempts`: what a model makes of its clips' captions, checked on the joints."""

import argparse
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ..shared import asking
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.outputs import add_output
from ..shared.progress import progress_bar
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `attempts`."""
    parser = add_command(
        inner,
        "attempts",
        "have a model try what its clips show, checked on the joints; its picker and language model learn from that",
        "motiongpt train attempts dataset/ --model models/mine -o runs/attempts",
        run,
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="what the model was trained on")
    parser.add_argument("--each", type=int, default=12, metavar="N", help="captions of each kind of clip (12)")
    parser.add_argument("--seed", type=int, default=0, help="other captions, and other attempts (0)")
    add_model_arguments(parser)
    add_output(parser, "FOLDER", "for the attempts")


def run(args: argparse.Namespace) -> Report:
    """All candidates for every caption, each with its verdict."""
    asking.check_seeds(args.each)

    from ...dataset.clips import load_dataset
    from ...engines.starter.engine import MotionLanguageEngine
    from ...evaluation.practice.asked import asked, kinds_among
    from ...evaluation.practice.attempts import attempt, save

    engine = asking.load(args)
    if not isinstance(engine, MotionLanguageEngine):
        raise MotionGPTError(
            f"The model {engine.name} does not choose among candidates.", "Use one made by `motiongpt train export`."
        )
    with progress_bar(quiet=args.json) as show:
        found = asked(load_dataset(args.dataset), args.each, args.seed, lambda n, of: show("Captions", n / of))
        made = save(attempt(engine, found, args.seed, lambda n, of: show("Attempts", n / of)), args.output).made
    right = sum(a.right for a in made) / len(made)
    learned = sum(a.right and a.sound for a in made) / len(made)
    measured = {"captions": len(found), "kinds": kinds_among(found), "attempts": len(made)}
    lines = (
        f"{measured['captions']} captions of {measured['kinds']} kinds of clips, {len(made)} attempts",
        f"{right:6.1%}  do what was asked",
        f"{learned:6.1%}  do so, and are physically faultless",
    )
    return Report({"path": str(args.output), **measured, "right": right, "faultless": learned}, lines)
