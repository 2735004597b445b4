"""The page of results: what loses to a baseline is marked."""

from motiongpt.backend.evaluation.report import pages
from motiongpt.backend.evaluation.report.pages import REAL


def test_what_loses_to_a_baseline_is_marked() -> None:
    rows = {
        REAL: {"r1": [0.9, 0.0], "fid": [0.0, 0.0], "diversity": [1.0, 0.0]},
        "ours": {"r1": [0.6, 0.01], "fid": [0.3, 0.01], "diversity": [0.9, 0.01]},
        "other": {"r1": [0.5, 0.01], "fid": [0.1, 0.01], "diversity": [0.89, 0.01]},
    }
    lines = {line.split("|")[1].strip(): line for line in pages.main_table(rows, "ours").splitlines()}
    assert pages.LOST in lines["FID ↓"]
    assert pages.LOST not in lines["R-Precision top 1 ↑"]  # real motion is better, but no baseline
    assert pages.LOST not in lines["Diversity →"]  # within the intervals
    rows["other"]["diversity"] = [1.05, 0.01]
    assert pages.loses(rows, "ours", "diversity", "real")


def test_sets_of_clips_stand_beside_each_other() -> None:
    def own(share: float) -> dict[str, dict[str, float]]:
        return {"walks": {"clips": 12.0, "r1": share, "r3": 1.0, "mm_dist": 0.5}}

    lines = pages._sets({REAL: own(0.9), "ours": own(0.75)}).splitlines()
    assert lines[0].count("R-Precision top 1") == 2 and "12" in lines[2]
    assert lines[2].split("|")[3:5] == [" 0.90 ", " 0.75 "]
