"""Every press of the panel's buttons is measured in Blender, and finishes."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from motiongpt.backend.bench.presses import WANTED
from motiongpt.backend.process.launch import LAUNCHER


@pytest.mark.usefixtures("starter_model")
def test_presses_finish_and_are_measured(tmp_path: Path) -> None:
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy is not installed")
    output = tmp_path / "presses.json"
    command = [sys.executable, "-P", str(LAUNCHER), "motiongpt.addon.bench", str(output)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    found = json.loads(output.read_text(encoding="utf-8"))
    assert [one["press"] for one in found] == list(WANTED)
    assert all(one["ticks"] > 3 and one["busiest_tick"] > 0 for one in found)
    assert all((0 < one["moved"] <= one["seconds"]) == (one["press"] != "Describe") for one in found)
    assert found[-1]["outcome"].startswith("3 takes of frames 20 to 40 of ")  # the gap around frame 30
