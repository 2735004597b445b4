"""Which network runs a model: ONNX Runtime on the CPU, PyTorch on a GPU."""

import importlib.util
from pathlib import Path
from typing import Any

from ....retarget.errors import MotionGPTError
from ...engine import PRECISIONS
from .networks import Network


def make_network(
    on_cpu: type[Any], on_gpu: str, folder: Path, shape: dict[str, Any], device: str, precision: str
) -> Network:
    """precision "auto": eight-bit integers on the CPU, bfloat16 on a GPU. on_gpu: a class of `torch_networks`.

    Raises MotionGPTError for a device that is not there.
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
    if not gpu and precision in ("auto", "int8", "float32"):
        int8 = precision == "int8" or (precision == "auto" and (folder / "int8.safetensors").is_file())
        network: Network = on_cpu(folder, shape, "int8" if int8 else "float32")
        return network
    if precision == "int8":
        raise MotionGPTError("Eight-bit weights run on the CPU only.", "Use bfloat16 on a GPU.")
    from . import torch_networks

    made: Network = getattr(torch_networks, on_gpu)(
        folder, shape, "cuda" if gpu else "cpu", "float32" if precision == "float32" else "bfloat16"
    )
    return made


def _has_cuda() -> bool:
    if importlib.util.find_spec("torch") is None:
        return False
    from . import torch_networks

    return torch_networks.has_cuda()
