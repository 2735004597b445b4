"""The bundle for reports: no prompts, no name of the home folder."""

import json
import zipfile
from pathlib import Path

import pytest

from motiongpt.backend.process.watching.diagnostics import write_bundle
from motiongpt.retarget.errors import MotionGPTError


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "backend.log"
    path.write_text(
        f"2026 ERROR x [1]: ValueError: \"a secret dance\" and 'another secret' in {Path.home()}/x\n"
        "  File \"/x/motiongpt/worker.py\", line 3, in run\n    it can't be the user's fault\n",
        encoding="utf-8",
    )
    (tmp_path / "backend.log.1").write_text("older “secret” words\n", encoding="utf-8")
    return path


def read(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def test_prompts_are_left_out(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    names = write_bundle(out, [log, tmp_path / "nowhere.log"], {"models": ["starter"]})
    files = read(out)
    assert names == list(files) == ["about.txt", "facts.json", "logs/backend.log", "logs/backend.log.1"]
    everything = "".join(files.values())
    assert "secret" not in everything and str(Path.home()) not in everything
    assert 'File "/x/motiongpt/worker.py", line 3' in files["logs/backend.log"]
    assert "it can't be the user's fault" in files["logs/backend.log"]
    facts = json.loads(files["facts.json"])
    assert facts["models"] == ["starter"] and facts["packages"]["numpy"] and facts["motiongpt"]


def test_prompts_come_where_asked_for(log: Path, tmp_path: Path) -> None:
    write_bundle(tmp_path / "out.zip", [log], {}, prompts=True)
    assert "a secret dance" in read(tmp_path / "out.zip")["logs/backend.log"]


def test_a_place_that_can_not_be_written_is_said(log: Path, tmp_path: Path) -> None:
    with pytest.raises(MotionGPTError, match="could not be written"):
        write_bundle(tmp_path / "nowhere" / "out.zip", [log], {})
    assert not list(tmp_path.glob(".*"))
