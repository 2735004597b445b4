"""`motiongpt generate`: text to motion files."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from ...retarget.motion import Motion
from .. import limits
from ..engine import GenerateRequest, Progress, Result
from . import common
from .common import Report

FORMATS = common.MOTION_FORMATS + common.PICTURE_FORMATS + common.CHARACTER_FORMATS
_STAGES = {"text": "Reading the text", "tokens": "Choosing the motion", "motion": "Building the motion"}


def add_commands(subparsers: "common.Subparsers") -> None:
    """Declare `generate`."""
    parser = common.add_command(
        subparsers,
        "generate",
        "make motion from a text",
        'motiongpt generate "a person walks forward" --seconds 4 --seed 1 -o walk.bvh',
        run,
    )
    parser.add_argument("prompt", metavar="PROMPT", help="what the person does")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="OUT", help=" ".join(FORMATS))
    parser.add_argument("--seconds", type=float, default=4.0, help="length (4)")
    parser.add_argument("--fps", type=float, default=30.0, help="frames a second of the output (30)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same motion (0)")
    parser.add_argument("--variations", type=int, default=1, help="how many; OUT gets -1, -2 ... added (1)")
    parser.add_argument("--rig", metavar="CHARACTER", help="character file for .fbx .glb .blend (a built-in mannequin)")
    common.add_character_arguments(parser)
    common.add_model_arguments(parser)


def run(args: argparse.Namespace) -> Report:
    """Check everything that can be checked without the model, then generate, then write."""
    limits.check_prompt(args.prompt)
    limits.check_seconds(args.seconds)
    limits.check_fps(args.fps)
    limits.check_seed(args.seed)
    limits.check_variations(args.variations)
    paths = common.check_export(args.output, args.rig, FORMATS, args.variations)
    options = common.character_options(args)

    from ..engines import load_engine

    engine = load_engine(args.model, args.device, args.precision)
    request = GenerateRequest(args.prompt, args.seconds, args.seed, args.variations)
    events = engine.generate(request)
    result = last_result(events if args.json or not sys.stderr.isatty() else with_progress_bar(events))
    motions = [at_rate(motion, args.fps, args.seconds) for motion in result.motions]
    common.write_motions(motions, paths, args.rig, options=options)
    files = [common.describe(m, path) for m, path in zip(motions, paths, strict=True)]
    data = {"files": files, "text": args.prompt, "seed": args.seed, "model": engine.name, "device": engine.device}
    return Report(data, common.written_lines(motions, paths))


def at_rate(motion: Motion, fps: float, seconds: float) -> Motion:
    """A generated motion at another rate, `seconds` long: models end on whole tokens, up to a quarter second off."""
    near = abs(motion.duration - seconds) <= 0.25
    return motion.resample(fps, max(1, round(seconds * fps)) if near else None)


def last_result(events: Iterator[Progress | Result]) -> Result:
    """The result of an engine's iterator."""
    for event in events:
        if isinstance(event, Result):
            return event
    raise RuntimeError("the engine ended without a result")


def with_progress_bar(events: Iterator[Progress | Result]) -> Iterator[Progress | Result]:
    """The same events, shown as a bar on stderr while they pass."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        line = bar.add_task(_STAGES["text"], total=1.0)
        for event in events:
            if isinstance(event, Progress):
                bar.update(line, completed=event.fraction, description=_STAGES.get(event.stage, event.stage))
            yield event
