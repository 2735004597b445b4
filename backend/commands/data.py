"""`motiongpt data`: motion capture to data sets for training."""

import argparse
from pathlib import Path

from ...retarget.errors import MotionGPTError
from .shared.declaring import Subparsers, add_command, add_group
from .shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `data import` and `data derive`."""
    inner = add_group(subparsers, "data", "make data sets for training")
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
    parser = add_command(
        inner,
        "derive",
        "make training clips from recorded ones: paths, distances, manners of walking, counts, sequences",
        "motiongpt data derive clips/ -o derived/",
        run_derive,
    )
    parser.add_argument("base", type=Path, metavar="BASE", help="folder of recorded clips")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="folder to write")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other clips (default: 0)")
    parser.add_argument(
        "--variants", type=float, default=1.0, metavar="N", help="N times the usual number of clips (default: 1)"
    )


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


def run_derive(args: argparse.Namespace) -> Report:
    """Make clips from recorded ones, joined with the default model's transition model."""
    from rich.console import Console
    from rich.progress import Progress

    from ..dataset.derived.book import derive
    from ..engines.shared.gaps import load_transition
    from ..model_folder import DEFAULT_MODEL, find_model

    model = load_transition(*find_model(DEFAULT_MODEL), "cpu")
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading clips")

        def show(stage: str, done: int, total: int) -> None:
            bar.update(task, description=stage, completed=done, total=total)

        made = derive(args.base, args.output, model, args.seed, args.variants, show)
    count, left_out = sum(made.clips.values()), sum(made.left_out.values())
    sets = ", ".join(f"{name} {number}" for name, number in sorted(made.clips.items()))
    data = {"path": str(args.output), "clips": made.clips, "seconds": made.seconds, "left_out": made.left_out}
    lines = [f"{args.output}: {count} clips, {made.seconds / 60:.0f} minutes ({sets})"]
    if left_out:
        names = ", ".join(f"{name} {number}" for name, number in sorted(made.left_out.items()))
        lines.append(f"{left_out} did not come out well and were left out: {names}")
    return Report(data, tuple(lines))
