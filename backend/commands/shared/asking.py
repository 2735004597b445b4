"""How commands run tasks on a model: the input motion, progress on the terminal, the motions written."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ....retarget.files.reading import read_motion
from ....retarget.motion import Motion
from ... import limits
from ...engine import Engine, Result, last_result
from ...output import blender
from ...tasks import Task
from . import outputs
from .declaring import add_model_arguments
from .outputs import ALL_FORMATS, MOTION_FORMATS, check_export, write_motions
from .progress import progress_bar
from .report import Report, file_data, file_lines


def add_input(parser: argparse.ArgumentParser) -> None:
    """MOTION, the input of a task."""
    parser.add_argument("motion", type=Path, metavar="MOTION", help=" ".join(MOTION_FORMATS))


def add_output(parser: argparse.ArgumentParser) -> None:
    """--output and --no-clobber."""
    outputs.add_output(parser, "OUT", " ".join(ALL_FORMATS))


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """--seed, --takes and --rig."""
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same motion (0)")
    parser.add_argument(
        "--takes", "--variations", type=int, default=1, dest="variations", metavar="N",
        help="how many motions; each file name gets -1, -2 ... added (1)",
    )  # fmt: skip
    parser.add_argument("--rig", metavar="CHARACTER", help="character file for .fbx .glb .blend (a built-in mannequin)")


def add_edit_output(parser: argparse.ArgumentParser) -> None:
    """The arguments that `edit` reads besides the motion."""
    add_output(parser)
    parser.add_argument("--prompt", default="", metavar="TEXT", help="what the person does, for models that use it")
    parser.add_argument("--fps", type=float, help="frame rate of the output (that of the input)")
    add_sampling(parser)
    add_model_arguments(parser)


def load(args: argparse.Namespace) -> Engine:
    """The model that `add_model_arguments` names. Raises MotionGPTError."""
    from ...engines import load_engine

    return load_engine(args.model, args.device, args.precision)


def answer(args: argparse.Namespace, engine: Engine, task: Task, motions: Sequence[Motion] = ()) -> Result:
    """Run a task, with a progress bar on a terminal."""
    with progress_bar(quiet=args.json) as show:
        return last_result(task.answer(engine, motions), lambda progress: show(progress.stage.label, progress.fraction))


def edit(args: argparse.Namespace, task: Task) -> Report:
    """Run a task on the motion of `add_input`, and write the result.

    Everything that can be checked without the model is checked before it loads. Raises MotionGPTError.
    """
    task.check()
    if args.fps is not None:
        limits.check_fps(args.fps)
    paths, motion = check_export(args, ALL_FORMATS, args.variations), read_input(args.motion)
    task.check_motions([motion])
    limits.check_file(motion.duration + getattr(args, "seconds", 0.0), args.fps or motion.fps, args.variations)
    engine = load(args)
    motions = answer(args, engine, task, [motion]).motions
    return write(args, engine, [m if args.fps is None else m.resample(args.fps) for m in motions], paths)


def read_input(path: Path) -> Motion:
    """The motion of `add_input`. Raises MotionGPTError if it can't be read, is too long, or has no usable rate."""
    motion = read_motion(path)
    try:
        limits.check_motion(motion)
    except MotionGPTError as error:
        raise MotionGPTError(f"{path} can't be used: {error.message}", error.cure, error.kind) from None
    return motion


def write(
    args: argparse.Namespace,
    engine: Engine,
    motions: Sequence[Motion],
    paths: Sequence[Path],
    options: blender.CharacterOptions | None = None,
) -> Report:
    """Write generated motions, and report them."""
    write_motions(motions, paths, args.rig, options=options, replace=not args.no_clobber)
    files = [file_data(m, path) for m, path in zip(motions, paths, strict=True)]
    data = {"files": files, "text": args.prompt, "seed": args.seed, "model": engine.name, "device": engine.device}
    return Report(data, (*file_lines(motions, paths), *doubts(motions)))


def doubts(motions: Sequence[Motion]) -> tuple[str, ...]:
    """What to say if the model is sure of none of the motions."""
    if not motions or not all(motion.meta.get("unsure") for motion in motions):
        return ()
    nearest = "; ".join(motions[0].meta.get("nearest", ()))
    return (f'The model hardly knows "{motions[0].meta["text"]}". Closest that it knows: {nearest}.',)


def at_rate(motion: Motion, fps: float, seconds: float) -> Motion:
    """A generated motion at another rate, `seconds` long: models end on whole tokens, up to a quarter second off."""
    near = abs(motion.duration - seconds) <= 0.25
    return motion.resample(fps, max(1, round(seconds * fps)) if near else None)
