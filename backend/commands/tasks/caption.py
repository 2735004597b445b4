"""`motiongpt caption`: a motion in words."""

import argparse

from ...tasks import Describe
from ..shared import asking
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `caption`."""
    parser = add_command(subparsers, "caption", "put a motion into words", "motiongpt caption walk.npz", run)
    asking.add_input(parser)
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """One line of text."""
    motion = asking.read_input(args.motion)
    engine = asking.load(args)
    texts = asking.answer(args, engine, Describe(), [motion]).texts
    return Report({"texts": list(texts), "model": engine.name, "device": engine.device}, texts)
