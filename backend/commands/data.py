"""`motiongpt data`: motion capture to data sets for training, and a look at them."""

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...retarget.errors import MotionGPTError
from .shared.declaring import Subparsers, add_command, add_group
from .shared.outputs import PICTURE_FORMATS, check_output, draft_of
from .shared.report import Report

if TYPE_CHECKING:
    from ..dataset.clips import Clip, Dataset

_NAMED = 6  # clips that a summary names; the rest are in a file


def declare(subparsers: Subparsers) -> None:
    """Declare `data import`, `data look`, `data author` and `data derive`."""
    inner = add_group(subparsers, "data", "make data sets for training")
    _declare_import(inner)
    _declare_look(inner)
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
    parser.add_argument("--no-mirror", action="store_true", help="leave out the mirrored copies of the clips")
    parser.add_argument(
        "--humanml3d", type=Path, metavar="DIR", help="instead of clips: HumanML3D's index and texts ..."
    )
    parser.add_argument("--amass", type=Path, metavar="DIR", help="... over the collections of AMASS in this folder")
    parser.add_argument("--body", type=Path, metavar="DIR", help="SMPL-H or SMPL-X body files, for AMASS")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DATASET", help="folder to write")


def _declare_look(inner: Subparsers) -> None:
    parser = add_command(
        inner,
        "look",
        "show what a data set holds: its sets, and a picture of clips with their captions",
        "motiongpt data look dataset/ -o sheet.png --match wave",
        run_look,
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help=".png; without it, only the table is printed")
    parser.add_argument("--match", metavar="WORD", help="only clips with this in their name, action or captions")
    parser.add_argument("--set", metavar="SET", help="only clips of this set")
    parser.add_argument("--limit", type=int, default=12, metavar="N", help="clips in the picture, at most 60 (12)")
    parser.add_argument("--mirrored", action="store_true", help="mirrored copies too")


def run_import(args: argparse.Namespace) -> Report:
    """Import clips, or HumanML3D from AMASS, as a data set."""
    from rich.console import Console
    from rich.progress import Progress

    from ..dataset.humanml3d import import_humanml3d
    from ..dataset.importing.bvh_clips import Imported, import_clips

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
            found = Imported(dataset, (args.output / "skipped.txt").read_text(encoding="utf-8").splitlines())
        else:
            found = import_clips(args.sources, args.output, args.captions, _selection(args), show)
    return _import_report(args.output, found)


def _selection(args: argparse.Namespace) -> Any:
    from ..dataset.importing.bvh_clips import Selection
    from ..dataset.sets import read_sets

    if args.group and not args.sets:
        raise MotionGPTError("--group needs the licences of the sets.", "Give them with --sets FILE.", "usage")
    return Selection(read_sets(args.sets) if args.sets else {}, args.group, args.only, not args.no_mirror)


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


def run_look(args: argparse.Namespace) -> Report:
    """What a data set holds, as a table of its sets and a contact sheet."""
    from ..dataset.clips import load_dataset

    if args.output:
        check_output(args.output, PICTURE_FORMATS)
    if not 1 <= args.limit <= 60:
        raise MotionGPTError(f"A sheet shows 1 to 60 clips, not {args.limit}.", "Choose another --limit.", "usage")
    dataset = load_dataset(args.dataset)
    chosen = [c for c in dataset.clips if _wanted(c, args)]
    if not chosen:
        raise MotionGPTError(
            f"No clip of {args.dataset} fits.", f"Its sets are: {', '.join(sorted({c.set for c in dataset.clips}))}."
        )
    table = _table(dataset.clips)
    lines = [f"{'set':24} {'clips':>6} {'minutes':>8} {'draws':>7}"]
    lines += [f"{row['set']:24} {row['clips']:6} {row['minutes']:8.1f} {row['draws']:7.1%}" for row in table]
    data: dict[str, Any] = {"sets": table, "actions": _actions(dataset.clips), "found": len(chosen)}
    if args.output:
        step = max(1.0, len(chosen) / args.limit)
        shown = [chosen[int(i * step)] for i in range(min(args.limit, len(chosen)))]
        _draw(dataset, shown, args.output)
        data |= {"path": str(args.output), "clips": [c.name for c in shown]}
        lines.append(f"{args.output}: {len(shown)} of {len(chosen)} clips")
    return Report(data, tuple(lines))


def _wanted(clip: "Clip", args: argparse.Namespace) -> bool:
    words = " ".join((clip.name, clip.action, *clip.captions, *clip.tags.values())).lower()
    fits = not args.match or args.match.lower() in words
    return fits and (not args.set or clip.set == args.set) and (args.mirrored or not clip.mirrored)


def _table(clips: Sequence["Clip"]) -> list[dict[str, Any]]:
    """For each set: clips and minutes without mirrored copies, and its share of the draws in training."""
    from ..features import FPS

    drawn = _shares(clips, [c.set for c in clips])
    minutes: dict[str, float] = defaultdict(float)
    number: Counter[str] = Counter()
    for clip in clips:
        if not clip.mirrored:
            number[clip.set] += 1
            minutes[clip.set] += clip.frames / FPS / 60
    return [
        {"set": name, "clips": number[name], "minutes": round(minutes[name], 2), "draws": round(drawn[name], 4)}
        for name in sorted(drawn)
    ]


def _actions(clips: Sequence["Clip"]) -> dict[str, float]:
    from ..dataset.sampling import action_of

    found = _shares(clips, [action_of(c) for c in clips])
    return {name: round(share, 5) for name, share in sorted(found.items(), key=lambda one: -one[1])}


def _shares(clips: Sequence["Clip"], keys: Sequence[str]) -> dict[str, float]:
    """Each key's share of the windows that the tokenizer draws, which come from training clips only."""
    from ..dataset.sampling import draw_weights

    training = [(c, k) for c, k in zip(clips, keys, strict=True) if c.split == "train"]
    shares = dict.fromkeys(keys, 0.0)
    for (_, key), share in zip(training, draw_weights([c for c, _ in training]).tolist(), strict=True):
        shares[key] += share
    return shares


def _draw(dataset: "Dataset", clips: Sequence["Clip"], path: Path) -> None:
    import numpy as np

    from ..features import features_to_motion
    from ..output.pictures import render_sheet

    titles = []
    for clip in clips:
        said = " / ".join(clip.captions[:3]) or " ".join(clip.tags.values()) or "no caption"
        title = f"{clip.name}{' (mirrored)' if clip.mirrored else ''}  [{clip.action or '-'}]  {said}"
        titles.append(title if len(title) < 150 else f"{title[:147]}...")
    motions = [features_to_motion(np.asarray(dataset.of(c), np.float64)) for c in clips]
    with draft_of(path) as draft:
        render_sheet(motions, titles, draft)
