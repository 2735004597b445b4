"""torch's zip files (`.pth`, `.pt`, `.tar`, `.ckpt`), read tensor by tensor and in pieces, without torch and without
pickle.

Inside: `NAME/data.pkl`, the index; `NAME/data/KEY`, one uncompressed record a storage, little-endian. Records are
checked before anything is read: stored as they are (a compressed one could unpack to any size), inside the file, not
overlapping, and as long as the index says.
"""

import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.typing import Numbers
from .pickles import MAX_BYTES, TensorReference, damaged, read_pickle
from .tensors import DTYPES, PIECE_BYTES, Dtype, TensorInfo

MAX_RECORDS = 100_000
MAX_DEPTH = 16
_STORAGES = {
    "Double": "F64", "Float": "F32", "Half": "F16", "BFloat16": "BF16", "Long": "I64", "Int": "I32", "Short": "I16",
    "Char": "I8", "Byte": "U8", "Bool": "BOOL",
}  # fmt: skip


@dataclass(frozen=True)
class _View:
    info: TensorInfo
    reference: TensorReference
    record: str


class TorchFile:
    """The tensors of one torch file, by the path of keys that leads to them ("state_dict.lm.shared.weight").

    Raises MotionGPTError ("bad_checkpoint") for a file that is damaged, would run code, or claims more than it holds.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
        except (zipfile.BadZipFile, OSError, ValueError, EOFError) as error:
            raise _unreadable(path, error) from error
        try:
            self._records = _check_records(self._zip, path.stat().st_size)
            self._prefix = _find_prefix(self._records)
            self._check_byte_order()
            self._views = dict(self._collect(read_pickle(self._read_small("data.pkl"))))
        except BaseException:
            self._zip.close()
            raise
        self.tensors = {name: view.info for name, view in self._views.items()}

    def close(self) -> None:
        """Let go of the file."""
        self._zip.close()

    def __enter__(self) -> "TorchFile":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        """A tensor's bytes in row-major order, at most `size` at a time unless its storage is laid out otherwise."""
        view = self._views[name]
        if not _is_contiguous(view.reference):
            yield self.read(name).tobytes()
            return
        width = DTYPES[view.info.dtype].itemsize
        left = view.info.nbytes
        with self._open(view.record) as file:
            file.seek(view.reference.offset * width)
            while left:
                piece = file.read(min(size, left))
                if not piece:
                    raise damaged(f"{name} is cut off")
                left -= len(piece)
                yield piece

    def read(self, name: str) -> Numbers:
        """A tensor as an array of its stored type; bfloat16 as uint16 (see `tensors.to_float32`)."""
        view = self._views[name]
        dtype = DTYPES[view.info.dtype]
        if _is_contiguous(view.reference):
            data = bytearray(view.info.nbytes)
            place = 0
            for piece in self.pieces(name):
                data[place : place + len(piece)] = piece
                place += len(piece)
            return np.frombuffer(data, dtype).reshape(view.info.shape)
        with self._open(view.record) as file:
            whole = np.frombuffer(file.read(), dtype)[view.reference.offset :]
        strides = tuple(step * dtype.itemsize for step in view.reference.stride)
        strided = np.lib.stride_tricks.as_strided(whole, view.info.shape, strides, writeable=False)
        return np.ascontiguousarray(strided)

    def _open(self, record: str) -> BinaryIO:
        try:
            return self._zip.open(record)  # type: ignore[return-value]
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
            raise _unreadable(self.path, error) from error

    def _read_small(self, name: str) -> bytes:
        info = self._records.get(self._prefix + name)
        if info is None:
            raise damaged(f"it has no {name}")
        if info.file_size > MAX_BYTES:
            raise damaged(f"{name} has {info.file_size} bytes")
        with self._open(info.filename) as file:
            try:
                return file.read()
            except (zipfile.BadZipFile, OSError, EOFError) as error:
                raise _unreadable(self.path, error) from error

    def _check_byte_order(self) -> None:
        if self._prefix + "byteorder" in self._records and self._read_small("byteorder").strip() != b"little":
            raise MotionGPTError(
                f"{self.path} is stored big-endian.", "Save it again on a usual machine.", "bad_checkpoint"
            )

    def _collect(self, root: Any) -> Iterator[tuple[str, _View]]:
        """Every tensor below dicts, with its path. Lists are left out: optimiser states, not weights."""
        seen: set[int] = set()
        todo: list[tuple[str, Any, int]] = [("", root, 0)]
        while todo:
            path, value, depth = todo.pop()
            if isinstance(value, TensorReference):
                yield path, self._view(path, value)
            elif isinstance(value, dict) and depth < MAX_DEPTH and id(value) not in seen:
                seen.add(id(value))
                items = [(f"{path}.{key}" if path else str(key), v, depth + 1) for key, v in value.items()]
                todo += reversed(items)

    def _view(self, name: str, tensor: TensorReference) -> _View:
        if tensor.storage.dtype not in _STORAGES:
            raise MotionGPTError(
                f"{name} is stored as {tensor.storage.dtype}, which is not supported.",
                "Save it as float32.",
                "bad_checkpoint",
            )
        dtype: Dtype = _STORAGES[tensor.storage.dtype]  # type: ignore[assignment]
        record = f"{self._prefix}data/{tensor.storage.key}"
        if record not in self._records:
            raise damaged(f"the data of {name} is missing")
        held = self._records[record].file_size // DTYPES[dtype].itemsize
        if tensor.storage.elements > held or _extent(tensor) > held:
            claimed = max(tensor.storage.elements, _extent(tensor), math.prod(tensor.shape))
            raise damaged(f"{name} claims {claimed} numbers and the file holds {held}")
        if math.prod(tensor.shape) > held:
            # A stride of zero makes any size of nothing.
            raise damaged(f"{name} claims {math.prod(tensor.shape)} numbers and the file holds {held}")
        return _View(TensorInfo(dtype, tensor.shape), tensor, record)


def _extent(tensor: TensorReference) -> int:
    """One past the last element of the storage that the view touches."""
    if 0 in tensor.shape:
        return tensor.offset
    return tensor.offset + 1 + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride, strict=True))


def _is_contiguous(tensor: TensorReference) -> bool:
    expected = 1
    for n, step in zip(reversed(tensor.shape), reversed(tensor.stride), strict=True):
        if n != 1 and step != expected:
            return False
        expected *= n
    return True


def _check_records(archive: zipfile.ZipFile, file_size: int) -> dict[str, zipfile.ZipInfo]:
    """The records by name. Raises MotionGPTError for compressed, overlapping, repeated or overlong ones."""
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    if len(infos) > MAX_RECORDS:
        raise damaged(f"it has {len(infos)} records")
    end = 0
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
            raise damaged(f"its record {info.filename} is compressed, which torch never does")
        if info.header_offset < end:
            raise damaged(f"its record {info.filename} lies over another")
        end = info.header_offset + 30 + info.file_size
        if end > file_size:
            raise damaged(f"its record {info.filename} claims {info.file_size} bytes, more than the file has")
    records = {info.filename: info for info in infos}
    if len(records) != len(infos):
        raise damaged("it holds two records of one name")
    return records


def _find_prefix(records: dict[str, zipfile.ZipInfo]) -> str:
    indices = [name for name in records if name == "data.pkl" or (name.endswith("/data.pkl") and name.count("/") == 1)]
    if len(indices) != 1:
        raise MotionGPTError(
            "The file is a zip archive, but no torch checkpoint.",
            "Give the file as it was published.",
            "bad_checkpoint",
        )
    return indices[0].removesuffix("data.pkl")


def _unreadable(path: Path, error: BaseException) -> MotionGPTError:
    return MotionGPTError(
        f"{path} is no torch checkpoint, or is cut off ({error}).",
        "Download it again; a checkpoint of torch before 1.6 has to be saved again with a newer one.",
        "bad_checkpoint",
    )
