"""`motiongpt render` draws every motion."""

from pathlib import Path

import pytest
from support.command_line import Capture, run_json, walk

pytestmark = pytest.mark.usefixtures("place")


def test_render_draws_all_motions(capsys: Capture) -> None:
    for i in range(2):
        walk(f"{i}.npz", "--seconds", "1", "--seed", str(i))
    capsys.readouterr()
    code, data = run_json(capsys, "render", "0.npz", "1.npz", "-o", "sheet.png")
    assert (code, data) == (0, {"path": "sheet.png", "motions": 2})
    assert Path("sheet.png").read_bytes().startswith(b"\x89PNG")
