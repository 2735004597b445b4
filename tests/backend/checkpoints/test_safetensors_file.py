"""Safetensors files: there and back, and damaged ones refused."""

from pathlib import Path

import numpy as np
import pytest

from motiongpt.backend.checkpoints.safetensors_file import SafetensorsFile, SafetensorsWriter
from motiongpt.backend.checkpoints.tensors import TensorInfo
from motiongpt.retarget.errors import MotionGPTError

torch = pytest.importorskip("torch", reason="torch makes the files that these tests read")


def test_safetensors_there_and_back(tmp_path: Path) -> None:
    a, b = np.arange(12, dtype=np.float32).reshape(3, 4), np.arange(5, dtype=np.uint8)
    with SafetensorsWriter(tmp_path / "a", {"a": TensorInfo("F32", (3, 4)), "b": TensorInfo("U8", (5,))}) as writer:
        writer.write_array("a", a)
        writer.write_array("b", b)
    with SafetensorsFile(tmp_path / "a") as file:
        assert np.array_equal(file.read("a"), a) and np.array_equal(file.read("b"), b)
        assert file.offsets["a"] % 4096 == 0 and b"".join(file.pieces("a", 5)) == a.tobytes()
    library = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    loaded = library.load_file(tmp_path / "a")
    assert np.array_equal(loaded["a"], a) and np.array_equal(loaded["b"], b)


@pytest.mark.parametrize(
    "header",
    [
        b'{"a": {"dtype": "F32", "shape": [1000000000], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4000]}}',
        b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, -4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [-8, -4]}}',
        b'{"a": {"dtype": "OBJECT", "shape": [1], "data_offsets": [0, 4]}}',
        b'{"a": 1}',
        b"[]",
        b"{",
    ],
)
def test_damaged_safetensors_are_refused(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "a").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(MotionGPTError) as caught:
        SafetensorsFile(tmp_path / "a")
    assert caught.value.kind == "bad_checkpoint"
    (tmp_path / "a").write_bytes((10**15).to_bytes(8, "little") + header)
    with pytest.raises(MotionGPTError):
        SafetensorsFile(tmp_path / "a")
