"""ONNX Runtime as the engines load it."""

import subprocess
import sys
from pathlib import Path

_CHECK = """
import os, motiongpt.backend.engines.shared.runtime, onnxruntime
onnxruntime.SessionOptions()
assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
"""


def test_it_reports_to_nobody(tmp_path: Path) -> None:
    """Where its telemetry is on, it keeps a file among the temporary ones."""
    environment = {"TMPDIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", _CHECK], env=environment, check=True)
    assert [path.name for path in tmp_path.iterdir() if path.name == ".ses" or "ort" in path.name.lower()] == []
