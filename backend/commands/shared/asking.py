"""How commands run tasks on a model: the input motion, progress on the terminal, the motions written."""

import argparse
import importlib.util
from collections.abc import Sequence
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ....retarget.motion import Motion
from ... import limits
from ...engine import Engine, Result, last_result
from ...known.doubt import doubt_of, nearest_in, passed_on
from ...output import blender
from ...output.clips import at_origin, clip_names
from ...tasks import Task
from . import outputs
from .declaring import add_model_arguments
from .inputs import INPUT_FORMATS, add_take, read_input
from .outputs import (
    ALL_FORMATS,
    CHARACTER_FORMATS,
    add_character_arguments,
    character_options,
    check_export,
    write_motions,
)
from .progress import progress_bar
from .report import Report, file_data, file_lines


def add_input(parser: argparse.ArgumentParser) -> None:
    """MOTION, the input of a task, and --take."""
    parser.add_argument("motion", type=Path, metavar="MOTION", help=" ".join(INPUT_FORMATS))
    add_take(parser)


def add_output(parser: argparse.ArgumentParser) -> None:
    """--output and --no-clobber."""
    outputs.add_output(parser, "OUT", " ".join(ALL_FORMATS))


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """--seed, --takes, --one-file and --rig."""
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same motion (0)")
    parser.add_argument(
        "--takes", "--variations", type=int, default=1, dest="variations", metavar="N",
        help="how many motions; each file name gets -1, -2 ... added (1)",
    )  # fmt: skip
    parser.add_argument("--one-file", action="store_true", help="all takes as clips of one file (.fbx .glb .blend)")
    parser.add_argument("--rig", metavar="CHARACTER", help="character file for .fbx .glb .blend (a built-in mannequin)")


def add_edit_output(parser: argparse.ArgumentParser) -> None:
    """The arguments that `edit` reads besides the motion."""
    add_output(parser)
    parser.add_argument("--prompt", default="", metavar="TEXT", help="what the person does, for models that use it")
    parser.add_argument("--fps", type=float, help="frame rate of the output (that of the input)")
    add_sampling(parser)
    add_character_arguments(parser)
    add_model_arguments(parser)


def check_seeds(seeds: int) -> None:
    """Raises MotionGPTError unless at least one motion is asked for of each prompt."""
    if seeds < 1:
        raise MotionGPTError(f"{seeds} seeds can't be tried.", "Use at least 1.")


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
    paths, options, motion = output_files(args), character_options(args), read_task_input(args)
    task.check_motions([motion])
    limits.check_file(motion.duration + getattr(args, "seconds", 0.0), args.fps or motion.fps, args.variations)
    engine = load(args)
    motions = answer(args, engine, task, [motion]).motions
    return write(args, engine, [m if args.fps is None else m.resample(args.fps) for m in motions], paths, options)


def output_files(args: argparse.Namespace) -> list[Path]:
    """The file of each take. Raises MotionGPTError, before a model is loaded."""
    if args.one_file and args.output.suffix.lower() not in CHARACTER_FORMATS:
        raise MotionGPTError(
            f"{args.output.suffix} holds one motion alone.",
            f"Use {' '.join(CHARACTER_FORMATS)}, or leave out --one-file.",
        )
    paths = check_export(args, ALL_FORMATS, 1 if args.one_file else args.variations)
    return paths * args.variations if args.one_file else paths


def read_task_input(args: argparse.Namespace) -> Motion:
    """The motion of `add_input`. Raises MotionGPTError if it can't be read, is too long, or has no usable rate."""
    motion = read_input(args.motion, args.take, fps=getattr(args, "fps", None))
    try:
        limits.check_motion(motion)
    except MotionGPTError as error:
        raise MotionGPTError(f"{args.motion} can't be used: {error.message}", error.cure, error.kind) from None
    return motion


def write(
    args: argparse.Namespace,
    engine: Engine,
    motions: Sequence[Motion],
    paths: Sequence[Path],
    options: blender.CharacterOptions | None = None,
) -> Report:
    """Write generated motions, and report them."""
    names = clip_names(args.name, motions, [path.stem for path in paths])
    motions = [at_origin(motion) for motion in motions] if args.start_at_origin else motions
    notes = write_motions(motions, paths, args.rig, None, options, names, not args.no_clobber)
    files = [file_data(m, path) for m, path in zip(motions, paths, strict=True)]
    data = {"files": files, "text": args.prompt, "seed": args.seed, "model": engine.name, "device": engine.device}
    data |= {"notes": list(notes)} if notes else {}
    return Report(data, (*file_lines(motions, paths), *notes, *doubts(motions)))


def doubts(motions: Sequence[Motion]) -> tuple[str, ...]:
    """What to say if the model is sure of none of the motions, or a style does not know their text."""
    passed = tuple(dict.fromkeys(sentence for motion in motions for sentence in passed_on(motion.meta)))
    if not motions or not all(motion.meta.get("unsure") for motion in motions):
        return passed
    nearest = "; ".join(nearest_in(motions[0].meta))
    return (*passed, doubt_of(motions[0].meta) + (f" Closest that it knows: {nearest}." if nearest else ""))


def at_rate(motion: Motion, fps: float, seconds: float) -> Motion:
    """A generated motion at another rate, `seconds` long: models end on whole tokens, up to a quarter second off."""
    near = abs(motion.duration - seconds) <= 0.25
    return motion.resample(fps, max(1, round(seconds * fps)) if near else None)


def need_torch(*more: str) -> None:
    """Raises MotionGPTError if PyTorch, or one of more packages, is not installed."""
    missing = [name for name in ("torch", *more) if importlib.util.find_spec(name) is None]
    if missing:
        names = ", ".join("PyTorch" if name == "torch" else name for name in missing)
        raise MotionGPTError(
            f"Training needs {names}.", "Run `pip install motiongpt-blender[train]`.", "missing_package"
        )
