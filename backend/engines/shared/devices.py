"""Which network runs a model: ONNX Runtime on the CPU, transformers on a GPU."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ....retarget.errors import MotionGPTError
from ...engine import PRECISIONS
from .networks import INT8, ONNX_NETWORKS, Network


def make_network(
    architecture: str, folder: Path, shape: Mapping[str, Any], device: str, precision: str, use_torch: bool = False
) -> Network:
    """The language model of a model folder, loaded. architecture: "t5" or "llama".

    precision: "auto" is int8 on the CPU, where the folder has int8 weights, and bfloat16 on a GPU.  use_torch:
    transformers on the CPU too. Raises MotionGPTError for a device or precision that is not available.
    """
    if precision not in PRECISIONS:
        raise MotionGPTError(f"There is no precision {precision}.", f"Use {', '.join(PRECISIONS)}.")
    gpu = device != "cpu" and _has_cuda()
    if device == "cuda" and not gpu:
        raise MotionGPTError(
            "No CUDA GPU can be used.",
            'Install the package\'s extra "llm" with a CUDA build of torch, or use the CPU.',
            "no_device",
        )
    if not gpu and not use_torch and precision in ("auto", "int8", "float32"):
        int8 = precision == "int8" or (precision == "auto" and (folder / INT8).is_file())
        return ONNX_NETWORKS[architecture](folder, shape, "int8" if int8 else "float32")
    if precision == "int8":
        raise MotionGPTError("int8 weights run on the CPU only.", "Use bfloat16 on a GPU.")
    from .torch_networks import TORCH_NETWORKS

    dtype = "float32" if precision == "float32" else "bfloat16"
    return TORCH_NETWORKS[architecture](folder, shape, "cuda" if gpu else "cpu", dtype)


def _has_cuda() -> bool:
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers")):
        return False
    from .torch_networks import has_cuda

    return has_cuda()
