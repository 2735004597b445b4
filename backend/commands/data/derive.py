"""`motiongpt data derive`: training clips made from recorded ones."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ....retarget.errors import MotionGPTError
from ..shared.declaring import Subparsers, add_command
from ..shared.outputs import add_output
from ..shared.progress import progress_bar
from ..shared.report import Report

if TYPE_CHECKING:
    from ...inbetween.transition import TransitionModel


def declare(inner: Subparsers) -> None:
    """Declare `data derive`."""
    parser = add_command(
        inner,
        "derive",
        "make training clips from recorded ones: paths, distances, manners of walking, counts, sequences",
        "motiongpt data derive clips/ -o derived/",
        run,
    )
    parser.add_argument("base", type=Path, metavar="BASE", help="folder of recorded clips")
    add_output(parser, "FOLDER", "folder to write")
    parser.add_argument(
        "--transition", type=Path, metavar="FILE", help="transition.onnx that joins clips (the default model's)"
    )
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other clips (default: 0)")
    parser.add_argument(
        "--variants", type=float, default=1.0, metavar="N", help="N times the usual number of clips (default: 1)"
    )


def _transition(path: Path | None) -> "TransitionModel | None":
    """The transition model in a file, by default the default model's, which may have none."""
    from ...dataset.clips import POSE_FPS
    from ...engines.shared.gaps import load_transition
    from ...engines.shared.runtime import open_session
    from ...inbetween.transition import TransitionModel
    from ...model_folder import default_model, find_model

    if path is None:
        return load_transition(*find_model(default_model()), "cpu")
    if not path.is_file():
        raise MotionGPTError(f"There is no file {path}.", "Give the transition.onnx of a model.", "usage")
    return TransitionModel(open_session(path, "cpu", 1), POSE_FPS)


def run(args: argparse.Namespace) -> Report:
    """Make clips from recorded ones, joined with a model's transition model."""
    from ...dataset.derived.book import derive

    model = _transition(args.transition)
    with progress_bar() as bar:

        def show(stage: str, done: int, total: int) -> None:
            bar(stage, done / max(total, 1))

        made = derive(args.base, args.output, model, args.seed, args.variants, show)
    count, left_out = sum(made.clips.values()), sum(made.left_out.values())
    sets = ", ".join(f"{name} {number}" for name, number in sorted(made.clips.items()))
    data = {"path": str(args.output), "clips": made.clips, "seconds": made.seconds, "left_out": made.left_out}
    lines = [f"{args.output}: {count} clips, {made.seconds / 60:.0f} minutes ({sets})"]
    if left_out:
        names = ", ".join(f"{name} {number}" for name, number in sorted(made.left_out.items()))
        lines.append(f"{left_out} did not come out well and were left out: {names}")
    return Report(data, tuple(lines))
