"""The report of `motiongpt evaluate model` as markdown."""

from collections.abc import Callable
from typing import Any

from ...output.results import grid
from .table import COLUMNS

REAL = "real test motion"
LOST = "▼"

Rows = dict[str, dict[str, list[float]]]
"""Name -> measure -> [mean, half of the 95 % interval]."""

_TASKS: dict[str, dict[str, str]] = {
    "prediction": {
        "ade": "ADE, m",
        "fde": "FDE, m",
        "hold_ade": "last pose held: ADE, m",
        "hold_fde": "last pose held: FDE, m",
    },
    "inbetween": {
        "ade": "ADE, m",
        "fde": "FDE, m",
        "linear_ade": "interpolation: ADE, m",
        "linear_fde": "interpolation: FDE, m",
    },
    "poses": {
        "first_recon": "first pose: Recon, m²",
        "first_vel": "first pose: Vel, m²",
        "last_recon": "last pose: Recon, m²",
        "last_vel": "last pose: Vel, m²",
        "dist": "key tokens: Dist, m",
    },
    "captions": {
        "bleu1": "BLEU-1",
        "bleu4": "BLEU-4",
        "rouge_l": "ROUGE-L",
        "cider": "CIDEr",
        "action": "action right",
        "side": "side right",
        "style": "style right",
    },
    "long": {"still": "ten seconds: share still > 1 s", "freeze": "longest stillness, s"},
}
"""Task -> measure -> heading."""


def parts_of(report: dict[str, Any]) -> list[str]:
    """The paragraphs and tables of the page.

    Measures in which a baseline beats the first model by more than both intervals are marked; real motion is not a
    baseline.
    """
    rows: Rows = report["rows"]
    ours = next((name for name in rows if name != REAL), REAL)
    parts = [
        f"{report['test_clips']} test clips, {report['runs']} runs. ± is the 95 % interval. {LOST}: a baseline is "
        "better.",
        main_table(rows, ours),
        "Classified as the action asked for, by action (those with more than 20 training clips):",
        _shares(report["actions"]),
    ]
    if len(report["sets"][REAL]) > 1:
        parts += ["By set of clips, with pools from all sets:", _sets(report["sets"])]
    if report["unseen"]:
        parts += ["Prompts in unseen words, and pairs of action and style that no training clip shows:"]
        parts += [_unseen(report["unseen"])]
    parts += [_task(name, report["tasks"]) for name in _TASKS if any(name in own for own in report["tasks"].values())]
    return [*parts, "Against the aims:", aims_table(report, ours)]


def number(value: float | None, digits: int = 3) -> str:
    """A number, or a dash where there is none."""
    if value is None or value != value:
        return "–"
    return f"{value:.{max(0, digits - 1) if abs(value) >= 10 else digits}f}"


def percent(value: float | None) -> str:
    """A share as a percentage, or a dash where there is none."""
    return "–" if value is None or value != value else f"{100 * value:.0f} %"


def main_table(rows: Rows, ours: str) -> str:
    """A measure a line, a set of motions a column."""
    lines = []
    for key, (heading, better) in COLUMNS.items():
        cells = [_cell(row.get(key)) for row in rows.values()]
        if ours != REAL and loses(rows, ours, key, better):
            cells[list(rows).index(ours)] += f" {LOST}"
        arrow = {"higher": " ↑", "lower": " ↓", "real": " →"}.get(better, "")
        lines.append([heading + arrow, *cells])
    return grid(["", *rows], lines)


def loses(rows: Rows, ours: str, key: str, better: str) -> bool:
    """Whether a baseline's mean is better than ours by more than both intervals."""
    own, truth = rows[ours].get(key), rows[REAL].get(key)
    if own is None or not better:
        return False

    def badness(cell: list[float]) -> float:
        if better == "real":
            return abs(cell[0] - truth[0]) if truth else 0.0
        return -cell[0] if better == "higher" else cell[0]

    others = [row[key] for name, row in rows.items() if name not in (REAL, ours) and key in row]
    return any(badness(other) + other[1] + own[1] < badness(own) for other in others)


def _cell(cell: list[float] | None) -> str:
    if cell is None:
        return "–"
    return number(cell[0]) + (f" ± {number(cell[1])}" if cell[1] > 0 else "")


def _shares(found: dict[str, dict[str, float]]) -> str:
    actions = list(dict.fromkeys(a for own in found.values() for a in own))
    return grid(["", *found], [[a, *(percent(own.get(a)) for own in found.values())] for a in actions])


def _sets(found: dict[str, dict[str, dict[str, float]]]) -> str:
    keys = {"r1": "R-Precision top 1", "r3": "top 3", "mm_dist": "MM-Dist"}
    heads = [f"{heading}: {name}" for heading in keys.values() for name in found]
    lines = [
        [name, number(real["clips"], 0), *(number(own[name][key], 2) for key in keys for own in found.values())]
        for name, real in found[REAL].items()
    ]
    return grid(["", "clips", *heads], lines)


def _unseen(found: dict[str, dict[str, dict[str, float]]]) -> str:
    kinds = {"real": "real test clips", "word": "unseen words", "pair": "unseen pairs"}
    keys = {
        "action": "action right",
        "style": "style right",
        "all_asked": "all that is asked",
        "joints": "joints show it",
    }
    lines = [
        [f"{name}: {kinds.get(kind, kind)}", number(shares["motions"], 0), *(percent(shares.get(k)) for k in keys)]
        for name, own in found.items()
        for kind, shares in own.items()
    ]
    return grid(["", "motions", *keys.values()], lines)


def _task(task: str, found: dict[str, dict[str, dict[str, float]]]) -> str:
    columns = _TASKS[task]
    lines = [[name, *(number(own.get(task, {}).get(key)) for key in columns)] for name, own in found.items()]
    return f"{task.capitalize()}:\n\n" + grid(["", *columns.values()], lines)


_Aim = tuple[str, float, Callable[[dict[str, Any], str], float | None]]


def _ratio(key: str) -> Callable[[dict[str, Any], str], float | None]:
    def of(report: dict[str, Any], ours: str) -> float | None:
        own, real = (report["rows"][name].get(key) for name in (ours, REAL))
        return own[0] / real[0] if own and real and real[0] else None

    return of


def _actions(report: dict[str, Any], ours: str) -> list[float]:
    """Of every frequent action, how often it is classified right, as a share of real motion's."""
    own, real = report["actions"].get(ours, {}), report["actions"][REAL]
    return [own[a] / real[a] for a in own if real.get(a)]


def _mean_action(report: dict[str, Any], ours: str) -> float | None:
    shares = _actions(report, ours)
    return sum(shares) / len(shares) if shares else None


def _kind(kind: str) -> Callable[[dict[str, Any], str], float | None]:
    return lambda report, ours: report["unseen"].get(ours, {}).get(kind, {}).get("all_asked")


def _task_value(task: str, key: str) -> Callable[[dict[str, Any], str], float | None]:
    return lambda report, ours: report["tasks"].get(ours, {}).get(task, {}).get(key)


_AIMS: tuple[_Aim, ...] = (
    ("R-Precision top 3, of real motion's, at least", 0.95, _ratio("r3")),
    ("MM-Dist, of real motion's, at most", -1.2, _ratio("mm_dist")),
    ("frequent actions right, of real motion's, at least", 0.95, _mean_action),
    ("the worst of them, at least", 0.95, lambda r, o: min(_actions(r, o), default=None)),
    ("styles right, of real motion's, at least", 0.80, _ratio("style")),
    ("unseen words right in all that is asked, at least", 0.80, _kind("word")),
    ("unseen pairs right in all that is asked, at least", 0.70, _kind("pair")),
    ("captions with the right action, at least", 0.85, _task_value("captions", "action")),
    ("captions with the right side, at least", 0.90, _task_value("captions", "side")),
    ("foot sliding, of real motion's, at most", -1.3, _ratio("sliding")),
    ("ten seconds of movement still > 1 s, share, at most", -0.0, _task_value("long", "still")),
    ("share of motions > 3 cm below the floor, at most", -0.0, lambda r, o: r["rows"][o]["deep"][0]),
)
"""Name, the aim (negative: at most), and how the value is read from a report."""


def aims_table(report: dict[str, Any], ours: str) -> str:
    """The aims beside what was measured."""
    lines = []
    for what, aim, read in _AIMS:
        value = read(report, ours)
        most = what.endswith("at most")
        met = "–" if value is None else "yes" if (value <= -aim if most else value >= aim) else "no"
        lines.append([what, number(abs(aim), 2), number(value), met])
    return grid(["", "aim", "measured", "met"], lines)
