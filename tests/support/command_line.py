"""The command line as tests call it: in their own process, in the folder that the fixture `place` makes."""

import json
from pathlib import Path
from typing import Any

import pytest

from motiongpt.backend.commands import cli
from motiongpt.retarget.files.npz import load_npz
from motiongpt.retarget.motion import Motion

Capture = pytest.CaptureFixture[str]
FAKE_PROCESS = str(Path(__file__).resolve().parent / "fake_process")
"""In PYTHONPATH it makes a new process run `fake_engine`."""


def run_json(capsys: Capture, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the JSON object in the last line."""
    code = cli.main([*arguments, "--json"])
    data = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert isinstance(data, dict)
    return code, data


def walk(path: str, *arguments: str) -> Motion:
    """Generate a walk into a file, and read it."""
    assert cli.main(["generate", "a person walks", "-o", path, *arguments]) == 0
    return load_npz(path)
