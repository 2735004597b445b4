"""`motiongpt evaluate inbetween`: how well gaps between poses are filled."""

import argparse
from pathlib import Path
from typing import Any

from ....retarget.errors import MotionGPTError
from ...model_folder import add_measured
from ...output.results import grid, write_page
from ..shared.asking import load
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.outputs import add_page_option
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `inbetween`."""
    parser = add_command(
        inner,
        "inbetween",
        "how well gaps between poses are filled, compared with interpolation and Blender's curves",
        "motiongpt evaluate inbetween dataset/ --windows 100 --json",
        run,
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="a data set; its test clips are used")
    parser.add_argument("--windows", type=int, default=100, help="excerpts of clips for each gap length, at most (100)")
    parser.add_argument("--text", action="store_true", help="also with the clips' captions")
    parser.add_argument("--write", action="store_true", help="add the result to the model's card")
    add_model_arguments(parser)
    add_page_option(parser)


def run(args: argparse.Namespace) -> Report:
    """L2P, L2Q and NPSS of every method at every gap length, and their ratios to those of interpolation."""
    if args.windows < 1:
        raise MotionGPTError(f"{args.windows} windows can't be measured.", "Use at least 1.")

    from ...evaluation import inbetween

    engine = load(args)
    methods = {
        "interpolation": inbetween.interpolation,
        "bezier": inbetween.bezier,
        "model": inbetween.by_engine(engine, with_text=False),
    }
    if args.text:
        methods["model with text"] = inbetween.by_engine(engine, with_text=True)
    table = inbetween.evaluate_inbetween(args.dataset, methods, args.windows)
    if args.write:
        add_measured(args.model, inbetween=shares(table))
    if args.page:
        command = f"evaluate inbetween dataset/ --windows {args.windows}{' --text' if args.text else ''}"
        write_page(args.page, f"In-betweening: {engine.name}", command, [_EXPLAINED, table_of(table)])
    return Report({"model": engine.name, "table": table, "shares": shares(table)}, tuple(table_of(table).splitlines()))


def shares(table: dict[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """Ratios of the model's L2P, L2Q and NPSS to those of interpolation."""
    return {
        name: {
            gap: {k: round(rows["model"][k] / max(rows["interpolation"][k], 1e-9), 3) for k in ("l2p", "l2q", "npss")}
            for gap, rows in gaps.items()
        }
        for name, gaps in table.items()
    }


_EXPLAINED = """\
Given are ten frames of context before the gap and one pose after it, or two single poses, at 30 frames a second. L2P,
L2Q and NPSS are those of the LAFAN1 benchmark, with deviations of this data set's training clips; in brackets their
share of interpolation's. Interpolation is spherical for rotations and linear for the root; Bézier stands for Blender's
curves with auto-clamped handles. Feet slide: speed of heels and toes while the true ones stand. Jerky: share of joints
and root whose velocity changes at the key by more than in 99 of 100 frames of real motion."""


def table_of(table: dict[str, Any]) -> str:
    """The table in Markdown."""
    rows = []
    for name, gaps in table.items():
        for gap, found in gaps.items():
            base = found["interpolation"]
            for method, row in found.items():
                if method == "windows":
                    continue
                cells = [f"{row[k]:.3f} ({row[k] / max(base[k], 1e-9):.2f})" for k in ("l2p", "l2q", "npss")]
                cells += [f"{row['sliding']:.1f}", f"{row['jerky']:.1%}" if name == "context" else ""]
                rows.append([name, gap, method, *cells])
    return grid(["given", "gap", "method", "L2P", "L2Q", "NPSS", "feet slide, cm/s", "jerky at the key"], rows)
