"""`motiongpt data author`: acting made from key poses."""

import argparse
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ..shared.declaring import Subparsers, add_command
from ..shared.outputs import add_output
from ..shared.progress import progress_bar
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `data author`."""
    parser = add_command(
        inner,
        "author",
        "make acting from key poses, laid over recorded idles, walks and sits",
        "motiongpt data author clips/ -o authored/ --only nod --variants 8",
        run,
    )
    parser.add_argument("base", type=Path, metavar="BASE", help="folder of recorded clips with captions")
    add_output(parser, "FOLDER", "folder to write")
    parser.add_argument("--only", action="append", metavar="NAME", help="make this gesture only; may be repeated")
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help="leave out the clips in this folder of BASE; may be repeated",
    )
    parser.add_argument("--variants", type=int, default=12, metavar="N", help="clips of each gesture (12)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="other clips of the same gestures (0)")


def run(args: argparse.Namespace) -> Report:
    """Make the library of authored acting, or a part of it."""
    from ...dataset.authoring.library import author

    if not args.base.is_dir():
        raise MotionGPTError(f"There is no folder {args.base}.", "Give a folder of recorded clips.", "usage")
    with progress_bar() as bar:

        def show(done: int, total: int) -> None:
            bar("Making gestures", done / max(total, 1))

        made = author(args.base, args.output, args.only, args.variants, args.seed, args.without, progress=show)
    refused = sum(": not a base" not in line for line in made.skipped)
    data = {"path": str(args.output), "clips": len(made.bases), "captions": len(made.captions), "refused": refused}
    lines = [f"{args.output}: {len(made.bases)} clips, {len(made.captions)} captions"]
    if refused:
        lines.append(f"{refused} were refused; the reasons are in {args.output / 'skipped.txt'}")
    return Report(data, tuple(lines))
