"""`motiongpt data look`: what a data set holds, in numbers and pictures."""

import argparse
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....retarget.errors import MotionGPTError
from ..shared.declaring import Subparsers, add_command
from ..shared.outputs import PICTURE_FORMATS, add_output, check_output
from ..shared.report import Report

if TYPE_CHECKING:
    from ...dataset.clips import Clip, Dataset


def declare(inner: Subparsers) -> None:
    """Declare `data look`."""
    parser = add_command(
        inner,
        "look",
        "show what a data set holds: its sets, and a picture of clips with their captions",
        "motiongpt data look dataset/ -o sheet.png --match wave",
        run,
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET")
    add_output(parser, "OUT", ".png; without it, only the table is printed", required=False)
    parser.add_argument("--match", metavar="WORD", help="only clips with this in their name, action or captions")
    parser.add_argument("--set", metavar="SET", help="only clips of this set")
    parser.add_argument("--limit", type=int, default=12, metavar="N", help="clips in the picture, at most 60 (12)")
    parser.add_argument("--mirrored", action="store_true", help="mirrored copies too")


def run(args: argparse.Namespace) -> Report:
    """What a data set holds, as a table of its sets and a contact sheet."""
    from ...dataset.clips import load_dataset

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
        _draw(dataset, shown, args.output, not args.no_clobber)
        data |= {"path": str(args.output), "clips": [c.name for c in shown]}
        lines.append(f"{args.output}: {len(shown)} of {len(chosen)} clips")
    return Report(data, tuple(lines))


def _wanted(clip: "Clip", args: argparse.Namespace) -> bool:
    words = " ".join((clip.name, clip.action, *clip.captions, *clip.tags.values())).lower()
    fits = not args.match or args.match.lower() in words
    return fits and (not args.set or clip.set == args.set) and (args.mirrored or not clip.mirrored)


def _table(clips: Sequence["Clip"]) -> list[dict[str, Any]]:
    """For each set: clips and minutes without mirrored copies, and its share of the draws in training."""
    from ...features import FPS

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
    from ...dataset.sampling import action_of

    found = _shares(clips, [action_of(c) for c in clips])
    return {name: round(share, 5) for name, share in sorted(found.items(), key=lambda one: -one[1])}


def _shares(clips: Sequence["Clip"], keys: Sequence[str]) -> dict[str, float]:
    """Each key's share of the windows that the tokenizer draws, which come from training clips only."""
    from ...dataset.sampling import draw_weights

    training = [(c, k) for c, k in zip(clips, keys, strict=True) if c.split == "train"]
    shares = dict.fromkeys(keys, 0.0)
    for (_, key), share in zip(training, draw_weights([c for c, _ in training]).tolist(), strict=True):
        shares[key] += share
    return shares


def _draw(dataset: "Dataset", clips: Sequence["Clip"], path: Path, replace: bool) -> None:
    import numpy as np

    from ...features import features_to_motion
    from ...output.drafts import draft_of
    from ...output.pictures import render_sheet

    titles = []
    for clip in clips:
        said = " / ".join(clip.captions[:3]) or " ".join(clip.tags.values()) or "no caption"
        title = f"{clip.name}{' (mirrored)' if clip.mirrored else ''}  [{clip.action or '-'}]  {said}"
        titles.append(title if len(title) < 150 else f"{title[:147]}...")
    motions = [features_to_motion(np.asarray(dataset.of(c), np.float64)) for c in clips]
    with draft_of(path, replace) as draft:
        render_sheet(motions, titles, draft)
