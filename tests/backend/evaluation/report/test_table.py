"""Rows of judged sets, counted where the answer is known."""

import numpy as np
import pytest
from support.fake_judge import OLD, RUN, SAD, WALK

from motiongpt.backend.dataset.clips import Clip, Dataset
from motiongpt.backend.dataset.meaning import Meaning
from motiongpt.backend.evaluation import sets
from motiongpt.backend.evaluation.cases import Case
from motiongpt.backend.evaluation.report import table


def cases(count: int = 4) -> list[Case]:
    """Half walks, half runs, half of them sad, half old."""
    out = []
    for i in range(count):
        meaning = Meaning("walk" if i < count // 2 else "run", "sad" if i % 2 == 0 else "elderly")
        clip = Clip(f"clip {i}", 0, 80, [], {"content": meaning.action, "style": meaning.style})
        out.append(Case(clip, meaning, (f"someone {meaning.action}s", "a person moves")))
    return out


def judged(actions: list[int], styles: list[int], runs: int = 2) -> sets.JudgedSet:
    n = len(actions)
    vectors = np.zeros((n, runs, 3))
    vectors[..., 0] = np.arange(n)[:, None]
    flat = np.zeros((n, runs))
    deep, still = (flat + np.array(values)[:, None] for values in ([0.0, 0.04, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0]))
    return sets.JudgedSet(
        vectors, np.tile(np.array(actions)[:, None], runs), np.tile(np.array(styles)[:, None], runs),
        flat + 0.05, deep, flat + 1.0, still, flat + 78,
    )  # fmt: skip


def test_a_row_counts_what_it_should() -> None:
    found = judged([WALK, WALK, RUN, WALK], [SAD, OLD, OLD, OLD])
    text = np.zeros((4, 3))
    text[:, 0] = np.arange(4)
    row = table.row_of(found, found, text, cases(), [80] * 4, runs=3)
    assert row["r1"] == (1.0, 0.0)
    assert row["mm_dist"] == (0.0, 0.0)
    assert row["fid"][0] == pytest.approx(0.0, abs=1e-9)
    assert row["action"] == (0.75, 0.0)  # the last is asked to run and walks
    assert row["style"] == (0.75, 0.0)  # the third is asked to be sad
    assert row["sliding"][0] == pytest.approx(5.0)
    assert row["deep"] == (0.25, 0.0)
    assert row["frozen"] == (0.25, 0.0)
    assert row["length"] == (2.0, 0.0)
    assert row["multimodality"] == (0.0, 0.0)
    single = judged([WALK] * 4, [SAD] * 4, runs=1)
    assert "multimodality" not in table.row_of(single, found, text, cases(), [80] * 4, runs=3)


def test_shares_by_action() -> None:
    found = judged([WALK, RUN, RUN, RUN], [SAD] * 4)
    assert table.by_action(found, cases(), {"walk", "run", "bow"}) == {"run": 1.0, "walk": 0.5}


def test_sets_are_told_apart() -> None:
    text = np.zeros((9, 3))
    text[:, 0] = np.arange(9)
    names = ["walks"] * 4 + ["runs"] * 4 + ["bows"]
    shown = [
        Case(Clip(f"clip {i}", 0, 80, ["moves"], set=name), Meaning("other", ""), ("moves",))
        for i, name in enumerate(names)
    ]
    vectors = text.copy()
    vectors[4:8, 0] -= 1.2  # nearer to the text before it than to its own
    none = np.zeros((9, 1))
    rows = table.by_set(sets.JudgedSet(vectors[:, None], *[none] * 7), text, shown, runs=3)
    assert list(rows) == ["runs", "walks", table.OTHER_SETS]
    assert rows["walks"] == {"clips": 4.0, "r1": 1.0, "r3": 1.0, "mm_dist": 0.0}
    assert rows["runs"]["r1"] == 0.0 and rows["runs"]["r3"] == 1.0
    assert rows["runs"]["mm_dist"] == pytest.approx(1.2)
    assert rows[table.OTHER_SETS]["clips"] == 1.0


def test_frequent_actions_leave_mirrored_copies_out() -> None:
    def clips(action: str, count: int, mirrored: bool) -> list[Clip]:
        names = [f"{action} {i}" for i in range(count * 2)]
        train = [n for n in names if Clip(n, 0, 1).split == "train"][:count]
        return [Clip(n, 0, 80, [], {"content": action, "style": "normal"}, mirrored) for n in train]

    everything = [*clips("walk", 21, False), *clips("run", 20, False), *clips("run", 20, True)]
    assert table.frequent_actions(Dataset(np.zeros((0, 263), np.float32), everything)) == {"walk"}
