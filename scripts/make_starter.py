#!/usr/bin/env python3
"""Make the starter model from a folder of motion capture: import, train, pack, measure.

    python scripts/make_starter.py CLIPS WORK            (make starter CLIPS=folder)

CLIPS holds BVH files and, where their names don't say what they show, captions.csv. WORK gets everything: the data set,
the trainings with their checkpoints, the model in WORK/starter, result pages in WORK/results. A stage whose command has
completed is skipped; one that was interrupted resumes from its training's last checkpoint when this is run again. On
two CPU cores the whole run takes a working day; a GPU is used if there is one.
"""

import argparse
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CARD = Path(__file__).with_name("starter_card.json")

SETTINGS = {
    "tokenizer": "--steps 3100 --batch 64 --set width=256 --set rate=0.0005",
    "decoder": "--steps 1000 --batch 64 --set rate=0.0004",
    "language": "--steps 8500 --batch 64 --set rate=0.0012 --set wordings=64 --set text_noise=0.7",
    "judge": "--steps 850 --seed 1",
    "picker": "--steps 850 --seed 2 --set composites=8 --candidates 6",
    "transition": "--steps 5500",
    "prompts": "--seeds 20",
    "inbetween": "--windows 150",
    "evaluation": "--runs 20 --seeds 5 --others 64",
}
"""Options of each stage, where the starter model is not made with the commands' defaults."""

_SMALL = "--set width=48 --set heads=2"
TINY = {
    "tokenizer": "--steps 4 --batch 8 --set width=32 --set code_width=16",
    "decoder": "--steps 2 --batch 8",
    "language": f"--steps 4 --batch 4 {_SMALL} --set feed_forward=48 --set encoder_layers=1 --set decoder_layers=1 "
    "--set wordings=4 --set composites=0",
    "judge": f"--steps 2 --batch 4 --seed 1 {_SMALL}",
    "picker": f"--steps 2 --batch 4 --seed 2 {_SMALL} --candidates 2",
    "transition": "--steps 2 --set gaps=16 --set width=32 --set blocks=1",
    "prompts": "--seeds 1",
    "inbetween": "--windows 2",
    "evaluation": "--runs 1 --limit 4 --seeds 0 --others 0",
}
"""The same for --tiny: the whole chain in a few minutes, for a model that has learned nothing."""


@dataclass(frozen=True)
class Stage:
    """name: for --stage.  command: the arguments to `motiongpt`."""

    name: str
    command: tuple[str, ...]


def stages(clips: Path, work: Path, card: Path, settings: dict[str, str]) -> Iterator[Stage]:
    """All stages in their order."""
    dataset, model = f"{work}/dataset", f"{work}/starter"

    def stage(name: str, command: str, *paths: str) -> Stage:
        return Stage(name, (*command.split(), *paths, *settings.get(name, "").split()))

    captions = ("--captions", f"{clips}/captions.csv") if (clips / "captions.csv").is_file() else ()
    yield stage("dataset", "data import", str(clips), *captions, "-o", dataset)
    # Encoder, codebooks and decoder of the motion tokens ...
    yield stage("tokenizer", "train tokenizer", dataset, "-o", f"{work}/tokenizer")
    # ... and the decoder further; the codes don't change.
    yield stage("decoder", "train tokenizer", dataset, "--refine", f"{work}/tokenizer", "-o", f"{work}/decoder")
    language = ("--tokenizer", f"{work}/tokenizer", "-o", f"{work}/language")
    yield stage("language", "train language-model", dataset, *language)
    trained = ("--tokenizer", f"{work}/decoder", "--language", f"{work}/language", "--dataset", dataset)
    yield stage("export", "train export", *trained, "--card", str(card), "-o", model)
    # Judge and picker differ in seed, so that the model is not judged by its own picker.
    judge, licence = f"{work}/judge", json.loads(card.read_text(encoding="utf-8"))["licence"]
    yield stage("judge", "train matching", dataset, "-o", f"{work}/matching", "--judge", judge, "--licence", licence)
    yield stage("picker", "train matching", dataset, "-o", f"{work}/picker", "--into", model)
    yield stage("transition", "train transition", dataset, "-o", f"{work}/transition", "--into", model)
    measured = ("--model", model, "--write", "--page")
    yield stage("prompts", "evaluate prompts", *measured, f"{work}/results/prompts.md")
    yield stage("inbetween", "evaluate inbetween", dataset, *measured, f"{work}/results/inbetween.md")
    kept = ("--judge", judge, "-o", f"{work}/evaluation")
    yield stage("evaluation", "evaluate model", dataset, *measured, f"{work}/results/model.md", *kept)


class Done:
    """The commands that have completed: a list in a file, in the stages' order."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._commands: list[list[str]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []

    def has(self, place: int, stage: Stage) -> bool:
        """Whether that stage, the `place`-th, ran with the same options."""
        return place < len(self._commands) and self._commands[place] == list(stage.command)

    def add(self, place: int, stage: Stage) -> None:
        """Record a stage. Later ones must run again: they may depend on its output."""
        self._commands[place:] = [list(stage.command)]
        self._path.write_text(json.dumps(self._commands, indent=1), encoding="utf-8")


def main() -> int:
    """Run what has not run yet; the exit code of the first command that fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, metavar="CLIPS", help="folder with BVH files and captions.csv")
    parser.add_argument("work", type=Path, metavar="WORK", help="folder for all output")
    parser.add_argument("--card", type=Path, default=CARD, help="name, licence, sources, description (the starter's)")
    parser.add_argument("--stage", metavar="NAME", help="run the stages up to this one, this one even if it is done")
    parser.add_argument("--dry-run", action="store_true", help="print the commands that would run")
    parser.add_argument("--tiny", action="store_true", help="try the whole chain in a few minutes, with tiny settings")
    args = parser.parse_args()
    every = list(stages(args.clips, args.work, args.card, TINY if args.tiny else SETTINGS))
    names = [stage.name for stage in every]
    if args.stage and args.stage not in names:
        parser.error(f"there is no stage {args.stage}; there are: {', '.join(names)}")
    last = names.index(args.stage) if args.stage else len(every) - 1
    if not args.dry_run:
        (args.work / "results").mkdir(parents=True, exist_ok=True)
    done, skipping = Done(args.work / "done.json"), True
    for place, stage in enumerate(every[: last + 1]):
        skipping = skipping and done.has(place, stage)
        if skipping and stage.name != args.stage:
            print(f"{stage.name}: done", flush=True)
            continue
        print(f"{stage.name}: motiongpt {shlex.join(stage.command)}", flush=True)
        if args.dry_run:
            continue
        code = subprocess.run([sys.executable, "-m", "motiongpt", *stage.command], check=False).returncode
        if code:
            return code
        done.add(place, stage)
    return 0


if __name__ == "__main__":
    sys.exit(main())
