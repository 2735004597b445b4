"""`motiongpt convert` keeps frame rate and frame count."""

import pytest
from support.command_line import Capture, run_json, walk

from motiongpt.backend.commands import cli
from motiongpt.retarget.files.npz import load_npz

pytestmark = pytest.mark.usefixtures("place")


def test_convert_keeps_rate_and_frames_without_fps(capsys: Capture) -> None:
    original = walk("a.npz", "--fps", "25", "--seconds", "2")
    assert cli.main(["convert", "a.npz", "-o", "b.bvh"]) == 0
    assert cli.main(["convert", "b.bvh", "-o", "c.npz"]) == 0
    back = load_npz("c.npz")
    assert len(back) == len(original) == 50
    assert back.fps == pytest.approx(25.0, rel=1e-4)
    capsys.readouterr()
    code, data = run_json(capsys, "convert", "a.npz", "-o", "d.npz", "--fps", "50")
    assert (code, data["frames"], data["fps"]) == (0, 100, 50.0)
