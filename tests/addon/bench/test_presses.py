"""`motiongpt bench blender`: every press is measured, and finishes."""

import importlib.util

import pytest
from support.command_line import Capture, run_json

from motiongpt.backend.bench.presses import WANTED


@pytest.mark.bpy
@pytest.mark.usefixtures("starter_model")
def test_every_press_is_measured(capsys: Capture) -> None:
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("bpy is not installed")
    code, data = run_json(capsys, "bench", "blender")
    assert code == 0 and not data["window"]
    assert [one["press"] for one in data["presses"]] == list(WANTED)
    for one in data["presses"]:
        assert one["seconds"] > 0 and one["ticks"] > 3 and one["outcome"], one
