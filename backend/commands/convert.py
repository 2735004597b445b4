"""`motiongpt convert`: a motion file in another format."""

import argparse
from dataclasses import replace
from pathlib import Path

from .. import limits
from ..output.clips import at_origin, clip_names
from .shared.declaring import Subparsers, add_command
from .shared.inputs import INPUT_FORMATS, add_take, read_input
from .shared.outputs import ALL_FORMATS, NO_CHARACTER, add_output, character_options, check_export, write_motions
from .shared.report import Report, file_data, file_lines


def declare(subparsers: Subparsers) -> None:
    """Declare `convert`."""
    parser = add_command(
        subparsers, "convert", "turn a motion file into another format", "motiongpt convert walk.npz -o walk.bvh", run
    )
    add_files(parser, ALL_FORMATS)
    parser.set_defaults(**NO_CHARACTER)
    parser.add_argument(
        "--up", default="z", choices=("y", "z"), help="the up axis of an AMASS or SMPL-X input file (z)"
    )


def add_files(parser: argparse.ArgumentParser, formats: tuple[str, ...], several: bool = False) -> None:
    """The input file, or several, the output file and its frame rate."""
    kinds = f"{' '.join(INPUT_FORMATS)}; .npz of AMASS and SMPL-X, too"
    kinds += "; several become clips of one file" if several else ""
    parser.add_argument("motions", type=Path, metavar="MOTION", nargs="+" if several else 1, help=kinds)
    add_take(parser)
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
    paths = check_export(args, args.formats, body=args.body) * len(args.motions)
    options = character_options(args)
    motions = [read_input(path, args.take, args.body, args.up, args.fps) for path in args.motions]
    fps = args.fps or (motions[0].fps if len(motions) > 1 else None)
    if fps is not None:
        limits.check_resampling(motions, fps)
        motions = [motion.resample(fps) for motion in motions]
    if args.start_at_origin:
        motions = [at_origin(motion) for motion in motions]
    # A file has been named by its user; its prompt need not say what it holds now.
    named = [replace(motion, meta={}) for motion in motions]
    names = clip_names(args.name, named, [path.stem for path in args.motions])
    notes = write_motions(motions, paths, args.rig, args.body, options, names, not args.no_clobber)
    data = file_data(motions[0], args.output) | ({"clips": names} if len(names) > 1 else {})
    return Report(data | ({"notes": list(notes)} if notes else {}), (*file_lines(motions, paths), *notes))
