"""ONNX Runtime: graphs, a decoder's cache, and weights of which single rows are read."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Float32s
from ...checkpoints.safetensors_file import SafetensorsFile
from ...checkpoints.tensors import DTYPES, to_float32


def open_session(path: Path, device: str = "cpu", threads: int = 0) -> onnxruntime.InferenceSession:
    """A graph ready to run. device: "cuda", or "cpu" and "auto" for the CPU.  threads: on the CPU, 0 takes all cores;
    a number is for graphs so small that nobody waits busily for their threads, which would keep Blender's from running.

    Raises MotionGPTError where the device is not to be had ("no_device"), or the file can't be run ("no_model").
    """
    provider = "CUDAExecutionProvider" if device == "cuda" else "CPUExecutionProvider"
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    if threads:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
    except Exception as error:  # onnxruntime's exceptions share no base class of their own
        raise MotionGPTError(
            f"{path} can't be run ({str(error)[:300]}).", "Install or import the model again.", "no_model"
        ) from error
    # A provider that is listed may still fail to start and be replaced by the CPU without a word.
    if provider not in session.get_providers():
        raise MotionGPTError(f"The device {device} is not available here.", "Choose auto or cpu.", "no_device")
    return session


class Table:
    """A matrix (rows, width) in a safetensors file, of which only some rows are ever needed at a time."""

    def __init__(self, path: Path, name: str) -> None:
        with SafetensorsFile(path) as file:
            info = file.tensors[name]
            place = file.offsets[name]
        self._dtype = info.dtype
        self._map = np.memmap(path, DTYPES[info.dtype], "r", place, info.shape)

    def __len__(self) -> int:
        return len(self._map)

    def rows(self, numbers: Sequence[int] | slice) -> Float32s:
        """Some rows as float32."""
        return to_float32(np.asarray(self._map[numbers]), self._dtype)


class CachedDecoder:
    """A decoder's graph with its key-value cache, which stays inside ONNX Runtime from step to step."""

    def __init__(self, session: onnxruntime.InferenceSession, heads: int, width: int, layers: int) -> None:
        self._session, self._heads, self._width = session, heads, width
        self._parts = [f"{part}_{layer}" for layer in range(layers) for part in "kv"]
        self._past: dict[str, onnxruntime.OrtValue] = {}
        self.length = 0

    def reset(self, batch: int) -> None:
        """Forget the past."""
        empty = np.zeros((batch, self._heads, 0, self._width), np.float32)
        self._past = {f"past_{part}": onnxruntime.OrtValue.ortvalue_from_numpy(empty) for part in self._parts}
        self.length = 0

    def repeat(self, batch: int) -> None:
        """The past of one answer for `batch` of them."""
        if batch > 1:
            self._past = {
                name: onnxruntime.OrtValue.ortvalue_from_numpy(np.repeat(value.numpy(), batch, axis=0))
                for name, value in self._past.items()
            }

    def step(self, inputs: dict[str, Any]) -> Float32s:
        """hidden (B, T, width) after some more tokens; arrays and values of ONNX Runtime may be mixed."""
        feeds = {
            name: value if isinstance(value, onnxruntime.OrtValue) else onnxruntime.OrtValue.ortvalue_from_numpy(value)
            for name, value in inputs.items()
        }
        names = ["hidden", *(f"present_{part}" for part in self._parts)]
        hidden, *present = self._session.run_with_ort_values(names, feeds | self._past)
        self._past = {f"past_{part}": value for part, value in zip(self._parts, present, strict=True)}
        self.length += inputs["ids"].shape[1]
        return np.asarray(hidden.numpy())
