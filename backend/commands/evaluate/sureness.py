"""`motiongpt evaluate sureness`: how well a model knows what it does not know."""

import argparse

from ...model_folder import add_setting
from ..shared import asking
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.progress import progress_bar
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `sureness`."""
    parser = add_command(
        inner,
        "sureness",
        "fit how sure a model is of its motions, and measure how well that holds",
        "motiongpt evaluate sureness --model models/mine --write",
        run,
    )
    parser.add_argument("--seeds", type=int, default=2, help="motions for each prompt (2)")
    parser.add_argument("--write", action="store_true", help="put the result into the model's card")
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Check motions of the animators' prompts on their joints, and fit on half of the prompts."""
    asking.check_seeds(args.seeds)

    from dataclasses import asdict

    from ...evaluation.sureness import calibrate, judge, shares

    engine = asking.load(args)
    with progress_bar(quiet=args.json) as show:
        judged = judge(engine, args.seeds, lambda done, total: show("Prompts", done / total))
    calibration = calibrate(judged)
    measured = shares(calibration, judged)
    if args.write:
        add_setting(args.model, "sureness", asdict(calibration), measured)
    lines = (
        f"{measured['wrong_flagged']:6.0%}  of wrong motions flagged as unsure, on prompts not used for fitting",
        f"{measured['right_flagged']:6.0%}  of right motions flagged",
        f"{measured['auc']:6.2f}  probability that a right motion is surer than a wrong one (AUC)",
    )
    return Report({"model": engine.name, "calibration": asdict(calibration), **measured}, lines)
