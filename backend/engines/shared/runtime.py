"""ONNX Runtime: sessions, decoding with a key-value cache, and matrices read row by row."""

import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime import OrtValue

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Float32s
from ...checkpoints.onnx_graph import OnnxGraph, has_blocks, unpack_blocks
from ...checkpoints.safetensors_file import SafetensorsFile
from ...checkpoints.tensors import DTYPES, to_float32
from . import lanes

_FOLDER = "session.model_external_initializers_file_folder_path"  # of weights beside a graph that is given as bytes
_open: "weakref.WeakValueDictionary[tuple[object, ...], onnxruntime.InferenceSession]" = weakref.WeakValueDictionary()

Edit = Callable[[OnnxGraph], None]
"""What is changed in a graph before it is loaded."""


def open_session(
    path: Path, device: str = "cpu", threads: int = 0, edit: Edit | None = None
) -> onnxruntime.InferenceSession:
    """Load a graph; one that another engine has open, with the same edit, is shared. device: "cuda"; "cpu" and "auto"
    mean the CPU.  threads: on the CPU; 0 means one per core, or `lanes.most`.

    A fixed number of threads does not spin while waiting for work: small graphs gain nothing from it, and it would take
    cores from Blender. Raises MotionGPTError for a device that is not available ("no_device") or a file that can't
    be loaded ("no_model").
    """
    provider = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
    key = _key(path, provider, threads or lanes.most, edit)
    if key is not None and (there := _open.get(key)) is not None:
        return there
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or lanes.most
    if threads:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry(_FOLDER, str(path.parent))
    try:
        session = onnxruntime.InferenceSession(_edited(path, edit) or str(path), options, providers=[provider])
    except MotionGPTError:
        raise
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise MotionGPTError(
            f"{path} can't be loaded ({str(error)[:300]}).", "Install or import the model again.", "no_model"
        ) from error
    # A provider that fails to start is silently replaced by the CPU.
    if provider not in session.get_providers():
        raise MotionGPTError(f"The device {device} is not available here.", "Choose auto or cpu.", "no_device")
    if key is not None:
        _open[key] = session
    return session


def all_at_once(makes: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of these makes, on as many processors as there are: loading a graph keeps one busy."""
    with ThreadPoolExecutor(lanes.processors()) as pool:
        return list(pool.map(lambda make: make(), makes))


def _edited(path: Path, edit: Edit | None) -> bytes | None:
    """A graph with its weights unpacked, and edited; None where it is as in the file."""
    if edit is None and not has_blocks(path):
        return None
    graph = OnnxGraph(path)
    unpack_blocks(graph)
    if edit is not None:
        edit(graph)
    return graph.data


def _key(path: Path, provider: str, threads: int, edit: Edit | None) -> tuple[object, ...] | None:
    """What tells a graph in memory from others: the file as it is now; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return path.resolve(), found.st_size, found.st_mtime_ns, found.st_ino, provider, threads, edit


class Table:
    """A matrix (rows, width) in a safetensors file, mapped into memory, of which a few rows at a time are read."""

    def __init__(self, path: Path, name: str) -> None:
        with SafetensorsFile(path) as file:
            info, offset = file.tensors[name], file.offsets[name]
        self._dtype = info.dtype
        self._map = np.memmap(path, DTYPES[info.dtype], "r", offset, info.shape)

    def __len__(self) -> int:
        return len(self._map)

    def rows(self, numbers: Sequence[int] | slice) -> Float32s:
        """Rows (n, width) as float32."""
        return to_float32(np.asarray(self._map[numbers]), self._dtype)


class CachedDecoder:
    """A decoder with its key-value cache, which stays inside ONNX Runtime from step to step.

    length: tokens in the cache.
    """

    def __init__(self, session: onnxruntime.InferenceSession, heads: int, width: int, layers: int) -> None:
        self._session, self._heads, self._width = session, heads, width
        self._parts = [f"{part}_{layer}" for layer in range(layers) for part in "kv"]
        self._past: dict[str, OrtValue] = {}
        self.length = 0

    def reset(self, batch: int) -> None:
        """Empty the cache, for `batch` answers."""
        empty = np.zeros((batch, self._heads, 0, self._width), np.float32)
        self._past = {f"past_{part}": OrtValue.ortvalue_from_numpy(empty) for part in self._parts}
        self.length = 0

    def repeat(self, batch: int) -> None:
        """Copy the cache of one answer to `batch` answers."""
        if batch > 1:
            self._past = {
                name: OrtValue.ortvalue_from_numpy(np.repeat(value.numpy(), batch, axis=0))
                for name, value in self._past.items()
            }

    def step(self, inputs: dict[str, Any]) -> Float32s:
        """Hidden states (B, T, width) of the next T tokens. inputs: by name, numpy arrays or OrtValues."""
        feeds = {
            name: value if isinstance(value, OrtValue) else OrtValue.ortvalue_from_numpy(value)
            for name, value in inputs.items()
        }
        names = ["hidden", *(f"present_{part}" for part in self._parts)]
        hidden, *present = self._session.run_with_ort_values(names, feeds | self._past)
        self._past = {f"past_{part}": value for part, value in zip(self._parts, present, strict=True)}
        self.length += inputs["ids"].shape[1]
        return np.asarray(hidden.numpy())
