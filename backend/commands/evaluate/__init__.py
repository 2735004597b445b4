"""`motiongpt evaluate`: how good a model is. Every measurement is a command of its own, in a file of its own."""

from .. import common
from . import inbetween, model, prompts


def add_commands(subparsers: "common.Subparsers") -> None:
    """Declare `evaluate` and what it can measure."""
    evaluate = subparsers.add_parser("evaluate", help="measure how good a model is")
    inner = evaluate.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=common.CommandParser
    )
    for measurement in (model, prompts, inbetween):
        measurement.add_command(inner)
