"""`motiongpt data import`: motion capture into a data set."""

import argparse
from pathlib import Path
from typing import Any

from ....retarget.errors import MotionGPTError
from ..shared.declaring import Subparsers, add_command
from ..shared.outputs import add_output
from ..shared.progress import progress_bar
from ..shared.report import Report

_NAMED = 6  # clips that a summary names; the rest are in a file


def declare(inner: Subparsers) -> None:
    """Declare `data import`."""
    parser = add_command(
        inner,
        "import",
        "read motion capture into a data set",
        "motiongpt data import clips/ more-clips/ --captions captions.csv -o dataset/",
        run,
    )
    parser.add_argument("sources", nargs="*", type=Path, metavar="CLIPS", help="folders or .bvh files")
    parser.add_argument(
        "--captions",
        type=Path,
        action="append",
        default=[],
        metavar="CSV",
        help="table with the columns file and caption, and if you like action, weight and set; may be given repeatedly",
    )
    parser.add_argument(
        "--sets", type=Path, metavar="FILE", help="TOML or CSV: licence, group and weight of each set of clips"
    )
    parser.add_argument(
        "--group",
        action="append",
        default=[],
        choices=("free", "share-alike", "non-commercial"),
        help="take only sets of this group of licences; may be given repeatedly",
    )
    parser.add_argument("--only", action="append", default=[], metavar="SET", help="take only this set; repeatable")
    parser.add_argument(
        "--hold-out", type=Path, metavar="FILE", help="texts, one a line, that no caption may say: of a later test"
    )
    parser.add_argument("--no-mirror", action="store_true", help="leave out the mirrored copies of the clips")
    parser.add_argument(
        "--humanml3d", type=Path, metavar="DIR", help="instead of clips: HumanML3D's index and texts ..."
    )
    parser.add_argument("--amass", type=Path, metavar="DIR", help="... over the collections of AMASS in this folder")
    parser.add_argument("--body", type=Path, metavar="DIR", help="SMPL-H or SMPL-X body files, for AMASS")
    add_output(parser, "DATASET", "folder to write")


def run(args: argparse.Namespace) -> Report:
    """Import clips, or HumanML3D from AMASS, as a data set."""
    from ...dataset.humanml3d import import_humanml3d
    from ...dataset.importing.bvh_clips import Imported, import_clips

    of_index = args.humanml3d is not None and args.amass is not None
    if of_index == bool(args.sources) or (args.humanml3d is None) != (args.amass is None):
        raise MotionGPTError(
            "Give either clips, or --humanml3d and --amass.", "See: motiongpt data import --help", "usage"
        )
    with progress_bar() as bar:

        def show(done: int, total: int) -> None:
            bar("Reading clips", done / max(total, 1))

        if of_index:
            dataset = import_humanml3d(args.humanml3d, args.amass, args.output, args.body, show)
            found = Imported(dataset, (args.output / "skipped.txt").read_text(encoding="utf-8").splitlines())
        else:
            found = import_clips(args.sources, args.output, args.captions, _selection(args), show)
    return _import_report(args.output, found)


def _selection(args: argparse.Namespace) -> Any:
    from ...dataset.importing.bvh_clips import Selection, read_held_out
    from ...dataset.sets import read_sets

    if args.group and not args.sets:
        raise MotionGPTError("--group needs the licences of the sets.", "Give them with --sets FILE.", "usage")
    held_out = read_held_out(args.hold_out) if args.hold_out else frozenset()
    return Selection(read_sets(args.sets) if args.sets else {}, args.group, args.only, not args.no_mirror, held_out)


def _import_report(path: Path, found: Any) -> Report:
    clips = found.dataset.clips
    worded = sum(bool(c.captions or c.tags) for c in clips)
    groups = {
        "skipped": (found.skipped, "skipped.txt"),
        "cut": (found.cut, "changed.txt"),
        "mended, put on the floor": (found.mended, "changed.txt"),
        "floating, still over the floor half of the time (runs and leaps among them)": (found.floating, "changed.txt"),
        "in the tables, but not among the clips": (found.unused, ""),
    }
    lines = [f"{path}: {len(clips)} clips, {worded} with captions"]
    for title, (entries, file) in groups.items():
        if entries:
            more = [f"  ... {len(entries) - _NAMED} more" + (f" in {path / file}" if file else "")]
            named = [f"  {entry}" for entry in entries[:_NAMED]]
            lines += [f"{len(entries)} {title}:", *named, *more[: len(entries) > _NAMED]]
    data = {"path": str(path), "clips": len(clips), "captioned": worded, "frames": len(found.dataset.features)}
    lists = {k: getattr(found, k) for k in ("skipped", "cut", "mended", "floating", "unused")}
    return Report({**data, **lists}, tuple(lines))
