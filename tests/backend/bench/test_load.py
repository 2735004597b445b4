"""The benchmark of a backend under load, with an engine without a model."""

from pathlib import Path

import pytest
from support.command_line import FAKE_PROCESS, run_json

from motiongpt.backend.bench.load import Tally, _summary


@pytest.mark.slow
def test_a_short_load_is_measured_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", FAKE_PROCESS)
    monkeypatch.setenv("FAKE_TASKS", "generate continue inbetween caption")
    monkeypatch.setenv("FAKE_BATCHES", "1")
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- motiongpt bench load -->\n<!-- end of motiongpt bench load -->\nafter\n")
    code, data = run_json(
        capsys, "bench", "load", "--minutes", "0.1", "--clients", "12", "--page", str(page), "--model", "fake"
    )
    assert code == 0 and data["answered_once"] and data["alive"] and data["ends"]["answered"] > 20
    assert data["held_before"] == data["held_after"] and data["new_files"] == []
    assert "exactly once: yes" in page.read_text() and page.read_text().startswith("before")


def test_what_goes_wrong_shows_in_the_summary() -> None:
    tally = Tally(sent=10, gone=1, waits=[1.0, 1.0, 4.0])
    tally.ends.update(answered=3, busy=6)
    good = _summary(tally, 10.0, 2, 0, [100, 100], [104])
    assert good["answered_once"] and good["longest_by_median"] == 4.0 and good["memory_growth"] == 0.04
    assert not _summary(tally, 10.0, 2, 1, [100], [104])["answered_once"]
    tally.twice = 1
    assert not _summary(tally, 10.0, 2, 0, [], [])["answered_once"]
    tally.twice, tally.sent = 0, 11
    assert not _summary(tally, 10.0, 2, 0, [], [])["answered_once"]


@pytest.mark.parametrize(
    "options",
    [
        ("load", "--minutes", "0"),
        ("load", "--clients", "0"),
        ("faults", "--rounds", "0", "--shared-rounds", "0"),
        ("faults", "--rounds", "-1"),
    ],
)
def test_loads_that_can_not_be_are_refused(options: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    code, data = run_json(capsys, "bench", *options)
    assert code == 2 and data["error"]["kind"] == "usage"
