"""`motiongpt describe`, and `caption`, its other name."""

import pytest
from support.command_line import Capture, run_json, walk

pytestmark = pytest.mark.usefixtures("place")


@pytest.mark.parametrize("command", ["describe", "caption"])
def test_a_motion_is_described_under_either_name(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("FAKE_TASKS", "generate caption")
    walk("walk.npz")
    code, data = run_json(capsys, command, "walk.npz")
    assert (code, data["texts"]) == (0, ["a person moves for 4.00 seconds"])
