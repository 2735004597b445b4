"""ONNX Runtime as the engines load it."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from motiongpt.backend.checkpoints.onnx_graph import OnnxGraph
from motiongpt.backend.engines.shared import lanes, runtime
from motiongpt.backend.engines.shared.runtime import all_at_once, open_session
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
    for name in "ab":
        (tmp_path / f"{name}.onnx").write_bytes(b"a graph")
    started = ["CUDAExecutionProvider"]
    runtime.open_session(tmp_path / "a.onnx", "cuda")
    runtime.open_session(tmp_path / "a.onnx", "auto")
    assert asked == [["CUDAExecutionProvider"], ["CPUExecutionProvider"]]
    started = []
    with pytest.raises(MotionGPTError) as caught:
        runtime.open_session(tmp_path / "b.onnx", "cuda")
    assert caught.value.kind == "no_device"


def _saved(folder: Path) -> Path:
    """A graph that adds w, whose values lie in a file beside it, and v."""
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    from onnx import TensorProto, helper, numpy_helper

    nodes = [helper.make_node("Add", ["x", "w"], ["xw"]), helper.make_node("Add", ["xw", "v"], ["y"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2000]) for name in "xy"]
    held = [numpy_helper.from_array(np.full(2000, size, np.float32), name) for name, size in (("w", 1.0), ("v", 2.0))]
    model = helper.make_model(
        helper.make_graph(nodes, "g", ends[:1], ends[1:], held),
        opset_imports=[helper.make_opsetid("", 18)], ir_version=10,
    )  # fmt: skip
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "w.bin")
    onnx.save(model, str(folder / "g.onnx"))
    return folder / "g.onnx"


def _ten(graph: OnnxGraph) -> None:
    graph.tensors["v"] = np.full(2000, 10.0, np.float32)


def test_a_graph_is_shared_with_those_that_edit_it_alike(tmp_path: Path) -> None:
    path, x = _saved(tmp_path), {"x": np.zeros(2000, np.float32)}
    plain, edited = open_session(path, threads=1), open_session(path, threads=1, edit=_ten)
    assert plain.run(None, x)[0][0] == 3.0 and edited.run(None, x)[0][0] == 11.0
    assert open_session(path, threads=1) is plain and open_session(path, threads=1, edit=_ten) is edited


def test_what_can_not_be_loaded_is_named(tmp_path: Path) -> None:
    (tmp_path / "g.onnx").write_bytes(b"no graph")
    for path in (tmp_path / "g.onnx", tmp_path / "none.onnx"):
        with pytest.raises(MotionGPTError, match=path.name):
            open_session(path)


def test_things_are_made_at_once_and_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "processors", lambda: 2)
    both = threading.Barrier(2, timeout=60.0)
    assert all_at_once([lambda: both.wait() * 0 + 1, lambda: both.wait() * 0 + 2, lambda: 3]) == [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        all_at_once([lambda: 1, lambda: 1 // 0])
