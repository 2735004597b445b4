"""`motiongpt diagnostics`: a zip file for reports of faults, without prompts."""

import argparse
from pathlib import Path
from typing import Any

import msgspec

from ...retarget.errors import MotionGPTError
from ..model_folder import installed_models
from .shared.declaring import Subparsers, add_command
from .shared.outputs import add_output, check_output
from .shared.report import Report
from .status import precisions


def declare(subparsers: Subparsers) -> None:
    """Declare `diagnostics`."""
    parser = add_command(
        subparsers,
        "diagnostics",
        "write versions, figures and logs into a zip file for reports of faults",
        "motiongpt diagnostics -o motiongpt.zip --log ~/motiongpt.log",
        run,
    )
    add_output(parser, "FILE.zip", ".zip")
    parser.add_argument(
        "--log", type=Path, action="append", default=[], metavar="FILE", help="a log of `motiongpt serve` to take along"
    )
    parser.add_argument("--with-prompts", action="store_true", help="leave texts in quotation marks in the logs")


def run(args: argparse.Namespace) -> Report:
    """Gather and write."""
    from ..process.watching.diagnostics import write_bundle

    check_output(args.output, (".zip",))
    for log in args.log:
        if not log.is_file():
            raise MotionGPTError(f"There is no log {log}.", "Check the path.")
    facts = {"models": list(installed_models()), "backends": _backends(), "precisions": precisions()}
    names = write_bundle(args.output, args.log, facts, args.with_prompts)
    return Report({"path": str(args.output), "files": names}, (f"{args.output}: {', '.join(names)}",))


def _backends() -> list[dict[str, Any]]:
    from ..process.finding import handovers, status

    found = []
    for _, handover in handovers():
        try:
            found.append({"pid": handover.pid, **msgspec.to_builtins(status(handover))})
        except MotionGPTError as error:
            found.append({"pid": handover.pid, "error": error.message})
    return found
