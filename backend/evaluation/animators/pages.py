"""What `motiongpt evaluate animators` found, as Markdown tables and contact sheets."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ....retarget.motion.feet.grounding import FLOATING, SLIDING, SUNK
from ...output.pictures import render_sheet
from ...output.results import grid
from .physical import medians
from .prompts import RIGHT, VERDICTS, WRONG, Prompt
from .proof import Proof
from .run import RIGHT_FLAGGED_AIM, WRONG_FLAGGED_AIM, Agreement, Answer, by_group, flagged, shares

RIGHT_AIM, GROUP_AIM = 0.8, 0.5
ROWS = 8
"""Motions on a contact sheet."""
_FIGURES = {
    "slide_median": ("toe slides, cm/s, median", "{:.0f}"), "slide_most": ("nine of ten", "{:.0f}"),
    "sinking": ("sink", "{:.0%}"), "floating": ("float", "{:.0%}"), "trembling": ("energy over 8 Hz", "{:.2f}"),
    "hardest": ("largest acceleration, m/s²", "{:.0f}"), "speed": ("mean joint speed, m/s", "{:.2f}"),
}  # fmt: skip


def groups_table(answers: Sequence[Answer]) -> str:
    """Verdicts by group, and over all."""
    rows = {**by_group(answers), "all": shares(answers)}
    lines = [
        [name, f"{row['count']:.0f}", *(f"{row[v]:.0%}" for v in VERDICTS), f"{row['sound']:.0%}"]
        for name, row in rows.items()
    ]
    return grid(["group", "motions", *VERDICTS, "physically sound"], lines)


def aims_table(answers: Sequence[Answer]) -> str:
    """The aims beside what was measured."""
    groups = by_group(answers)
    worst = min(groups, key=lambda g: groups[g][RIGHT])
    unsure = flagged(answers)
    aims = [
        ("right, of all motions, at least", RIGHT_AIM, shares(answers)[RIGHT], True),
        (f"right in the worst group ({worst}), at least", GROUP_AIM, groups[worst][RIGHT], True),
        ("flagged as unsure, of wrong ones, at least", WRONG_FLAGGED_AIM, unsure.get(WRONG), True),
        ("flagged as unsure, of right ones, at most", RIGHT_FLAGGED_AIM, unsure.get(RIGHT), False),
    ]
    lines = []
    for name, aim, value, least in aims:
        met = "–" if value is None else "yes" if (value >= aim if least else value <= aim) else "no"
        lines.append([name, f"{aim:.0%}", "–" if value is None else f"{value:.0%}", met])
    return grid(["", "aim", "measured", "met"], lines)


def prompts_table(answers: Sequence[Answer]) -> str:
    """Every prompt with the verdict on each seed, and what is missing in the first that is not right."""
    by_prompt: dict[Prompt, list[Answer]] = {}
    for answer in answers:
        by_prompt.setdefault(answer.prompt, []).append(answer)
    lines = []
    for prompt, own in by_prompt.items():
        missing = next((a.failed for a in own if a.failed), ())
        lines.append([prompt.text, prompt.group, ", ".join(a.verdict for a in own), "; ".join(missing)])
    rule = "| --- | --- | --- | --- |"
    head = "| prompt | group | verdicts | missing |"
    return "\n".join([head, rule, *("| " + " | ".join(line) + " |" for line in lines)])


def agreement_table(found: Agreement) -> str:
    """How far eye and checks agree, and the rows in which they do not."""
    said = (
        f"Eye and checks agree on {found.same} of {found.looked_at} motions ({found.same / found.looked_at:.0%}); "
        f"{found.opposite} are right for one and wrong for the other."
    )
    if not found.apart:
        return said
    lines = [[a.prompt.text, str(a.seed), a.verdict, eye] for a, eye in found.apart]
    return said + "\n\n" + grid(["prompt", "seed", "checks", "eye"], lines)


def physical_table(kinds: Mapping[str, Mapping[str, dict[str, float]]]) -> str:
    """kinds: of each kind of motion, the figures of recordings and of the model."""
    lines = []
    for kind, rows in kinds.items():
        for whose, figures in rows.items():
            cells = [form.format(figures[key]) for key, (_, form) in _FIGURES.items()]
            lines.append([f"{kind}, {whose}", f"{figures['motions']:.0f}", *cells])
    said = (
        f"Sink and float: share of motions with a joint more than {100 * SUNK:.0f} cm under the floor, of those that "
        f"hover more than {100 * FLOATING:.0f} cm over it for longer than a jump. A motion is called physically sound "
        f"that does neither and whose standing toe moves at less than {100 * SLIDING:.0f} cm/s in nine of ten frames."
    )
    return grid(["", "motions", *(head for head, _ in _FIGURES.values())], lines) + "\n\n" + said


def figures_by_kind(answers: Sequence[Answer]) -> dict[str, dict[str, float]]:
    """Of each kind that prompts name for comparison."""
    kinds = dict.fromkeys(a.prompt.physics for a in answers if a.prompt.physics)
    return {kind: medians([a.physical for a in answers if a.prompt.physics == kind]) for kind in kinds}


def proofs_table(proofs: Sequence[Proof]) -> str:
    """Of each check, in how many recordings of what it means it holds, and in how many of others."""
    lines = [
        [p.check, f"{p.holding} of {p.shown}", f"{p.alarms} of {p.others}", f"{p.alarms / max(p.others, 1):.1%}"]
        for p in proofs
        if p.shown
    ]
    return grid(["check", "holds where shown", "holds in others", "false alarms"], lines)


def easiest_table(shares_: Sequence[tuple[Prompt, float]], count: int = 12) -> str:
    """The prompts that the largest share of all recordings would be right for."""
    return grid(["prompt", "recordings"], [[p.text, f"{share:.1%}"] for p, share in shares_[:count]])


def write_sheets(answers: Sequence[Answer], folder: Path) -> list[Path]:
    """Contact sheets of all motions, a row each with prompt, seed and verdict; the files, by group."""
    paths = []
    for group in dict.fromkeys(a.prompt.group for a in answers):
        own = [a for a in answers if a.prompt.group == group]
        for number, first in enumerate(range(0, len(own), ROWS), start=1):
            some = own[first : first + ROWS]
            path = folder / f"{re.sub('[^a-z]+', '-', group.lower())}-{number}.png"
            render_sheet([a.motion for a in some], [_title(a) for a in some], path)
            paths.append(path)
    return paths


def _title(answer: Answer) -> str:
    more = [f"missing: {'; '.join(answer.failed)}"] if answer.failed else []
    more += [", ".join(answer.physical.ground.faults)] if answer.physical.ground.faults else []
    more += ["unsure"] if answer.flagged else []
    return " | ".join([f"{answer.prompt.text}   [{answer.verdict}] seed {answer.seed}", *more])
