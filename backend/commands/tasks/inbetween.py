"""`motiongpt inbetween`: the frames between kept poses."""

import argparse

from ... import limits
from ...tasks import Inbetween
from ..shared import asking
from ..shared.declaring import Subparsers, add_command
from ..shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `inbetween`."""
    parser = add_command(
        subparsers,
        "inbetween",
        "keep some frames of a motion and generate the others",
        "motiongpt inbetween poses.bvh --poses 0,45,90 -o filled.bvh",
        run,
    )
    asking.add_input(parser)
    parser.add_argument("--poses", "--keep", type=read_frames, required=True, dest="keep", metavar="FRAMES",
        help="frames to keep, as in 0,45,90",
    )  # fmt: skip
    asking.add_edit_output(parser)


def read_frames(text: str) -> tuple[int, ...]:
    """Comma-separated frames and ranges such as 0-10."""
    frames: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise argparse.ArgumentTypeError(f"{text} is not a list of frames such as 0,45,90 or 0-10,90")
        stop = int(last) if dash else int(first)
        if stop >= limits.MAX_MOTION_FRAMES:
            raise argparse.ArgumentTypeError(f"{stop} is beyond the last frame that a motion can have")
        frames += range(int(first), stop + 1)
    return tuple(frames)


def run(args: argparse.Namespace) -> Report:
    """The input motion, with all but the kept frames generated."""
    return asking.edit(args, Inbetween(args.keep, args.prompt, seed=args.seed, variations=args.variations))
