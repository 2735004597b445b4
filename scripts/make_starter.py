#!/usr/bin/env python3
"""Make the models that come with the project from a folder of motion capture: author, derive, import, train, measure.

    python scripts/make_starter.py CLIPS WORK                  (make starter CLIPS=folder)
    python scripts/make_starter.py CLIPS WORK --model open

CLIPS holds a folder of BVH files for each set. `open` is trained on the sets that are free for any use or share-alike,
`starter` on the free and the non-commercial ones: scripts/starter has the licences of the sets, the captions and the
drafts of both cards. WORK gets everything: data sets, trainings with their checkpoints, WORK/models with the model
folders and what these share, result pages in WORK/MODEL/results. A stage whose command has completed is skipped; one
that was interrupted resumes from its training's last checkpoint when this is run again. On two CPU cores each model
takes about a working day; a GPU is used if there is one.
"""

import argparse
import csv
import json
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from motiongpt.backend.evaluation.animators.prompts import prompts
from motiongpt.backend.licences import LICENCE_OF, Group, strictest

HERE = Path(__file__).with_name("starter")
BUNDLED = HERE.parents[1] / "backend" / "models"
GROUPS: dict[str, tuple[Group, ...]] = {"open": ("free", "share-alike"), "starter": ("free", "non-commercial")}
"""Model -> groups of licences that it is trained on."""
MADE = ("authored", "derived-free", "derived-share-alike", "derived-nc")
"""Sets that are made here, from those of CLIPS."""
HELD_OUT = "held-out.txt"
"""In WORK: the texts that the models are measured with, and that no caption may say."""
STYLED = ("starter",)
"""Models whose language model then learns actions in styles that nobody recorded, which are composed of clips that have
style and action in their names."""
OWN_TRANSITION = ("starter",)
"""Models with a transition model of their own; the others share the one that was trained on the free sets."""

SETTINGS = {
    "author": "",
    "derive": "",
    "tokenizer": "--steps 6000 --batch 48 --set width=256 --set code_width=256 --set quantizer=parts --set levels=9 "
    "--set depth=2 --set points=1.5",
    "decoder": "--steps 1500 --batch 48 --set rate=0.0003 --set points=1.5 --set sliding=2",
    "language": "--steps 8500 --batch 64 --set width=320 --set heads=5 --set feed_forward=640 --set decoder_layers=5 "
    "--set encoder_layers=2 --set dropout=0 --set rate=0.001 --set text_noise=0.5 --set wordings=36 "
    "--set composites=0 --set falls=0 --set detail=0.4",
    "language-2": "--steps 4000 --batch 64 --set rate=0.0006 --set wordings=48 --set composites=8 --set composed=2 "
    "--set detail=0.4",
    "judge": "--steps 850 --seed 1",
    "picker": "--steps 2500 --seed 2 --set width=192 --set composites=8 --set siblings=0.5 --candidates 10",
    "attempts": "--each 10",
    "picker-2": "--steps 900 --batch 64 --seed 2 --set rate=0.0005 --set siblings=0.5 --candidates 10",
    "transition": "--steps 5500",
    "sureness": "--seeds 2",
    "animators": "--seeds 2",
    "prompts": "--seeds 20",
    "inbetween": "--windows 150",
    "evaluation": "--runs 20 --seeds 5 --others 64",
}
"""Options of each stage, where the models are not made with the commands' defaults."""

_SMALL = "--set width=48 --set heads=2"
TINY = {
    "author": "--variants 1 --only nod",
    "derive": "--variants 0.01",
    "tokenizer": "--steps 4 --batch 8 --set width=32 --set code_width=16",
    "decoder": "--steps 2 --batch 8",
    "language": f"--steps 4 --batch 4 {_SMALL} --set feed_forward=48 --set encoder_layers=1 --set decoder_layers=1 "
    "--set wordings=4 --set composites=0",
    "language-2": "--steps 2 --batch 4 --set wordings=4 --set composites=1",
    "judge": f"--steps 2 --batch 4 --seed 1 {_SMALL}",
    "picker": f"--steps 2 --batch 4 --seed 2 {_SMALL} --candidates 2",
    "transition": "--steps 2 --set gaps=16 --set width=32 --set blocks=1",
    "animators": "--seeds 1 --group stillness",
    "prompts": "--seeds 1",
    "inbetween": "--windows 2",
    "evaluation": "--runs 1 --limit 4 --seeds 0 --others 0",
}
"""The same for --tiny: the whole chain in a few minutes, for models that have learned nothing; nothing from attempts,
nor how sure they are, which takes a model that is right now and then."""


@dataclass(frozen=True)
class Stage:
    """chain: the model, "" for what both need.  name: for --stage.  command: the arguments to `motiongpt`."""

    chain: str
    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Recipe:
    """What the stages are made from. sets: table of licences.  captions: tables of captions.  made: whether clips are
    authored and derived as well."""

    clips: Path
    work: Path
    sets: Path
    captions: tuple[Path, ...]
    made: bool = True
    settings: dict[str, str] = field(default_factory=lambda: SETTINGS)

    def stages(self, models: tuple[str, ...]) -> Iterator[Stage]:
        """All stages in their order."""
        yield from self._shared()
        for model in models:
            yield from self._of_model(model)

    def _stage(self, chain: str, name: str, command: str, *paths: object) -> Stage:
        options = self.settings.get(name, "").split()
        label = f"{chain}/{name}" if chain else name
        return Stage(chain, label, (*command.split(), *map(str, paths), *options))

    def _import(self, groups: tuple[str, ...], *made: str) -> tuple[object, ...]:
        folders = [self.work / name for name in made if self.made]
        tables = (*self.captions, *(folder / "captions.csv" for folder in folders))
        labels = [word for table in tables for word in ("--captions", table)]
        chosen = [word for group in groups for word in ("--group", group)]
        return (self.clips, *folders, *labels, "--sets", self.sets, "--hold-out", self.work / HELD_OUT, *chosen)

    def _shared(self) -> Iterator[Stage]:
        """Authored clips; a transition model from the free sets; with it, derived clips."""
        work, free = self.work, self.work / "free"
        if self.made:
            without = [word for name in not_free(self.clips, self.sets) for word in ("--without", name)]
            yield self._stage("", "author", "data author", self.clips, "-o", work / "authored", *without)
        yield self._stage("", "free", "data import", *self._import(("free",), "authored"), "-o", free / "dataset")
        yield self._stage("", "transition", "train transition", *self._common_transition())
        if self.made:
            transition = work / "models" / "common" / "transition.onnx"
            yield self._stage(
                "", "derive", "data derive", self.clips, "-o", work / "derived", "--transition", transition
            )

    def _common_transition(self) -> tuple[object, ...]:
        free = self.work / "free"
        return (free / "dataset", "-o", free / "transition", "--share", self.work / "models" / "common")

    def _of_model(self, name: str) -> Iterator[Stage]:
        work, model = self.work / name, self.work / "models" / name
        dataset, results, judge = work / "dataset", work / "results", work / "judge"

        def stage(stage_name: str, command: str, *paths: object) -> Stage:
            return self._stage(name, stage_name, command, *paths)

        yield stage("dataset", "data import", *self._import(GROUPS[name], "authored", "derived"), "-o", dataset)
        # Encoder, codebooks and decoder of the motion tokens ...
        yield stage("tokenizer", "train tokenizer", dataset, "-o", work / "tokenizer")
        # ... and the decoder further; the codes don't change.
        yield stage("decoder", "train tokenizer", dataset, "--refine", work / "tokenizer", "-o", work / "decoder")
        first = language = work / "language"
        made_with = (dataset, "--tokenizer", work / "tokenizer")
        yield stage("language", "train language-model", *made_with, "-o", language)
        if name in STYLED:
            language = work / "language-2"
            yield stage("language-2", "train language-model", *made_with, "--start", first, "-o", language)
        trained = ("--tokenizer", work / "decoder", "--dataset", dataset, "--language", language)
        packed = ("--card", HERE / f"{name}.json", "--share", self.work / "models" / "text")
        yield stage("export", "train export", *trained, *packed, "-o", model)
        # Judge and picker differ in seed, so that the model is not judged by its own picker.
        licence = LICENCE_OF[strictest(GROUPS[name])]
        judging = ("--judge", judge, "--licence", licence)
        yield stage("judge", "train matching", dataset, "-o", work / "matching", *judging)
        yield stage("picker", "train matching", dataset, "-o", work / "picker", "--into", model)
        if self.made and "attempts" in self.settings:
            attempts = work / "attempts"
            yield stage("attempts", "train attempts", dataset, "--model", model, "-o", attempts)
            on = ("--start", work / "picker", "--attempts", attempts, "-o", work / "picker-2")
            yield stage("picker-2", "train matching", dataset, *on, "--into", model)
        own = (dataset, "-o", work / "transition")
        between = own if name in OWN_TRANSITION else self._common_transition()
        yield stage("transition", "train transition", *between, "--into", model)
        if "sureness" in self.settings:
            yield stage("sureness", "evaluate sureness", "--model", model, "--write")
        measured = ("--model", model, "--page")
        yield stage("animators", "evaluate animators", "--physics", dataset, *measured, results / "animators.md")
        measured = ("--write", *measured)
        yield stage("prompts", "evaluate prompts", *measured, results / "prompts.md")
        yield stage("inbetween", "evaluate inbetween", dataset, *measured, results / "inbetween.md")
        kept = ("--judge", judge, "-o", work / "evaluation")
        yield stage("evaluation", "evaluate model", dataset, *measured, results / "model.md", *kept)


def _groups(sets: Path) -> dict[str, str]:
    """Set -> group of its licence."""
    if sets.suffix.lower() == ".csv":
        with open(sets, newline="", encoding="utf-8-sig") as file:
            return {row["name"]: row["group"] for row in csv.DictReader(file)}
    return {name: entry.get("group", "") for name, entry in tomllib.loads(sets.read_text(encoding="utf-8")).items()}


def not_free(clips: Path, sets: Path) -> list[str]:
    """Folders of clips that are not free for any use; those without a known licence are among them."""
    groups = _groups(sets)
    return sorted(f.name for f in clips.iterdir() if f.is_dir() and groups.get(f.name) != "free")


def with_made_sets(sets: Path, work: Path) -> Path:
    """A table of sets that also has those that are made here: the project's own has them."""
    groups = _groups(sets)
    if set(MADE) <= set(groups):
        return sets
    work.mkdir(parents=True, exist_ok=True)
    ours = tomllib.loads((HERE / "sets.toml").read_text(encoding="utf-8"))
    missing = [
        f"\n[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in ours[name].items())
        for name in MADE
        if name not in groups
    ]
    path = work / "sets.toml"
    path.write_text(sets.read_text(encoding="utf-8") + "\n" + "".join(missing), encoding="utf-8")
    return path


class Done:
    """The commands that have completed, by stage: a file in WORK."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._commands: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}

    def has(self, stage: Stage) -> bool:
        """Whether that stage ran with the same options."""
        return self._commands.get(stage.name) == list(stage.command)

    def begin(self, stage: Stage, later: list[Stage]) -> None:
        """Forget a stage and the later ones that depend on it."""
        for one in (stage, *later):
            if stage.chain in ("", one.chain):
                self._commands.pop(one.name, None)
        self._save()

    def add(self, stage: Stage) -> None:
        """Record a stage."""
        self._commands[stage.name] = list(stage.command)
        self._save()

    def _save(self) -> None:
        draft = self._path.with_suffix(".part")
        draft.write_text(json.dumps(self._commands, indent=1), encoding="utf-8")
        draft.replace(self._path)


def run(every: list[Stage], wanted: str | None, work: Path, dry: bool) -> int:
    """Run what has not run yet, up to the stage `wanted`; the exit code of the first command that fails."""
    last = [stage.name for stage in every].index(wanted) if wanted else len(every) - 1
    done, again = Done(work / "done.json"), set[str]()
    for place, stage in enumerate(every[: last + 1]):
        if done.has(stage) and stage.name != wanted and not again & {"", stage.chain}:
            print(f"{stage.name}: done", flush=True)
            continue
        again.add(stage.chain)
        print(f"{stage.name}: motiongpt {shlex.join(stage.command)}", flush=True)
        if dry:
            continue
        done.begin(stage, every[place + 1 :])
        if stage.chain:
            (work / stage.chain / "results").mkdir(parents=True, exist_ok=True)
        code = subprocess.run([sys.executable, "-m", "motiongpt", *stage.command], check=False).returncode
        if code:
            return code
        done.add(stage)
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, metavar="CLIPS", help="folder with a folder of BVH files for each set")
    parser.add_argument("work", type=Path, metavar="WORK", help="folder for all output")
    parser.add_argument("--model", choices=(*GROUPS, "both"), default="both", help="which model to make (both)")
    parser.add_argument("--sets", type=Path, metavar="FILE", help="licences of the sets (scripts/starter/sets.toml)")
    parser.add_argument(
        "--captions", type=Path, action="append", metavar="CSV", help="captions (scripts/starter/captions.csv)"
    )
    parser.add_argument("--recorded-only", action="store_true", help="author and derive no clips")
    parser.add_argument("--stage", metavar="NAME", help="run the stages up to this one, this one even if it is done")
    parser.add_argument("--dry-run", action="store_true", help="print the commands that would run")
    parser.add_argument("--tiny", action="store_true", help="try the whole chain in a few minutes, with tiny settings")
    return parser


def main() -> int:
    """The exit code."""
    parser = _arguments()
    args = parser.parse_args()
    sets = args.sets or HERE / "sets.toml"
    for path, there in ((args.clips, args.clips.is_dir()), (sets, sets.is_file())):
        if not there:
            parser.error(f"{path} is not there")
    if not args.dry_run:
        sets = with_made_sets(sets, args.work)
        # What the model is measured with, it has not read.
        args.work.mkdir(parents=True, exist_ok=True)
        (args.work / HELD_OUT).write_text("".join(f"{p.text}\n" for p in prompts()), encoding="utf-8")
        if (BUNDLED / "text").is_dir() and not (args.work / "models" / "text").exists():
            shutil.copytree(BUNDLED / "text", args.work / "models" / "text")  # so that all models go with it
    captions = tuple(args.captions or [HERE / "captions.csv"])
    settings = TINY if args.tiny else SETTINGS
    recipe = Recipe(args.clips, args.work, sets, captions, not args.recorded_only, settings)
    every = list(recipe.stages(tuple(GROUPS) if args.model == "both" else (args.model,)))
    names = [stage.name for stage in every]
    if args.stage and args.stage not in names:
        parser.error(f"there is no stage {args.stage}; there are: {', '.join(names)}")
    return run(every, args.stage, args.work, args.dry_run)


if __name__ == "__main__":
    sys.exit(main())
