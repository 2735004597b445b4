"""`motiongpt data look`: the table of sets and the sheet."""

import json
from pathlib import Path

import pytest

from motiongpt.backend.commands.cli import main


def test_sets_and_their_share_are_shown(dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.png"
    assert main(["data", "look", str(dataset), "-o", str(sheet), "--match", "LEFT", "--limit", "2", "--json"]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    (row,) = said["sets"]
    assert row["clips"] == 6 and row["draws"] == pytest.approx(1.0) and row["minutes"] > 0
    assert len(said["clips"]) == 2 and said["found"] == 6
    assert sheet.read_bytes().startswith(b"\x89PNG")
    assert sum(said["actions"].values()) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--match", "unicycle"), "No clip of"),
        (("--set", "attic"), "No clip of"),
        (("--limit", "0"), "1 to 60 clips, not 0"),
        (("-o", "sheet.bmp"), "sheet.bmp"),
    ],
)
def test_what_can_not_be_shown_is_said(
    dataset: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert main(["data", "look", str(dataset), *options]) == 2
    assert message in capsys.readouterr().err
