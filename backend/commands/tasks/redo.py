"""`motiongpt redo`: one action of a shot, made again."""

import argparse

from msgspec import structs

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ...tasks import Block, Shot
from ..shared import asking
from ..shared.declaring import Subparsers, add_command
from ..shared.inputs import read_input
from ..shared.report import Report


def declare(subparsers: Subparsers) -> None:
    """Declare `redo`."""
    parser = add_command(
        subparsers,
        "redo",
        "make one action of a shot again; the others stay as they are",
        'motiongpt redo shot.npz 2 --prompt "bows" -o shot-2.npz',
        run,
    )
    asking.add_input(parser)
    parser.add_argument("block", type=int, metavar="NUMBER", help="which action, from 1")
    parser.add_argument(
        "--carry", action="store_true", help="move what follows to where the new action ends, instead of leaving it"
    )
    asking.add_edit_output(parser)


def run(args: argparse.Namespace) -> Report:
    """The shot with one of its blocks made again."""
    motion = read_input(args.motion)
    task = _task(args, motion)
    task.check()
    paths = asking.output_files(args)
    engine = asking.load(args)
    motions = asking.answer(args, engine, task, [motion]).motions
    args.prompt = motions[0].meta["text"]
    return asking.write(args, engine, motions, paths)


def _task(args: argparse.Namespace, motion: Motion) -> Shot:
    """Raises MotionGPTError for a motion that is no shot, or a block that it does not have."""
    said = motion.meta.get("blocks")
    if not isinstance(said, list) or not said:
        raise MotionGPTError(
            f"{args.motion} is no shot.", "Give the .npz file of a shot that motiongpt generate wrote.", "bad_input"
        )
    if args.fps is not None:
        raise MotionGPTError("A shot keeps its frame rate.", "Leave out --fps, and convert the result.", "usage")
    blocks = [Block(str(one["prompt"])) for one in said]
    index = args.block - 1
    if not 0 <= index < len(blocks):
        raise MotionGPTError(f"The shot has no block {args.block}.", f"Choose one from 1 to {len(blocks)}.")
    blocks[index] = structs.replace(blocks[index], prompt=args.prompt or blocks[index].prompt, seed=args.seed)
    return Shot(tuple(blocks), redo=index, carry=args.carry, seed=args.seed, variations=args.variations)
