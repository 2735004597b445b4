"""Sets of clips, their licences, and which of them go together."""

from pathlib import Path

import pytest

from motiongpt.backend.dataset.clips import Clip
from motiongpt.backend.dataset.sets import ClipSet, check_groups, load_sets, read_sets, records
from motiongpt.retarget.errors import MotionGPTError

FREE, SHARED, PRIVATE = (ClipSet("by us", group) for group in ("free", "share-alike", "non-commercial"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sets.toml", '[mine]\nlicence = "CC0, me"\ngroup = "free"\nweight = 0.5\n'),
        ("sets.csv", 'name,licence,weight,group\nmine,"CC0, me",0.5,free\n'),
    ],
)
def test_a_table_of_sets_is_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_sets(tmp_path / name) == {"mine": ClipSet("CC0, me", "free", 0.5)}


@pytest.mark.parametrize(
    "text",
    [
        '[mine]\nlicence = "CC0"\n',
        '[mine]\nlicence = "CC0"\ngroup = "open"\n',
        '[mine]\nlicence = "CC0"\ngroup = "free"\nweight = 0\n',
        '[mine]\nlicense = "CC0"\ngroup = "free"\n',
        "[mine\n",
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "sets.toml").write_text(text)
    with pytest.raises(MotionGPTError, match=r"sets\.toml can't be read"):
        read_sets(tmp_path / "sets.toml")
    with pytest.raises(MotionGPTError, match="can't be read"):
        read_sets(tmp_path / "absent.csv")


def test_share_alike_and_non_commercial_sets_never_meet() -> None:
    check_groups({"a": FREE, "b": SHARED})
    check_groups({"a": FREE, "b": PRIVATE})
    with pytest.raises(MotionGPTError, match=r"\(c\).*\(b\) can't be in one data set"):
        check_groups({"a": FREE, "b": SHARED, "c": PRIVATE})


def test_records_count_recordings_only(tmp_path: Path) -> None:
    clips = [Clip("a/x", 0, 1200), Clip("a/x", 0, 1200, mirrored=True), Clip("b/y", 0, 60)]
    (found,) = records({"a": FREE, "unused": SHARED}, clips)
    assert (found.name, found.clips, found.minutes, found.licence) == ("a", 1, 1.0, "by us")
    assert load_sets(tmp_path) == []
