"""`motiongpt describe`: a motion in words."""

import argparse

from ...tasks import Describe
from ..shared import asking
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `describe`, which answers to `caption` too."""
    example = "motiongpt describe walk.npz"
    parser = add_command(subparsers, "describe", "describe a motion in words", example, run, aliases=("caption",))
    asking.add_input(parser)
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """One line of text."""
    motion = asking.read_task_input(args)
    engine = asking.load(args)
    texts = asking.answer(args, engine, Describe(), [motion]).texts
    return Report({"texts": list(texts), "model": engine.name, "device": engine.device}, texts)
