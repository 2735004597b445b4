"""`motiongpt continue`: continue a motion."""

import argparse

from ...tasks import Continue
from ..shared import asking
from ..shared.declaring import Subparsers, add_command
from ..shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `continue`."""
    parser = add_command(
        subparsers, "continue", "continue a motion", "motiongpt continue walk.npz --seconds 3 -o more.bvh", run
    )
    asking.add_input(parser)
    parser.add_argument("--seconds", type=float, default=4.0, help="how many seconds to add (4)")
    asking.add_edit_output(parser)


def run(args: argparse.Namespace) -> Report:
    """The input motion, continued."""
    return asking.edit(args, Continue(args.seconds, args.prompt, seed=args.seed, variations=args.variations))
