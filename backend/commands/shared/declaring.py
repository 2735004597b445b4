"""How commands and their arguments are declared."""

import argparse
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeAlias

from ....retarget.errors import MotionGPTError
from .report import Report

Subparsers: TypeAlias = "argparse._SubParsersAction[CommandParser]"


class CommandParser(argparse.ArgumentParser):
    """Reports wrong arguments like every other error, instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        raise MotionGPTError(f"{message[:1].upper()}{message[1:]}.", f"See: {self.prog} --help", "usage")


def add_command(
    subparsers: Subparsers,
    name: str,
    summary: str,
    example: str,
    run: Callable[[argparse.Namespace], Report],
    aliases: Sequence[str] = (),
) -> CommandParser:
    """Declare a command. summary: one line without a full stop.  example: shown below its --help.  aliases: other names
    for the command."""
    parser = subparsers.add_parser(
        name,
        aliases=aliases,
        help=summary,
        description=summary[:1].upper() + summary[1:] + ".",
        epilog=f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    parser.set_defaults(run=run)
    return parser


def add_group(subparsers: Subparsers, name: str, summary: str) -> Subparsers:
    """Declare a command that holds others, such as `train`; returns where they are declared."""
    group = subparsers.add_parser(name, help=summary)
    return group.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=CommandParser)


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """--model, --device and --precision, as `load_engine` takes them."""
    from ...engine import DEVICES, PRECISIONS
    from ...model_folder import default_model

    chosen = default_model()
    parser.add_argument("--model", default=chosen, metavar="NAME", help=f"installed model or model folder ({chosen})")
    parser.add_argument("--device", default="auto", choices=DEVICES, help="where to run the model (auto)")
    parser.add_argument(
        "--precision",
        default="auto",
        choices=PRECISIONS,
        help="of imported models; auto: the best on this CPU by a short measurement, bfloat16 on a GPU",
    )
