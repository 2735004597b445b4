"""Tables of captions, with and without labels."""

from pathlib import Path

import pytest

from motiongpt.backend.dataset.importing.captions_csv import CaptionTables
from motiongpt.retarget.errors import MotionGPTError


def table(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n")
    return path


def test_tables_add_up(tmp_path: Path) -> None:
    first = table(tmp_path / "a.csv", "file,caption", "cmu/nod.bvh,he nods", "b.bvh,a bow", "gone.bvh,nothing")
    second = table(
        tmp_path / "b.csv",
        "file,caption,origin,action,weight,set",
        "cmu/nod.bvh,someone nods,eye,nod,0.5,",
        "cmu/nod.bvh,he nods,eye,,,",
        "b.bvh,,eye,bow,,bows",
    )
    tables = CaptionTables([first, second])
    nod, bow = tables.labels_of(tmp_path / "cmu" / "nod.bvh"), tables.labels_of(tmp_path / "elsewhere" / "b.bvh")
    assert (nod.captions, nod.action, nod.weight, nod.set) == (["he nods", "someone nods"], "nod", 0.5, "cmu")
    assert (bow.captions, bow.action, bow.weight, bow.set) == (["a bow"], "bow", None, "bows")
    assert tables.unused() == ["gone.bvh"]
    assert tables.name_of(Path("/other/set/c.bvh")) == "set/c.bvh"


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("file,text", "a.bvh,x"), "lacks the column caption"),
        (("file,caption,weight", "a.bvh,x,1", "a.bvh,x,often"), "line 3: the weight often is not a number"),
        (("file,caption,weight", "a.bvh,x,-1"), "line 2: the weight -1 is not a number"),
        (("file,caption,weight", "a.bvh,x,inf"), "line 2: the weight inf is not a number"),
    ],
)
def test_wrong_tables_are_refused(tmp_path: Path, rows: tuple[str, ...], message: str) -> None:
    with pytest.raises(MotionGPTError, match=message):
        CaptionTables([table(tmp_path / "a.csv", *rows)])
    with pytest.raises(MotionGPTError, match="can't be read as a table"):
        CaptionTables([tmp_path / "absent.csv"])
