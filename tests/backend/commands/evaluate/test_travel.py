"""`motiongpt evaluate travel`."""

from pathlib import Path

import pytest
from support.command_line import Capture, run_json

from motiongpt.backend.evaluation.travel import distances, loops


def test_distances_and_loops_are_measured_and_written(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr(distances, "requests", lambda asked=distances.requests(): asked[:2])  # noqa: B008
    monkeypatch.setattr(loops, "PROMPTS", ("walks",))
    page = tmp_path / "travel.md"
    code, data = run_json(capsys, "evaluate", "travel", "--page", str(page))
    assert code == 0
    assert data["distances"]["requests"] == 2 and data["loops"][0]["prompt"] == "walks"
    text = page.read_text(encoding="utf-8")
    assert "`motiongpt evaluate travel`" in text and "walks 1 metre" in text
