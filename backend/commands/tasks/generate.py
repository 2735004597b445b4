"""`motiongpt generate`: text to motion files."""

import argparse

from ... import limits
from ...tasks import Generate
from ..shared import asking
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.outputs import add_character_arguments, character_options
from ..shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `generate`."""
    parser = add_command(
        subparsers,
        "generate",
        "generate motion from a text",
        'motiongpt generate "a person walks forward" --seconds 4 --seed 1 -o walk.bvh',
        run,
    )
    parser.add_argument("prompt", metavar="PROMPT", help="what the person does")
    asking.add_output(parser)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of the motion (4)")
    parser.add_argument("--fps", type=float, default=30.0, help="frame rate of the output (30)")
    asking.add_sampling(parser)
    add_character_arguments(parser)
    add_model_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Check everything that can be checked without the model, then generate, then write."""
    task = Generate(args.prompt, args.seconds, seed=args.seed, variations=args.variations)
    task.check()
    limits.check_fps(args.fps)
    limits.check_file(args.seconds, args.fps, args.variations)
    paths, options = asking.output_files(args), character_options(args)
    engine = asking.load(args)
    generated = asking.answer(args, engine, task).motions
    motions = [asking.at_rate(motion, args.fps, args.seconds) for motion in generated]
    return asking.write(args, engine, motions, paths, options)
