"""Tables as spreadsheets save them."""

from pathlib import Path

import pytest

from motiongpt.backend.dataset.importing.captions_csv import CaptionTables
from motiongpt.backend.tables import read_table
from motiongpt.retarget.errors import MotionGPTError

ROWS = 'file{0}caption{0}weight\r\nä/b.bvh{0}"he says ""hi"", twice; a man grüßt"{0}0{1}5\r\nc.bvh\r\n\r\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16"])
@pytest.mark.parametrize(("separator", "point"), [(",", "."), (";", ","), (";", "."), ("\t", ",")])
@pytest.mark.parametrize("declared", [False, True])
def test_every_way_to_save_a_table_is_read(
    tmp_path: Path, encoding: str, separator: str, point: str, declared: bool
) -> None:
    text = ("sep=" + separator + "\r\n" if declared else "") + ROWS.format(separator, point)
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    tables = CaptionTables([tmp_path / "t.csv"])
    found = tables.labels_of(tmp_path / "ä" / "b.bvh")
    assert (found.captions, found.weight) == (['he says "hi", twice; a man grüßt'], 0.5)
    assert tables.labels_of(tmp_path / "c.bvh").captions == []  # a row that ends early


@pytest.mark.parametrize("before", ["\n", "\r", "\r\n \r\n", ";;\n\n", "sep=;\n\n", "\n\nsep=;\n"])
def test_rows_are_read_from_the_first_that_is_not_blank(tmp_path: Path, before: str) -> None:
    (tmp_path / "t.csv").write_bytes(f"{before}name;text\na;he walks\n;;\nb\n".encode())
    lines = len(before.splitlines())
    found = read_table(tmp_path / "t.csv", ("name",))
    assert found == [(lines + 2, {"name": "a", "text": "he walks"}), (lines + 4, {"name": "b", "text": ""})]
    (tmp_path / "t.csv").write_bytes(f"{before}name;text\na;he walks;1\n".encode())
    with pytest.raises(MotionGPTError, match=f"line {lines + 2}: there are 3 cells and 2 columns"):
        read_table(tmp_path / "t.csv", ("name",))


def test_a_caption_with_commas_needs_no_quotes_at_the_end_of_its_row(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("File, Caption \na\\b.bvh, he walks, then runs, then sits.\n")
    found = CaptionTables([tmp_path / "t.csv"]).labels_of(tmp_path / "a" / "b.bvh")
    assert found.captions == ["he walks, then runs, then sits."]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"file,caption,weight\na.bvh,he walks, then runs,1\n", "line 2: there are 4 cells and 3 columns"),
        (b"file,caption\n,he walks\n", "line 2: the row names no file"),
        (b"file,caption,weight\na.bvh,x,1e999\n", "line 2: the weight 1e999"),
        (b"\x89PNG\0\0", "it is no text"),
        (b"", "lacks the column file and caption"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "t.csv").write_bytes(data)
    with pytest.raises(MotionGPTError, match=said):
        CaptionTables([tmp_path / "t.csv"])


def test_a_table_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(MotionGPTError, match="can't be read as a table"):
            read_table(path, ("a",))
