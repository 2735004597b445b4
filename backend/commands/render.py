"""`motiongpt render`: motion files as one picture."""

import argparse
from pathlib import Path

from .shared.declaring import Subparsers, add_command
from .shared.inputs import INPUT_FORMATS, add_take, read_input
from .shared.outputs import PICTURE_FORMATS, add_output, check_output, motion_title
from .shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `render`."""
    parser = add_command(
        subparsers,
        "render",
        "draw motion files as one picture, a row each",
        "motiongpt render walk.npz run.bvh -o sheet.png",
        run,
    )
    parser.add_argument("motions", nargs="+", type=Path, metavar="MOTION", help=" ".join(INPUT_FORMATS))
    add_take(parser)
    add_output(parser, "OUT", ".png")


def run(args: argparse.Namespace) -> Report:
    """Draw all motions into one picture."""
    from ..output.drafts import draft_of
    from ..output.pictures import render_sheet

    check_output(args.output, PICTURE_FORMATS)
    motions = [read_input(path, args.take) for path in args.motions]
    titles = [motion_title(m, path.stem) for m, path in zip(motions, args.motions, strict=True)]
    with draft_of(args.output, not args.no_clobber) as draft:
        render_sheet(motions, titles, draft)
    return Report({"path": str(args.output), "motions": len(motions)}, (f"{args.output}: {len(motions)} motions",))
