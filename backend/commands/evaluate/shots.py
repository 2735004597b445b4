"""`motiongpt evaluate shots`: how many parts of texts of several actions are done, in their order."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Floats
from ...output.results import write_page
from ..shared.asking import load
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.outputs import add_page_option
from ..shared.progress import progress_bar
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `shots`."""
    parser = add_command(
        inner,
        "shots",
        "how many actions of texts of several are done, checked on the joints",
        "motiongpt evaluate shots --seed 1",
        run,
    )
    parser.add_argument("--seed", type=int, default=0, help="of all shots (0)")
    parser.add_argument(
        "--physics", type=Path, metavar="DATASET", help="compare speeds across seams with its recordings"
    )
    add_model_arguments(parser)
    add_page_option(parser)


def run(args: argparse.Namespace) -> Report:
    """Make every prompt of several actions, and check each part on its own frames."""
    from ...evaluation.shots import answer_shots, recorded_speeds

    if args.seed < 0:
        raise MotionGPTError(f"{args.seed} is not a valid seed.", "Give a whole number from 0.")
    recorded = _fast(recorded_speeds(args.physics)) if args.physics else None
    engine = load(args)
    with progress_bar(quiet=args.json) as show:
        answers = answer_shots(engine, args.seed, lambda done, total: show("Making shots", done / total))
    parts = [done for answer in answers for done in answer.done]
    fast = _fast(np.concatenate([answer.seams for answer in answers]))
    missing = [
        {"prompt": a.prompt.text, "missing": [c for c, d in zip(a.prompt.does, a.done, strict=True) if not d]}
        for a in answers
        if not all(a.done)
    ]
    lines = (
        f"{sum(parts)} of {len(parts)} actions done, each on its own frames (wanted: 90 %)",
        f"joint speed across seams, 99th percentile: {fast:.1f} m/s"
        + (f"; in recordings: {recorded:.1f} m/s" if recorded else ""),
    )
    failed = [f"{m['prompt']}: not {'; '.join(m['missing'])}" for m in missing]
    if args.page:
        command = f"evaluate shots --seed {args.seed}" + (" --physics dataset/" if args.physics else "")
        counts = [len(answer.prompt.does) for answer in answers]
        asked = f"Texts of two ({counts.count(2)}) and three ({counts.count(3)}) actions, each made once."
        rest = ["Not done:", _bullets(failed)] if failed else []
        write_page(args.page, f"Shots: {engine.name}", command, [asked, _bullets(lines), *rest])
    data = {
        "model": engine.name, "parts": len(parts), "done": sum(parts), "seam_speed": fast, "recorded_speed": recorded,
        "missing": missing,
    }  # fmt: skip
    return Report(data, (*failed, *lines))


def _fast(speeds: Floats) -> float:
    return float(np.quantile(speeds, 0.99))


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
