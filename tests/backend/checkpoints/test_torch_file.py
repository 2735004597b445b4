"""torch checkpoints: read exactly, and refused if they claim more than they hold or would run code."""

import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from motiongpt.backend.checkpoints.tensors import to_float32
from motiongpt.backend.checkpoints.torch_file import TorchFile
from motiongpt.retarget.errors import MotionGPTError

torch = pytest.importorskip("torch", reason="torch makes the files that these tests read")


def test_what_torch_saves_is_read_exactly(tmp_path: Path) -> None:
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    state = OrderedDict(
        whole=base, row=base[2], transposed=base.T, part=base[1:3, 2:5], half=base.half(), brain=base.bfloat16(),
        whole_numbers=torch.arange(5), one=torch.tensor(3.5),
        nothing=torch.zeros(0, 3), flag=torch.tensor([True, False]),
    )  # fmt: skip
    path = tmp_path / "a.pth"
    torch.save({"state_dict": state, "epoch": 3, "name": "x", "list": [base]}, path)
    with TorchFile(path) as file:
        assert set(file.tensors) == {f"state_dict.{name}" for name in state}
        for name, tensor in state.items():
            full = f"state_dict.{name}"
            info = file.tensors[full]
            assert info.shape == tuple(tensor.shape)
            values = file.read(full)
            found = to_float32(values, info.dtype) if name == "brain" else values
            assert np.array_equal(found, tensor.float().numpy() if name == "brain" else tensor.numpy())
            assert b"".join(file.pieces(full, 7)) == np.ascontiguousarray(values).tobytes()


class Bomb:
    """Unpickling it would call `function`."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


def as_checkpoint(path: Path, index: bytes, records: dict[str, bytes] | None = None, **options: Any) -> Path:
    """A torch file with that index."""
    with zipfile.ZipFile(path, "w", **options) as archive:
        archive.writestr("archive/data.pkl", index)
        for name, data in (records or {}).items():
            archive.writestr(f"archive/{name}", data)
    return path


def refuses(path: Path, words: str = ".") -> None:
    with pytest.raises(MotionGPTError, match=words) as caught:
        TorchFile(path)
    assert caught.value.kind == "bad_checkpoint"
    assert caught.value.cure


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "bomb",
    [
        lambda trace: Bomb(os.system, f"touch {trace}"),
        lambda trace: Bomb(open, str(trace), "w"),
        lambda trace: Bomb(exec, f"open({str(trace)!r}, 'w')"),
        lambda trace: Bomb(eval, f"open({str(trace)!r}, 'w')"),
        lambda trace: Bomb(getattr, os, "system") if False else Bomb(os.popen, f"touch {trace}"),
        lambda trace: Bomb(pickle.loads, pickle.dumps(Bomb(os.system, f"touch {trace}"))),
        lambda trace: Bomb(torch.load, str(trace)),
        lambda trace: Bomb(np.save, str(trace), 1),
        lambda trace: os.system,
    ],
)
def test_code_is_neither_run_nor_taken(tmp_path: Path, bomb: Callable[[Path], Any], protocol: int) -> None:
    trace = tmp_path / "trace"
    index = pickle.dumps({"state_dict": {}, "extra": bomb(trace)}, protocol=protocol)
    refuses(as_checkpoint(tmp_path / "a.pth", index), "would run code")
    assert not trace.exists()


def test_a_bomb_of_torch_itself_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = tmp_path / "a.pth"
    torch.save({"weight": torch.zeros(2), "hook": Bomb(os.system, f"touch {trace}")}, path)
    refuses(path, "system")
    assert not trace.exists()


def tensor_index(elements: int, shape: tuple[int, ...], stride: tuple[int, ...], offset: int = 0) -> bytes:
    """An index with one float tensor that claims these sizes."""
    path = io.BytesIO()

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> Any:
            return ("storage", torch.FloatStorage, "0", "cpu", elements) if value == "STORAGE" else None

    class Tensor:
        def __reduce__(self) -> Any:
            return torch._utils._rebuild_tensor_v2, ("STORAGE", offset, shape, stride, False, OrderedDict())

    Pickler(path, protocol=2).dump({"weight": Tensor()})
    return path.getvalue()


@pytest.mark.parametrize(
    ("elements", "shape", "stride", "offset"),
    [
        (10**9, (10**9,), (1,), 0),
        (4, (10**9,), (1,), 0),
        (4, (10**9,), (0,), 0),
        (4, (4,), (10**9,), 0),
        (4, (4,), (1,), 1),
        (4, (2**62, 2**62), (0, 0), 0),
        (4, (1,), (1,), 4),
    ],
)
def test_claims_beyond_the_file_are_refused(
    tmp_path: Path, elements: int, shape: tuple[int, ...], stride: tuple[int, ...], offset: int
) -> None:
    index = tensor_index(elements, shape, stride, offset)
    refuses(as_checkpoint(tmp_path / "a.pth", index, {"data/0": b"\0" * 16}), "claims")


def test_a_tensor_whose_data_is_missing_is_refused(tmp_path: Path) -> None:
    refuses(as_checkpoint(tmp_path / "a.pth", tensor_index(4, (4,), (1,))), "missing")


def test_zip_bombs_are_refused(tmp_path: Path) -> None:
    index = tensor_index(25_000_000, (25_000_000,), (1,))
    packed = as_checkpoint(tmp_path / "a.pth", index, {"data/0": b"\0" * 10**8}, compression=zipfile.ZIP_DEFLATED)
    assert packed.stat().st_size < 10**6
    refuses(packed, "compressed")


def test_overlapping_records_are_refused(tmp_path: Path) -> None:
    path = as_checkpoint(
        tmp_path / "a.pth", tensor_index(256, (256,), (1,)), {"data/0": b"\1" * 1024, "data/1": b"\2" * 1024}
    )
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    first = data.index(b"archive/data/0") - 30
    data[entry + 42 : entry + 46] = struct.pack("<I", first)  # the last record now claims the first one's place
    path.write_bytes(bytes(data))
    refuses(path, "overlaps another|share a name|damaged")


def test_huge_sizes_in_the_directory_are_refused(tmp_path: Path) -> None:
    path = as_checkpoint(tmp_path / "a.pth", tensor_index(4, (4,), (1,)), {"data/0": b"\0" * 16})
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 20 : entry + 28] = struct.pack("<II", 2**31, 2**31)
    path.write_bytes(bytes(data))
    refuses(path, "more than the file has")


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    torch.save({"weight": torch.zeros(100)}, path)
    data = path.read_bytes()
    for length in range(0, len(data), 37):
        (tmp_path / "cut.pth").write_bytes(data[:length])
        refuses(tmp_path / "cut.pth")


@pytest.mark.parametrize("data", [b"", b"PK\x05\x06" + bytes(18), b"\x80\x02}q\x00.", b"not a checkpoint" * 100])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.pth").write_bytes(data)
    refuses(tmp_path / "a.pth")


def test_missing_and_big_endian_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MotionGPTError, match="no file"):
        TorchFile(tmp_path / "missing.pth")
    index = tensor_index(4, (4,), (1,))
    refuses(as_checkpoint(tmp_path / "a.pth", index, {"data/0": bytes(16), "byteorder": b"big"}), "big-endian")


def test_self_reference_does_not_loop(tmp_path: Path) -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    with TorchFile(as_checkpoint(tmp_path / "a.pth", pickle.dumps(loop, protocol=2))) as file:
        assert file.tensors == {}
