"""`motiongpt bench` times models and retargeting."""

import importlib.util

import pytest
from support.command_line import FAKE_PROCESS, Capture, run_json

pytestmark = pytest.mark.usefixtures("place")


@pytest.mark.bpy
def test_bench_retarget_writes_in_bulk(capsys: Capture) -> None:
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy is not installed")
    code, data = run_json(capsys, "bench", "retarget")
    assert code == 0
    assert (data["bones"], data["frames"]) == (60, 300)
    assert data["solved_frames_per_second"] > 0
    # The target is 20, on an idle machine; writing keys one by one would give 1.
    assert data["times_as_fast"] > 4


def test_bench_times_the_model(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", FAKE_PROCESS)  # where the new process finds the engine
    code, data = run_json(capsys, "bench", "--runs", "2", "--seconds", "1")
    assert code == 0
    assert 0 < data["median_seconds"] <= data["slowest_seconds"]
    assert 0 < data["first_partial_seconds"] <= data["median_seconds"]
    # A process that imports, loads and generates takes longer than one that only generates.
    assert data["start_to_first_motion_seconds"] > data["median_seconds"]
    assert data["peak_memory_bytes"] is None or 20e6 < data["peak_memory_bytes"] < 4e9
