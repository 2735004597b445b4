"""`motiongpt evaluate inbetween`."""

import argparse
from pathlib import Path
from typing import Any

from ....retarget.errors import MotionGPTError
from ...model_folder import add_measured
from ..shared.asking import load
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.report import Report


def declare(inner: Subparsers) -> None:
    """Declare `inbetween`."""
    parser = add_command(
        inner,
        "inbetween",
        "how well gaps between poses are filled, beside interpolation and Blender's curves",
        "motiongpt evaluate inbetween dataset/ --windows 100 --json",
        run,
    )
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="a data set; its test clips are used")
    parser.add_argument("--windows", type=int, default=100, help="stretches of clips for each gap, at most (100)")
    parser.add_argument("--text", action="store_true", help="also with the clips' captions")
    parser.add_argument("--write", action="store_true", help="put the result on the model's card")
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """L2P, L2Q and NPSS of every method at every gap, and their shares of interpolation's."""
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
    return Report({"model": engine.name, "table": table, "shares": shares(table)}, tuple(lines_of(table)))


def shares(table: dict[str, Any]) -> dict[str, dict[str, dict[str, float]]]:
    """The model's L2P, L2Q and NPSS as shares of interpolation's."""
    return {
        name: {
            gap: {k: round(rows["model"][k] / max(rows["interpolation"][k], 1e-9), 3) for k in ("l2p", "l2q", "npss")}
            for gap, rows in gaps.items()
        }
        for name, gaps in table.items()
    }


def lines_of(table: dict[str, Any]) -> list[str]:
    """The table as Markdown."""
    lines = ["| given | gap | method | L2P | L2Q | NPSS | feet slide, cm/s | jerky at the key |", "|" + " --- |" * 8]
    for name, gaps in table.items():
        for gap, rows in gaps.items():
            base = rows["interpolation"]
            for method, row in rows.items():
                if method == "windows":
                    continue
                cells = [f"{row[k]:.3f} ({row[k] / max(base[k], 1e-9):.2f})" for k in ("l2p", "l2q", "npss")]
                cells += [f"{row['sliding']:.1f}", f"{row['jerky']:.1%}" if name == "context" else ""]
                lines.append(f"| {name} | {gap} | {method} | {' | '.join(cells)} |")
    return lines
