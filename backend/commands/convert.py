"""`motiongpt convert`: a motion file in another format."""

import argparse
from pathlib import Path

from ...retarget.files.reading import read_motion
from ...retarget.solving.root_motion import AUTO
from .. import limits
from .shared.declaring import Subparsers, add_command
from .shared.outputs import ALL_FORMATS, add_output, character_options, check_export, write_motions
from .shared.report import Report, file_data, file_lines


def declare(subparsers: Subparsers) -> None:
    """Declare `convert`."""
    parser = add_command(
        subparsers, "convert", "turn a motion file into another format", "motiongpt convert walk.npz -o walk.bvh", run
    )
    add_files(parser, ALL_FORMATS)
    parser.set_defaults(rig=None, root=AUTO, in_place=False, controls="fk", mute_overrides=False, preset=None)
    parser.add_argument(
        "--up", default="z", choices=("y", "z"), help="the up axis of an AMASS or SMPL-X input file (z)"
    )


def add_files(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    """The input file, the output file and its frame rate."""
    parser.add_argument("motion", type=Path, metavar="MOTION", help=".npz (AMASS and SMPL-X, too) or .bvh")
    add_output(parser, "OUT", " ".join(formats))
    parser.add_argument(
        "--body", type=Path, metavar="DIR", help="SMPL-H or SMPL-X body files, for AMASS and SMPL-X files"
    )
    parser.add_argument("--fps", type=float, help="frame rate of the output (the motion's own)")
    parser.set_defaults(formats=formats)


def run(args: argparse.Namespace) -> Report:
    """Read, resample to --fps, write; without --fps, frame rate and frame count stay the same."""
    if args.fps is not None:
        limits.check_fps(args.fps)
    paths = check_export(args, args.formats, body=args.body)
    options = character_options(args)
    motion = read_motion(args.motion, args.body, args.up)
    if args.fps is not None:
        limits.check_resampling(motion, args.fps)
        motion = motion.resample(args.fps)
    write_motions([motion], paths, args.rig, args.body, options, not args.no_clobber)
    return Report(file_data(motion, args.output), file_lines([motion], paths))
