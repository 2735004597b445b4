"""`motiongpt train style`: an animator's clips become a style of the starter model."""

import argparse
import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ....retarget.errors import MotionGPTError
from ..shared.asking import need_torch
from ..shared.declaring import Subparsers, add_command
from ..shared.own_models import checked_name, own_folder
from ..shared.progress import progress_bar
from ..shared.report import Report
from .settings import settings_from
from .style_clips import find_sources, proposed, read_shown

if TYPE_CHECKING:
    from ...model_folder import ModelCard
    from ...training.style.clips import Shown

PROGRESS_MARK = "progress "
"""Begins a line of --progress: the share that is done, 0 to 1, and what is being done."""
SHEET = "sheet.png"
_SHOWN = 3  # phrases on the sheet
_SHEET_SECONDS = (2.0, 6.0)


def declare(inner: Subparsers) -> None:
    """Declare the command."""
    from ...model_folder import default_model

    parser = add_command(
        inner,
        "style",
        "train a style on your own clips: a small adapter of the starter model; resumes from its folder",
        'motiongpt train style clips/ --words "walks like a boss" -o styles/boss',
        run,
    )
    parser.add_argument("clips", nargs="+", type=Path, metavar="CLIPS", help="motion files, or folders of them")
    parser.add_argument("-o", "--output", type=Path, metavar="STYLE", help="folder of the style; a style is replaced")
    parser.add_argument("--name", metavar="NAME", help="instead of -o: its name among the user's models")
    parser.add_argument(
        "--captions", type=Path, action="append", default=[], metavar="CSV",
        help="table with the columns file and caption, and take for files with several (captions.csv among the clips)",
    )  # fmt: skip
    parser.add_argument(
        "--words", action="append", default=[], metavar="TEXT", help="what all clips show; may be given repeatedly"
    )
    parser.add_argument("--propose", action="store_true", help="clips without words get those of the model's captioner")
    chosen = default_model()
    parser.add_argument("--model", default=chosen, metavar="NAME", help=f"model that it is a style of ({chosen})")
    parser.add_argument("--licence", default="", metavar="TEXT", help="of the clips (the animator's own)")
    parser.add_argument("--no-mirror", action="store_true", help="don't learn the clips mirrored, too")
    parser.add_argument("--minutes", type=float, metavar="M", help="finish after this time (5), if before the steps")
    parser.add_argument("--steps", type=int, help="number of training steps")
    parser.add_argument("--seed", type=int, help="random seed (0)")
    parser.add_argument("--threads", type=int, metavar="N", help="on the CPU (as many as there are free cores)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="any other setting, such as rank=16"
    )
    parser.add_argument("--progress", action="store_true", help="print a line on the error stream for every step")


def run(args: argparse.Namespace) -> Report:
    """Train a style, and draw what its phrases gave before and give now."""
    need_torch("peft", "safetensors")
    target = _target(args)
    sources = find_sources(args.clips, args.captions, args.words)
    with _progress(args) as show:
        show("Reading clips", 0.0)
        shown, unread = read_shown(sources)
        shown = proposed(shown, args.model) if args.propose else shown
        card, skipped, sheet = _trained(args, target, shown, show)
    words = list(dict.fromkeys(text for one in shown for text in one.captions))
    before, after = card.measured["loss"]
    lines = (
        f"{target}: a style of {args.model}, of {len(card.training['clips'])} clips.",
        f"What it knows: {'; '.join(words)}.",
        f"Loss on the clips: {before:g} before, {after:g} now. Other prompts: changed by {card.measured['change']:g}.",
        f"{sheet}: before and after",
        *unread,
        *skipped,
    )
    data = {
        "path": str(target), "name": card.name, "model": args.model, "licence": card.licence, "words": words,
        "sheet": str(sheet), "skipped": [*unread, *skipped], **card.measured,
    }  # fmt: skip
    return Report(data, lines)


def _target(args: argparse.Namespace) -> Path:
    if (args.output is None) == (args.name is None):
        raise MotionGPTError("Say where the style goes.", "Give -o FOLDER, or --name NAME.", "usage")
    return Path(args.output) if args.output is not None else own_folder() / checked_name(args.name)


def _trained(
    args: argparse.Namespace, target: Path, shown: Sequence["Shown"], show: Callable[[str, float], None]
) -> tuple["ModelCard", list[str], Path]:
    from ...training.folder import held
    from ...training.style.base import BaseModel
    from ...training.style.export import check_place
    from ...training.style.make import TRAINING, make_style
    from ...training.style.train import StyleTraining
    from ...training.threads import choose_threads

    (settings,) = settings_from(args, StyleTraining)
    base = BaseModel.find(args.model)
    check_place(base, target)
    with held(target / TRAINING):
        choose_threads(args.threads)
        with contextlib.redirect_stdout(sys.stderr):  # the training's own bar
            card, skipped = make_style(shown, base, target, settings, args.licence, not args.no_mirror, show)
    show("Drawing before and after", 0.97)
    sheet = _draw(args.model, target, shown)
    shutil.rmtree(target / TRAINING, ignore_errors=True)
    show("Done", 1.0)
    return card, skipped, sheet


def _draw(model: str, target: Path, shown: Sequence["Shown"]) -> Path:
    """A sheet of clips, and what their words gave before and give now; it is one of the style's files."""
    from ...engine import last_result
    from ...engines import load_engine
    from ...model_folder import read_card, write_card
    from ...output.pictures import render_sheet
    from ...tasks import Generate

    engines = (("before", load_engine(model)), ("now", load_engine(str(target))))
    first = {one.captions[0]: one for one in reversed(shown)}
    motions, titles = [], []
    for text, one in list(first.items())[:_SHOWN]:
        seconds = min(max(one.motion.duration, _SHEET_SECONDS[0]), _SHEET_SECONDS[1])
        motions.append(one.motion)
        titles.append(f"the clip {one.name}: {text}")
        for when, engine in engines:
            motions.append(last_result(Generate(text, seconds=seconds).answer(engine)).motions[0])
            titles.append(f"{text} ({when})")
    render_sheet(motions, titles, target / SHEET)
    card = read_card(target)
    write_card(msgspec.structs.replace(card, files={**card.files, SHEET: ""}), target)
    return target / SHEET


@contextlib.contextmanager
def _progress(args: argparse.Namespace) -> Iterator[Callable[[str, float], None]]:
    if not args.progress:
        with progress_bar(quiet=True) as show:  # the training has a bar of its own
            yield show
        return
    yield lambda what, done: print(f"{PROGRESS_MARK}{done:.3f} {what}", file=sys.stderr, flush=True)
