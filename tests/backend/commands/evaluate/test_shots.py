"""`motiongpt evaluate shots`."""

from pathlib import Path

import pytest
from support.command_line import Capture, run_json

from motiongpt.backend.evaluation import shots


def test_each_part_is_checked_on_its_own_frames(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    asked = (shots.ShotPrompt("walks, then waves", ("goes forward or travels 0 to 99 m", "sits on the floor")),)
    monkeypatch.setattr(shots, "shot_prompts", lambda: asked)
    code, data = run_json(capsys, "evaluate", "shots")
    assert code == 0
    assert (data["done"], data["parts"]) == (1, 2)
    assert data["missing"] == [{"prompt": "walks, then waves", "missing": ["sits on the floor"]}]
