"""`motiongpt convert`, `retarget` and `render`: motion files to other files."""

import argparse
from pathlib import Path

from ...retarget.motion import Motion
from ...retarget.solving.root_motion import AUTO
from .. import limits
from . import common
from .common import Report

CONVERT_FORMATS = common.MOTION_FORMATS + common.PICTURE_FORMATS + common.CHARACTER_FORMATS


def add_commands(subparsers: "common.Subparsers") -> None:
    """Declare `convert`, `retarget` and `render`."""
    convert = common.add_command(
        subparsers, "convert", "turn a motion file into another format", "motiongpt convert walk.npz -o walk.bvh", run
    )
    _add_input(convert, CONVERT_FORMATS)
    convert.set_defaults(rig=None, formats=CONVERT_FORMATS, root=AUTO, in_place=False, controls="fk", preset=None)
    convert.add_argument(
        "--up", default="z", choices=("y", "z"), help="axis that points up in an AMASS or SMPL-X file that comes in (z)"
    )
    retarget = common.add_command(
        subparsers,
        "retarget",
        "put a motion file onto a character",
        "motiongpt retarget walk.npz --rig hero.fbx -o hero-walks.fbx",
        run,
    )
    _add_input(retarget, common.CHARACTER_FORMATS)
    retarget.add_argument("--rig", required=True, metavar="CHARACTER", help="character file, or mannequin")
    common.add_character_arguments(retarget)
    retarget.set_defaults(formats=common.CHARACTER_FORMATS, up="z")
    render = common.add_command(
        subparsers,
        "render",
        "draw motion files as one picture, a row each",
        "motiongpt render walk.npz run.bvh -o sheet.png",
        run_render,
    )
    render.add_argument("motions", nargs="+", type=Path, metavar="MOTION", help=".npz or .bvh")
    render.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help=".png")


def _add_input(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    parser.add_argument("motion", type=Path, metavar="MOTION", help=".npz (AMASS and SMPL-X, too) or .bvh")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help=" ".join(formats))
    parser.add_argument(
        "--body", type=Path, metavar="DIR", help="SMPL-H or SMPL-X body files, for AMASS and SMPL-X files"
    )
    parser.add_argument("--fps", type=float, help="frames a second of the output (the motion's own)")


def run(args: argparse.Namespace) -> Report:
    """Read, change the rate if asked to, write: rate and frame count stay as they are otherwise."""
    if args.fps is not None:
        limits.check_fps(args.fps)
    paths = common.check_export(args.output, args.rig, args.formats, body=args.body)
    options = common.character_options(args)
    motion = read(args.motion, args.body, args.up)
    if args.fps is not None:
        motion = motion.resample(args.fps)
    common.write_motions([motion], paths, args.rig, args.body, options)
    return Report(common.describe(motion, args.output), common.written_lines([motion], paths))


def run_render(args: argparse.Namespace) -> Report:
    """Draw all motions into one picture."""
    from ..output.pictures import render_sheet

    common.check_output(args.output, common.PICTURE_FORMATS)
    motions = [read(path) for path in args.motions]
    titles = [common.motion_title(m, path.stem) for m, path in zip(motions, args.motions, strict=True)]
    with common.draft_of(args.output) as draft:
        render_sheet(motions, titles, draft)
    return Report({"path": str(args.output), "motions": len(motions)}, (f"{args.output}: {len(motions)} motions",))


def read(path: Path, body: Path | None = None, up: str = "z") -> Motion:
    """A motion file. Raises MotionGPTError for one that is missing, unreadable or of an unknown format."""
    from ...retarget.files.reading import read_motion

    return read_motion(path, body, up)
