"""torch's zip archives (`.pth`, `.pt`, `.tar`, `.ckpt`), read tensor by tensor, without torch and without unpickling.

Inside: `NAME/data.pkl`, the index; `NAME/data/KEY`, one uncompressed little-endian record for each storage. Before any
record is read it is checked to be uncompressed (a compressed one could expand to any size), to lie inside the file, to
overlap no other, and to be as long as the index says.
"""

import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ...retarget.errors import MotionGPTError
from ...retarget.files.arrays import READ_ERRORS
from ...retarget.typing import Numbers
from .pickles import MAX_BYTES, TensorReference, damaged, read_pickle
from .tensors import DTYPES, PIECE_BYTES, Dtype, TensorFile, TensorInfo

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


class TorchFile(TensorFile):
    """The tensors of one torch file, named by the path of keys to each ("state_dict.lm.shared.weight").

    Raises MotionGPTError ("bad_checkpoint") for a file that is damaged, would run code, or claims more than it holds.
    """

    _file: zipfile.ZipFile

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise MotionGPTError(f"There is no file {path}.", "Check the path.") from None
        except READ_ERRORS as error:
            raise _unreadable(path, error) from error
        try:
            self._records = _check_records(self._file, path.stat().st_size)
            self._prefix = _find_prefix(self._records)
            self._check_byte_order()
            self._views = dict(self._collect(read_pickle(self._read_small("data.pkl"))))
        except BaseException:
            self._file.close()
            raise
        self.tensors = {name: view.info for name, view in self._views.items()}

    def pieces(self, name: str, size: int = PIECE_BYTES) -> Iterator[bytes]:
        view = self._views[name]
        if not _is_contiguous(view.reference):
            yield self._read_strided(view).tobytes()
            return
        left = view.info.nbytes
        with self._open(view.record) as file:
            file.seek(view.reference.offset * DTYPES[view.info.dtype].itemsize)
            while left:
                piece = self._read(file, min(size, left))
                if not piece:
                    raise damaged(f"{name} is truncated")
                left -= len(piece)
                yield piece

    def _read_strided(self, view: _View) -> Numbers:
        """A tensor whose storage is not in row-major order."""
        dtype = DTYPES[view.info.dtype]
        with self._open(view.record) as file:
            data = self._read(file, self._records[view.record].file_size)
        storage = np.frombuffer(data, dtype, len(data) // dtype.itemsize)[view.reference.offset :]
        strides = tuple(step * dtype.itemsize for step in view.reference.stride)
        return np.lib.stride_tricks.as_strided(storage, view.info.shape, strides, writeable=False)

    def _open(self, record: str) -> BinaryIO:
        try:
            return self._file.open(record)  # type: ignore[return-value]
        except READ_ERRORS as error:
            raise _unreadable(self.path, error) from error

    def _read(self, file: BinaryIO, size: int) -> bytes:
        try:
            return file.read(size)
        except READ_ERRORS as error:
            raise _unreadable(self.path, error) from error

    def _read_small(self, name: str) -> bytes:
        info = self._records.get(self._prefix + name)
        if info is None:
            raise damaged(f"it has no {name}")
        if info.file_size > MAX_BYTES:
            raise damaged(f"{name} has {info.file_size} bytes")
        with self._open(info.filename) as file:
            return self._read(file, info.file_size)

    def _check_byte_order(self) -> None:
        if self._prefix + "byteorder" in self._records and self._read_small("byteorder").strip() != b"little":
            raise MotionGPTError(
                f"{self.path} is big-endian.", "Save it again on a little-endian machine.", "bad_checkpoint"
            )

    def _collect(self, root: Any) -> Iterator[tuple[str, _View]]:
        """Every tensor in nested dicts, with its path. Lists are skipped: they hold optimiser states, not weights."""
        seen: set[int] = set()
        stack: list[tuple[str, Any, int]] = [("", root, 0)]
        while stack:
            path, value, depth = stack.pop()
            if isinstance(value, TensorReference):
                yield path, self._view(path, value)
            elif isinstance(value, dict) and depth < MAX_DEPTH and id(value) not in seen:
                seen.add(id(value))
                items = [(f"{path}.{key}" if path else str(key), v, depth + 1) for key, v in value.items()]
                stack += reversed(items)

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
        # The product counts too: with a stride of zero, a tensor of any size views a single number.
        claimed = max(tensor.storage.elements, _extent(tensor), math.prod(tensor.shape))
        if claimed > held:
            raise damaged(f"{name} claims {claimed} numbers and the file holds {held}")
        return _View(TensorInfo(dtype, tensor.shape), tensor, record)


def _extent(tensor: TensorReference) -> int:
    """One past the last element of the storage that the view reaches."""
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
    """Records by name. Raises MotionGPTError for compressed, overlapping, duplicate or overlong ones."""
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    if len(infos) > MAX_RECORDS:
        raise damaged(f"it has {len(infos)} records")
    end = 0
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size or info.flag_bits & 1:
            raise damaged(f"its record {info.filename} is compressed, which torch never does")
        if info.header_offset < end:
            raise damaged(f"its record {info.filename} overlaps another")
        end = info.header_offset + 30 + info.file_size
        if end > file_size:
            raise damaged(f"its record {info.filename} claims {info.file_size} bytes, more than the file has")
    records = {info.filename: info for info in infos}
    if len(records) != len(infos):
        raise damaged("two of its records share a name")
    return records


def _find_prefix(records: dict[str, zipfile.ZipInfo]) -> str:
    indices = [name for name in records if name == "data.pkl" or (name.endswith("/data.pkl") and name.count("/") == 1)]
    if len(indices) != 1:
        raise MotionGPTError(
            "The file is a zip archive, but not a torch checkpoint.",
            "Give the original file, as it was published.",
            "bad_checkpoint",
        )
    return indices[0].removesuffix("data.pkl")


def _unreadable(path: Path, error: BaseException) -> MotionGPTError:
    return MotionGPTError(
        f"{path} is not a torch checkpoint, or is truncated ({error}).",
        "Download it again. A checkpoint from before torch 1.6 has to be saved again with a newer torch.",
        "bad_checkpoint",
    )
