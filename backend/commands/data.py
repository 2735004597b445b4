"""`motiongpt data`: motion capture to data sets for training."""

import argparse
from pathlib import Path

from ...retarget.errors import MotionGPTError
from .shared.declaring import Subparsers, add_command, add_group
from .shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `data import` and `data author`."""
    inner = add_group(subparsers, "data", "make data sets for training")
    _declare_import(inner)
    _declare_author(inner)


def _declare_author(inner: Subparsers) -> None:
    parser = add_command(
        inner,
        "author",
        "make acting from key poses, laid over recorded idles, walks and sits",
        "motiongpt data author clips/ -o authored/ --only nod --variants 8",
        run_author,
    )
    parser.add_argument("base", type=Path, metavar="BASE", help="folder of recorded clips with captions")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="folder to write")
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


def run_author(args: argparse.Namespace) -> Report:
    """Make the library of authored acting, or a part of it."""
    from rich.console import Console
    from rich.progress import Progress

    from ..dataset.authoring.library import author

    if not args.base.is_dir():
        raise MotionGPTError(f"There is no folder {args.base}.", "Give a folder of recorded clips.", "usage")
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Making gestures")

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        made = author(args.base, args.output, args.only, args.variants, args.seed, args.without, progress=show)
    refused = sum(": not a base" not in line for line in made.skipped)
    data = {"path": str(args.output), "clips": len(made.bases), "captions": len(made.captions), "refused": refused}
    lines = [f"{args.output}: {len(made.bases)} clips, {len(made.captions)} captions"]
    if refused:
        lines.append(f"{refused} were refused; the reasons are in {args.output / 'skipped.txt'}")
    return Report(data, tuple(lines))


def _declare_import(inner: Subparsers) -> None:
    parser = add_command(
        inner,
        "import",
        "read motion capture into a data set",
        "motiongpt data import clips/ more-clips/ --captions captions.csv -o dataset/",
        run_import,
    )
    parser.add_argument("sources", nargs="*", type=Path, metavar="CLIPS", help="folders or .bvh files")
    parser.add_argument("--captions", type=Path, metavar="CSV", help="table with the columns file and caption")
    parser.add_argument("--no-mirror", action="store_true", help="leave out the mirrored copies of the clips")
    parser.add_argument(
        "--humanml3d", type=Path, metavar="DIR", help="instead of clips: HumanML3D's index and texts ..."
    )
    parser.add_argument("--amass", type=Path, metavar="DIR", help="... over the collections of AMASS in this folder")
    parser.add_argument("--body", type=Path, metavar="DIR", help="SMPL-H or SMPL-X body files, for AMASS")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DATASET", help="folder to write")


def run_import(args: argparse.Namespace) -> Report:
    """Import clips, or HumanML3D from AMASS, as a data set."""
    from rich.console import Console
    from rich.progress import Progress

    from ..dataset.bvh_clips import import_clips
    from ..dataset.humanml3d import import_humanml3d

    of_index = args.humanml3d is not None and args.amass is not None
    if of_index == bool(args.sources) or (args.humanml3d is None) != (args.amass is None):
        raise MotionGPTError(
            "Give either clips, or --humanml3d and --amass.", "See: motiongpt data import --help", "usage"
        )
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading clips")

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if of_index:
            dataset = import_humanml3d(args.humanml3d, args.amass, args.output, args.body, show)
        else:
            dataset = import_clips(args.sources, args.output, args.captions, not args.no_mirror, show)
    worded = sum(bool(c.captions or c.tags) for c in dataset.clips)
    data = {"path": str(args.output), "clips": len(dataset.clips), "captioned": worded, "frames": len(dataset.features)}
    return Report(data, (f"{args.output}: {len(dataset.clips)} clips, {worded} with captions",))
