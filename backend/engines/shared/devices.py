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


def adapted_network(base: Path, adapter: Path | None, size: int, device: str, precision: str) -> Network:
    """A causal language model: a base model's folder of transformers, of which one copy is kept in memory for all its
    adapters, and a folder of peft's, or None. size: of the vocabulary.

    precision: "auto" is float32 on the CPU and bfloat16 on a GPU. Raises MotionGPTError for a device that is not
    available, for missing packages, and for files that can't be loaded.
    """
    missing = [name for name in ("torch", "transformers", "peft") if importlib.util.find_spec(name) is None]
    if missing:
        raise MotionGPTError(
            f"This model needs {', '.join(missing)}.",
            'Install the extra "llm": pip install motiongpt-blender[llm] (in Blender: choose a Python that has it).',
            "missing_package",
        )
    gpu = device != "cpu" and _has_cuda()
    if device == "cuda" and not gpu:
        raise MotionGPTError("No CUDA GPU can be used.", "Install a CUDA build of torch, or use the CPU.", "no_device")
    if precision == "int8":
        raise MotionGPTError("This model has no int8 weights.", "Use float32, bfloat16 or auto.")
    from .torch_bases import AdaptedNetwork

    half = precision == "bfloat16" or (precision == "auto" and gpu)
    return AdaptedNetwork(base, adapter, size, "cuda" if gpu else "cpu", "bfloat16" if half else "float32")


def _has_cuda() -> bool:
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers")):
        return False
    from .torch_networks import has_cuda

    return has_cuda()
