"""`motiongpt evaluate shots`."""

from pathlib import Path

import pytest
from support.command_line import Capture, run_json

from motiongpt.backend.evaluation import shots


@pytest.mark.parametrize("recordings", [False, True])
def test_each_part_is_checked_on_its_own_frames(
    place: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture, recordings: bool
) -> None:
    asked = (shots.ShotPrompt("walks, then waves", ("goes forward or travels 0 to 99 m", "sits on the floor")),)
    monkeypatch.setattr(shots, "shot_prompts", lambda: asked)
    code, data = run_json(
        capsys, "evaluate", "shots", "--page", "shots.md", *(["--physics", str(dataset)] if recordings else [])
    )
    assert code == 0
    assert (data["recorded_speed"] or 0.0) > 0.0 if recordings else data["recorded_speed"] is None
    page = Path("shots.md").read_text(encoding="utf-8")
    assert "1 of 2 actions done" in page and ("in recordings" in page) is recordings
    assert (data["done"], data["parts"]) == (1, 2)
    assert data["missing"] == [{"prompt": "walks, then waves", "missing": ["sits on the floor"]}]
