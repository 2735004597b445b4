"""ONNX Runtime as the engines load it."""

import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

from motiongpt.backend.engines.shared import runtime
from motiongpt.retarget.errors import MotionGPTError

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


def test_a_graph_is_given_to_the_gpu_and_not_silently_to_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With sessions that are imitated, as of a library with and without a GPU that it can use."""
    asked: list[list[str]] = []

    class Session:
        def __init__(self, graph: object, options: object, providers: list[str]) -> None:
            asked.append(providers)

        def get_providers(self) -> list[str]:
            return [*started, "CPUExecutionProvider"]

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    started = ["CUDAExecutionProvider"]
    runtime.open_session(tmp_path / "a.onnx", "cuda")
    runtime.open_session(tmp_path / "a.onnx", "auto")
    assert asked == [["CUDAExecutionProvider"], ["CPUExecutionProvider"]]
    started = []
    with pytest.raises(MotionGPTError) as caught:
        runtime.open_session(tmp_path / "b.onnx", "cuda")
    assert caught.value.kind == "no_device"
