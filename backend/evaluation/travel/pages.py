"""Tables of distances and loops, in Markdown."""

from collections.abc import Sequence

import numpy as np

from ...output.results import grid
from .distances import Travelled, figures
from .loops import Loop

DISTANCES = """\
Each request was made once. Error: of the distance, as a share of what was asked for. A straight way is measured from
the pelvis' first place to its last, a round along the pelvis' path without the sway of its steps, a path by what is
missing at its ends; beside it is how far the pelvis was from the path, on average. Steps: how much longer than in the
candidate that was bent. Sliding: speed of feet near the floor, medians, beside the candidate's before it was bent."""
LOOPS = """\
Six seconds of each prompt, then the best cycle inside. Pose: by how many degrees joints turn on average from the last
frame to the first. Speed: the same over that of the frames beside it; 1 is a seam that can't be seen."""


def distances_table(answers: Sequence[Travelled]) -> str:
    """A row for each group and for all."""
    groups = dict.fromkeys(answer.request.group for answer in answers)
    rows = [_row(name, [a for a in answers if a.request.group == name]) for name in groups]
    head = ["", "requests", "error, median", "95th percentile", "beside the path, cm", "steps", "0.67 to 1.5",
            "feet slide, cm/s", "before"]  # fmt: skip
    return grid(head, [*rows, _row("all", list(answers))])


def _row(name: str, answers: list[Travelled]) -> list[str]:
    f = figures(answers)
    beside = f"{100.0 * f['aside']:.1f}" if any(a.aside is not None for a in answers) else ""
    return [
        name, f"{len(answers)}", f"{f['median']:.1%}", f"{f['p95']:.1%}", beside, f"× {f['steps']:.2f}",
        f"{f['natural']:.0%}", f"{f['sliding']:.1f}", f"{f['as_generated']:.1f}",
    ]  # fmt: skip


def requests_table(answers: Sequence[Travelled]) -> str:
    """A row for each request."""
    rows = [
        [a.request.text, f"{a.request.metres:.2f}", f"{a.metres:.2f}", f"{a.error:.1%}", f"× {a.steps:.2f}",
         f"{100.0 * a.sliding:.1f}", f"{100.0 * a.as_generated:.1f}"]
        for a in answers
    ]  # fmt: skip
    return grid(["request", "m", "made, m", "error", "steps", "feet slide, cm/s", "before"], rows)


def loops_table(loops: Sequence[Loop]) -> str:
    """A row for each prompt, and medians."""
    rows = [
        [x.prompt, f"{x.frames}", f"{x.before.degrees:.1f}", f"{x.after.degrees:.1f}", f"{x.before.speed:.1f}",
         f"{x.after.speed:.2f}"]
        for x in loops
    ]  # fmt: skip
    seams = [(x.before.degrees, x.after.degrees, x.before.speed, x.after.speed) for x in loops]
    middle = np.median(np.array(seams), axis=0)
    rows.append(["median", "", *(f"{m:.{d}f}" for m, d in zip(middle, (1, 1, 1, 2), strict=True))])
    return grid(["prompt", "frames of a cycle", "pose before, °", "after", "speed before", "after"], rows)
