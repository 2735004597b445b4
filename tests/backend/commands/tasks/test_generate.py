"""`motiongpt generate`: the length and rate asked for, the same bytes for the same seed."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.command_line import FAKE_PROCESS, Capture, run_json, walk

from motiongpt.backend.commands import cli
from motiongpt.retarget.files.npz import load_npz

pytestmark = pytest.mark.usefixtures("place")


def test_generate_writes_the_length_and_rate_asked_for(capsys: Capture) -> None:
    code, data = run_json(capsys, "generate", "walk", "-o", "a.npz", "--seconds", "2.5", "--fps", "24", "--seed", "3")
    assert code == 0
    motion = load_npz("a.npz")
    assert (len(motion), motion.fps) == (60, 24.0)
    assert data["files"] == [{"path": "a.npz", "frames": 60, "fps": 24.0, "seconds": 2.5}]
    assert (data["seed"], data["text"], motion.meta["seed"]) == (3, "walk", 3)
    assert len(walk("b.npz")) == 120  # 4 s at 30


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    walk("a.npz", "--seed", "5")
    environment = os.environ | {"PYTHONPATH": FAKE_PROCESS}
    command = [sys.executable, "-m", "motiongpt", "generate", "a person walks", "-o", "b.npz", "--seed", "5"]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    walk("c.npz", "--seed", "6")
    a, b, c = (Path(name).read_bytes() for name in ("a.npz", "b.npz", "c.npz"))
    assert a == b != c


@pytest.mark.parametrize("option", ["--takes", "--variations"])
def test_takes_are_numbered_and_differ(option: str) -> None:
    assert cli.main(["generate", "walk", "-o", "w.npz", option, "3"]) == 0
    assert sorted(os.listdir()) == ["w-1.npz", "w-2.npz", "w-3.npz"]
    first, second = load_npz("w-1.npz"), load_npz("w-2.npz")
    assert np.abs(first.rotations - second.rotations).max() > 0.01
