"""`motiongpt evaluate animators`: how often motion does what animators ask for, and how physical it is."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....retarget.errors import MotionGPTError
from ...output.results import write_page
from ..shared import asking
from ..shared.declaring import Subparsers, add_command, add_model_arguments
from ..shared.outputs import add_page_option, check_output
from ..shared.report import Report

if TYPE_CHECKING:
    from ...evaluation.animators.proof import Recording
    from ...evaluation.animators.run import Answer


def declare(inner: Subparsers) -> None:
    """Declare `animators`."""
    parser = add_command(
        inner,
        "animators",
        "how often motion does what animators ask for, checked on the joints",
        "motiongpt evaluate animators --seeds 2 --sheets sheets/",
        run,
    )
    parser.add_argument("--seeds", type=int, default=2, help="motions for each prompt (2)")
    parser.add_argument("--group", action="append", default=[], metavar="NAME", help="only prompts of this group")
    parser.add_argument("--sheets", type=Path, metavar="FOLDER", help="write contact sheets, a row for each motion")
    parser.add_argument(
        "--verdicts", type=Path, metavar="FILE.csv", help="your own verdicts, to compare the checks with"
    )
    parser.add_argument("--physics", type=Path, metavar="DATASET", help="compare physical figures with its recordings")
    parser.add_argument("--prove", type=Path, metavar="DATASET", help="also try the checks on its recordings")
    add_model_arguments(parser)
    add_page_option(parser)


def run(args: argparse.Namespace) -> Report:
    """Generate motion for every animators' prompt, check it on the joints, and compare what can be compared."""
    asking.check_seeds(args.seeds)

    from rich.console import Console
    from rich.progress import Progress

    from ...evaluation.animators import pages, proof
    from ...evaluation.animators.prompts import chosen
    from ...evaluation.animators.run import agreement, answer_prompts, read_verdicts

    asked = chosen(args.group)
    eye = read_verdicts(args.verdicts) if args.verdicts else None
    if args.sheets is not None:
        _make_folder(args.sheets)
    engine = asking.load(args)
    with Progress(console=Console(stderr=True), transient=True, disable=args.json) as bar:

        def say(text: str) -> Callable[[int, int], None]:
            task = bar.add_task(text)
            return lambda done, total: bar.update(task, completed=done, total=total)

        sources = dict.fromkeys(folder for folder in (args.physics, args.prove) if folder)
        recorded = {folder: proof.recordings(folder) for folder in sources}
        answers = answer_prompts(engine, asked, args.seeds, say("Prompts"))
        proofs = proof.prove(recorded[args.prove], say("Checks on recordings")) if args.prove else []
        easiest = proof.easiest(recorded[args.prove]) if args.prove else []
    parts = [pages.groups_table(answers), "Against the aims:", pages.aims_table(answers)]
    if eye is not None:
        parts.append(pages.agreement_table(agreement(answers, eye)))
    figures = _figures(answers, recorded[args.physics] if args.physics else [])
    parts += ["Physical figures, medians over motions:", pages.physical_table(figures)]
    if proofs:
        parts += [_PROVED, pages.proofs_table(proofs), _EASIEST, pages.easiest_table(easiest)]
    if args.sheets is not None:
        pages.write_sheets(answers, args.sheets)
    if args.page:
        rows = ["All prompts:", pages.prompts_table(answers)]
        write_page(args.page, f"Animators' prompts: {engine.name}", _command(args), [_EXPLAINED, *parts, *rows])
    return Report(_data(engine.name, args.seeds, answers, figures), tuple("\n\n".join(parts).splitlines()))


_EXPLAINED = """\
Prompts as animators type them, each with checks on the joints. Right: the motion does all that is asked. Partly: some
of it, or the right act with the wrong side or number. Wrong: none of it."""
_PROVED = "The checks on recordings, chosen by name and caption; recordings that may show the same are left out:"
_EASIEST = "Prompts that the largest share of all recordings, of whatever kind, would be right for:"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MotionGPTError(
            f"{folder} can't be made ({error.strerror}).", "Choose another folder.", "unwritable"
        ) from None
    check_output(folder / "sheet.png", (".png",))


def _figures(answers: "list[Answer]", found: "list[Recording]") -> dict[str, dict[str, dict[str, float]]]:
    """Of each kind of motion, the recordings' figures, then the model's."""
    from ...evaluation.animators import pages, proof

    recorded = proof.recorded_figures(found)
    made = pages.figures_by_kind(answers)
    return {
        kind: {**({"recorded": recorded[kind]} if kind in recorded else {}), "generated": made[kind]} for kind in made
    }


def _data(name: str, seeds: int, answers: "list[Answer]", figures: dict[str, Any]) -> dict[str, Any]:
    from ...evaluation.animators.run import by_group, flagged, shares

    return {
        "model": name,
        "seeds": seeds,
        "all": shares(answers),
        "groups": by_group(answers),
        "unsure": flagged(answers),
        "physics": figures,
        "motions": [
            {"prompt": a.prompt.text, "group": a.prompt.group, "seed": a.seed, "verdict": a.verdict,
             "missing": list(a.failed), "faults": list(a.physical.ground.faults), "sure": a.sure}
            for a in answers
        ],
    }  # fmt: skip


def _command(args: argparse.Namespace) -> str:
    command = f"evaluate animators --seeds {args.seeds}"
    command += "".join(f' --group "{group}"' for group in args.group)
    for option, value in (("physics", args.physics), ("prove", args.prove)):
        command += f" --{option} dataset/" if value else ""
    return command + (f" --verdicts {args.verdicts.name}" if args.verdicts else "")
