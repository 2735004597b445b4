"""`motiongpt status`: what the backends on this machine do, those of Blender among them."""

import argparse
from pathlib import Path
from typing import Any

import msgspec

from ...retarget.errors import MotionGPTError
from ..engines.measured.records import records
from ..process.connection import Handover
from ..process.protocol import ServerInfo
from ..process.watching.words import lines_of
from .shared.declaring import Subparsers, add_command
from .shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `status`."""
    parser = add_command(
        subparsers,
        "status",
        "say what the backends on this machine do: model, memory, queue, latency, errors, precision",
        "motiongpt status --json",
        run,
    )
    parser.add_argument(
        "--handover", type=Path, metavar="FILE", help="key file of one server (those of all Blenders on this machine)"
    )


def run(args: argparse.Namespace) -> Report:
    """Ask every backend."""
    from ..process.finding import handovers, status

    found = _named(args.handover) if args.handover else [handover for _, handover in handovers()]
    chosen = precisions()
    precision_lines = [f"precision: {record.line}" for record in records()]
    if not found:
        none = "No backend runs. Name the key file of a server with --handover."
        return Report({"backends": [], "precisions": chosen}, (none, *precision_lines))
    backends: list[dict[str, Any]] = []
    lines: list[str] = []
    for handover in found:
        try:
            info = status(handover)
        except MotionGPTError as error:
            backends.append({"pid": handover.pid, "error": error.message})
            lines.append(f"process {handover.pid}: {error}")
            continue
        backends.append({"pid": handover.pid, **msgspec.to_builtins(info)})
        lines += [
            _title(handover, info),
            *(f"  {line}" for line in lines_of(info.figures, info.waiting, precision=info.precision)),
        ]
    return Report({"backends": backends, "precisions": chosen}, (*lines, *precision_lines))


def precisions() -> list[dict[str, Any]]:
    """What imported models run in on this machine's processor, and why: what was measured."""
    return [msgspec.to_builtins(record) for record in records()]


def _named(path: Path) -> list[Handover]:
    from ..process.connection import read_handover

    try:
        handover = read_handover(path)
    except (OSError, msgspec.MsgspecError) as error:
        raise MotionGPTError(f"{path} is no key file of a backend ({error}).", "Check the path.") from error
    if handover is None:
        raise MotionGPTError(f"There is no {path}: its backend does not run.", "Start it with motiongpt serve.")
    return [handover]


def _title(handover: Handover, info: ServerInfo) -> str:
    return f"process {handover.pid}: {info.model} on {info.device}, {info.state}{', busy' if info.running else ''}"
