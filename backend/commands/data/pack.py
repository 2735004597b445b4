"""`motiongpt data pack`: what a training needs, small enough to travel to a machine with a GPU."""

import argparse
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from ....retarget.errors import MotionGPTError
from ..shared.asking import need_torch
from ..shared.declaring import Subparsers, add_command
from ..shared.progress import progress_bar
from ..shared.report import Report

if TYPE_CHECKING:
    from ...dataset.clips import Clip


def declare(inner: Subparsers) -> None:
    """Declare `data pack`."""
    parser = add_command(
        inner,
        "pack",
        "pack a data set small, to train on another machine: its motion, or with --tokenizer its tokens",
        "motiongpt data pack dataset/ -o pack/",
        run,
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="a data set of `motiongpt data import`")
    parser.add_argument(
        "--tokenizer", type=Path, metavar="FOLDER", help="pack the tokens of a trained tokenizer, for a language model"
    )
    parser.add_argument(
        "--megabytes", type=float, default=60.0, metavar="MB", help="of motion, at most; clips are left out (60)"
    )
    parser.add_argument("--composites", type=int, metavar="N", help="with --tokenizer: see `train language-model` (8)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER", help="folder to write")


def run(args: argparse.Namespace) -> Report:
    """Pack motion or tokens."""
    if args.output.resolve() == args.dataset.resolve():
        raise MotionGPTError("The pack would overwrite the data set.", "Give another folder with -o.", "usage")
    return _pack_motion(args) if args.tokenizer is None else _pack_tokens(args)


def _pack_motion(args: argparse.Namespace) -> Report:
    from ...dataset.importing.packed import pack_dataset

    with progress_bar() as bar:

        def show(done: int, total: int) -> None:
            bar("Packing clips", done / max(total, 1))

        packed = pack_dataset(args.dataset, args.output, args.megabytes, show)
    lines = [f"{args.output}: {packed.clips} clips, {packed.minutes:.0f} minutes, {packed.size / 1e6:.1f} MB"]
    if packed.dropped:
        lines.append(f"Left out for want of room, {_by_set(packed.dropped)}.")
    data = {"path": str(args.output), "clips": packed.clips, "minutes": packed.minutes, "bytes": packed.size}
    return Report({**data, "dropped": [c.name for c in packed.dropped]}, tuple(lines))


def _by_set(clips: "list[Clip]") -> str:
    counts = Counter(c.set or "no set" for c in clips)
    return ", ".join(f"{name}: {count}" for name, count in counts.most_common())


def _pack_tokens(args: argparse.Namespace) -> Report:
    need_torch()
    from ...dataset.clips import checksum
    from ...training.language.data import LanguageTraining
    from ...training.language.packed import write_pack
    from ...training.language.train import tokenized
    from ...training.tokenizer.train import tokenizer_checksum

    training = LanguageTraining() if args.composites is None else LanguageTraining(composites=args.composites)
    made_from = {"dataset": checksum(args.dataset), "tokenizer": tokenizer_checksum(args.tokenizer)}
    made_from |= {"composites": training.composites, "seed": training.seed}
    sequences = tokenized(args.dataset, args.tokenizer, training)
    size = write_pack(sequences, made_from, args.dataset, args.tokenizer, args.output)
    minutes = sum(len(s.phases[0]) for s in sequences) / 5 / 60
    line = f"{args.output}: {len(sequences)} sequences, {minutes:.0f} minutes, {size / 1e6:.1f} MB"
    data = {"path": str(args.output), "sequences": len(sequences), "minutes": minutes, "bytes": size}
    return Report(data, (line,))
