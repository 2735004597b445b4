"""`motiongpt generate`: text to motion files; a text of several actions becomes a shot of as many blocks."""

import argparse
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ....retarget.motion.travel.loops import looped
from ....retarget.motion.travel.steering import in_place
from ... import limits
from ...shots.paths_csv import read_path
from ...shots.pins import PinText, pinned
from ...shots.plan import TEXT_SECONDS, shot_of, task_of
from ...shots.spans import at_rate
from ...tasks import Block, Generate, Shot
from ..shared import asking
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.outputs import CHARACTER_FORMATS, add_character_arguments, character_options
from ..shared.report import Report

_PIN_CURE = "Write one of these files, or pin the character in Blender."


def declare(subparsers: Subparsers) -> None:
    """Declare `generate`."""
    parser = add_command(
        subparsers,
        "generate",
        "generate motion from a text",
        'motiongpt generate "walks forward, then stops and waves" --seed 1 -o walk.bvh',
        run,
    )
    parser.add_argument("prompt", metavar="PROMPT", nargs="?", help="what the person does, one action after the other")
    parser.add_argument(
        "--block", action="append", default=[], type=_block, metavar="TEXT[:SECONDS]",
        help="an action and its length, instead of PROMPT; give it once for each, in their order",
    )  # fmt: skip
    asking.add_output(parser)
    parser.add_argument("--seconds", type=float, help="length of the whole (4; of several actions, what each takes)")
    parser.add_argument("--fps", type=float, default=30.0, help="frame rate of the output (30)")
    parser.add_argument("--path", type=Path, metavar="FILE.csv", help="points x,z or x,z,t that the person follows")
    parser.add_argument(
        "--pin", action="append", default=[], type=PinText.read, metavar="LIMB:X,Y,Z:FROM-TO",
        help="hold left_hand, right_hand, left_foot or right_foot on a place in metres, on these frames of an .npz or "
        ".bvh file",
    )  # fmt: skip
    parser.add_argument("--loop", action="store_true", help="write the best seamless cycle of the motion")
    asking.add_sampling(parser)
    add_character_arguments(parser)
    add_model_arguments(parser)


def _block(text: str) -> Block:
    """TEXT or TEXT:SECONDS."""
    prompt, colon, seconds = text.rpartition(":")
    if not colon:
        return Block(text)
    try:
        return Block(prompt, float(seconds))
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not an action and its seconds, such as "walks:3"') from None


def run(args: argparse.Namespace) -> Report:
    """Check everything that can be checked without the model, then generate, then write."""
    task = _task(args)
    task.check()
    limits.check_fps(args.fps)
    if args.seconds is not None:
        limits.check_file(args.seconds, args.fps, args.variations)
    paths = asking.output_files(args)
    holds_character = args.output.suffix.lower() in CHARACTER_FORMATS
    if args.pin and (holds_character or args.loop):
        raise MotionGPTError("--pin holds limbs of .npz and .bvh files, and not of loops.", _PIN_CURE, "usage")
    without_travel = args.in_place and not holds_character
    options = None if without_travel else character_options(args)
    engine = asking.load(args)
    generated = asking.answer(args, engine, task).motions
    motions = [_finished(motion, args, without_travel) for motion in generated]
    args.prompt = motions[0].meta["text"]
    return asking.write(args, engine, motions, paths, options)


def _task(args: argparse.Namespace) -> Generate | Shot:
    """A shot where there are several actions or numbers to be met; raises MotionGPTError for arguments that don't go
    together."""
    if (args.prompt is None) == (not args.block):
        raise MotionGPTError("There is not one text.", "Give PROMPT or --block, and not both.", "usage")
    if args.block and args.seconds is not None:
        raise MotionGPTError("--seconds is about PROMPT.", 'Give each block its own, as in --block "walks:3".', "usage")
    if args.seconds is not None:
        limits.check_seconds(args.seconds)
    limits.check_prompt(args.block[0].prompt if args.prompt is None else args.prompt)
    points = None if args.path is None else read_path(args.path)
    if args.block:
        shot = Shot(tuple(args.block), seed=args.seed, variations=args.variations)
    elif points is None:
        return task_of(args.prompt, args.seconds, args.seed, args.variations)
    else:
        shot = shot_of(args.prompt, args.seconds, args.seed, args.variations)
    if points is not None and len(shot.blocks) == 1:
        block = shot.blocks[0]
        return Shot((Block(block.prompt, block.seconds, path=points),), seed=args.seed, variations=args.variations)
    if points is not None:
        return Shot(shot.blocks, points, seed=args.seed, variations=args.variations)
    return shot


def _finished(motion: Motion, args: argparse.Namespace, without_travel: bool) -> Motion:
    """A generated motion as it is written."""
    if "blocks" in motion.meta:
        motion = at_rate(motion, args.fps)
    else:
        motion = asking.at_rate(motion, args.fps, args.seconds or TEXT_SECONDS)
    motion = looped(motion) if args.loop else pinned(motion, args.pin)
    return in_place(motion)[0] if without_travel else motion
