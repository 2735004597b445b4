"""The command line `motiongpt`. Modules that import slowly are imported by the commands that need them."""

import json
import logging
import sys
from collections.abc import Sequence

from ...retarget.errors import MotionGPTError
from ..version import __version__
from . import bench, convert, data, diagnostics, evaluate, keys, models, render, retarget, serve, status, train
from .batch import command as batch
from .shared.declaring import CommandParser
from .shared.outputs import check_no_clobber
from .tasks import continue_motion, describe, generate, inbetween, redo

log = logging.getLogger(__name__)

COMMANDS = (
    generate, redo, continue_motion, inbetween, describe, convert, retarget, render,
    batch, serve, keys, status, diagnostics, models, data, train, evaluate, bench,
)  # fmt: skip
USER_ERROR, BUG, INTERRUPTED = 2, 1, 130
"""Exit codes besides 0."""


def make_parser() -> CommandParser:
    """The whole command line."""
    parser = CommandParser(prog="motiongpt", description="Text to motion, and motion onto characters.")
    parser.add_argument("--version", action="version", version=f"motiongpt {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=CommandParser)
    for command in COMMANDS:
        command.declare(subparsers)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the process' exit code: 0, 2 for an error that the user can fix, 1 for a bug."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in arguments
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        args = make_parser().parse_args(arguments)
        check_no_clobber(args)
        report = args.run(args)
    except MotionGPTError as error:
        print(f"motiongpt: {error}", file=sys.stderr)
        if as_json:
            _print_error(error.kind, error.message, error.cure)
        return USER_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        log.exception("This is a bug in motiongpt")
        if as_json:
            _print_error("internal", f"{type(error).__name__}: {error}", "Report it with the lines on stderr.")
        return BUG
    if as_json:
        print(json.dumps(report.data), flush=True)
    else:
        for line in report.lines:
            print(line)
    return int(report.exit_code)


def _print_error(kind: str, message: str, cure: str) -> None:
    error = {"kind": kind, "message": message, "cure": cure}
    print(json.dumps({"error": error}), flush=True)
