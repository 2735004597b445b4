"""`motiongpt continue`, `inbetween` and `caption`: what a model makes of a motion."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from ...retarget.errors import MotionGPTError
from ...retarget.motion import Motion
from .. import limits
from ..engine import CaptionRequest, ContinueRequest, InbetweenRequest, Progress, Result
from . import common
from .common import Report
from .generate import FORMATS, last_result, with_progress_bar


def add_commands(subparsers: "common.Subparsers") -> None:
    """Declare the three."""
    parser = common.add_command(
        subparsers,
        "continue",
        "make more of a motion",
        "motiongpt continue walk.npz --seconds 3 -o more.bvh",
        run_continue,
    )
    _add_input(parser)
    parser.add_argument("--seconds", type=float, default=3.0, help="how much to add (3)")
    _add_output(parser)

    parser = common.add_command(
        subparsers,
        "inbetween",
        "keep some frames of a motion and make the others anew",
        "motiongpt inbetween poses.bvh --keep 0,45,90 -o filled.bvh",
        run_inbetween,
    )
    _add_input(parser)
    parser.add_argument("--keep", type=_frames, required=True, metavar="FRAMES", help="frames to keep, as in 0,45,90")
    _add_output(parser)

    parser = common.add_command(
        subparsers, "caption", "put a motion into words", "motiongpt caption walk.npz", run_caption
    )
    _add_input(parser)
    common.add_model_arguments(parser)


def _add_input(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("motion", type=Path, metavar="MOTION", help=" ".join(common.MOTION_FORMATS))


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help=" ".join(FORMATS))
    parser.add_argument("--prompt", default="", metavar="TEXT", help="what the person does, for models that use it")
    parser.add_argument("--fps", type=float, help="frames a second of the output (those of the input)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same motion (0)")
    parser.add_argument("--variations", type=int, default=1, help="how many; OUT gets -1, -2 ... added (1)")
    parser.add_argument("--rig", metavar="CHARACTER", help="character file for .fbx .glb .blend (a built-in mannequin)")
    common.add_model_arguments(parser)


def _frames(text: str) -> tuple[int, ...]:
    """Comma-separated frames, ranges as in 0-10 among them."""
    frames: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise argparse.ArgumentTypeError(f"{text} are no frames, such as 0,45,90 or 0-10,90")
        stop = int(last) if dash else int(first)
        if stop >= limits.MAX_MOTION_FRAMES:
            raise argparse.ArgumentTypeError(f"{stop} is beyond the last frame that a motion can have")
        frames += range(int(first), stop + 1)
    return tuple(frames)


def run_continue(args: argparse.Namespace) -> Report:
    """The motion that came in, and more of it."""
    limits.check_seconds(args.seconds)
    paths, motion = _prepare(args)

    from ..engines import load_engine

    engine = load_engine(args.model, args.device, args.precision)
    request = ContinueRequest(motion, args.seconds, args.prompt, args.seed, args.variations)
    return _write(args, engine.continue_motion(request), paths, engine.name, engine.device)


def run_inbetween(args: argparse.Namespace) -> Report:
    """As many frames as came in, the kept ones as they were."""
    paths, motion = _prepare(args)

    from ..engines import load_engine

    engine = load_engine(args.model, args.device, args.precision)
    request = InbetweenRequest(motion, args.keep, args.prompt, args.seed, args.variations)
    return _write(args, engine.inbetween(request), paths, engine.name, engine.device)


def run_caption(args: argparse.Namespace) -> Report:
    """One line of text."""
    motion = _read(args.motion)

    from ..engines import load_engine

    engine = load_engine(args.model, args.device, args.precision)
    result = last_result(engine.caption(CaptionRequest(motion)))
    return Report({"texts": list(result.texts), "model": engine.name, "device": engine.device}, result.texts)


def _prepare(args: argparse.Namespace) -> tuple[list[Path], Motion]:
    """Where to write and what to read; everything that can be wrong without the model is found here."""
    limits.check_seed(args.seed)
    limits.check_variations(args.variations)
    if args.fps is not None:
        limits.check_fps(args.fps)
    if args.prompt:
        limits.check_prompt(args.prompt)
    return common.check_export(args.output, args.rig, FORMATS, args.variations), _read(args.motion)


def _read(path: Path) -> Motion:
    from ...retarget.files.reading import read_motion

    motion = read_motion(path)
    if len(motion) > limits.MAX_MOTION_FRAMES:
        raise MotionGPTError(
            f"{path} has {len(motion)} frames.", f"Use at most {limits.MAX_MOTION_FRAMES}.", "too_large"
        )
    return motion


def _write(
    args: argparse.Namespace, events: Iterator[Progress | Result], paths: list[Path], name: str, device: str
) -> Report:
    result = last_result(events if args.json or not sys.stderr.isatty() else with_progress_bar(events))
    motions = [m if args.fps is None else m.resample(args.fps) for m in result.motions]
    common.write_motions(motions, paths, args.rig)
    files = [common.describe(m, path) for m, path in zip(motions, paths, strict=True)]
    data = {"files": files, "text": args.prompt, "seed": args.seed, "model": name, "device": device}
    return Report(data, common.written_lines(motions, paths))
