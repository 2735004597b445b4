"""`make demo`'s own part, with a stand-in for the model."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from matplotlib.image import imread


def run_demo(root: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(root / "tests" / "support" / "fake_process")}
    command = [sys.executable, "-m", "motiongpt.backend.commands.demo", *map(str, arguments)]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=600)


@pytest.mark.slow
def test_demo_leaves_characters_and_a_sheet(repo_root, tmp_path):
    if find_spec("bpy") is None:
        pytest.skip("bpy is not installed")
    done = run_demo(repo_root, tmp_path / "made")
    assert done.returncode == 0, done.stderr
    made = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert made == ["bow.blend", "bow.fbx", "sheet.png", "walk.blend", "walk.fbx", "wave.blend", "wave.fbx"]
    assert all(str(tmp_path / "made" / name) in done.stdout for name in made)
    sheet = imread(tmp_path / "made" / "sheet.png")
    assert sheet.shape[0] > 900 and sheet.shape[1] > 1800
    assert sheet[..., :3].std() > 0.05


def test_demo_reports_errors(repo_root, tmp_path):
    if find_spec("bpy") is None:
        pytest.skip("bpy is not installed")
    (tmp_path / "file").write_text("in the way")
    done = run_demo(repo_root, tmp_path / "file")
    assert done.returncode == 2 and "can't be made" in done.stderr and "Traceback" not in done.stderr
    assert run_demo(repo_root).returncode == 2
