"""Which network runs a model: ONNX Runtime on the CPU, transformers on a GPU; and in which precision."""

import functools
import hashlib
import importlib.util
import logging
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ....retarget.errors import MotionGPTError
from ...checkpoints.safetensors_file import SafetensorsFile
from ...engine import PRECISIONS
from ...model_folder import CARD_NAME
from ..measured import machine
from ..measured.records import recorded
from ..measured.timing import Steps, seconds_per_token
from .lanes import processors
from .networks import ONNX_NETWORKS, ONNX_PRECISIONS, PROBE, WEIGHTS, Network, OnnxLlama

_BYTES = {"float32": 4.0, "bfloat16": 2.0, "float16": 2.0, "int8": 1.07, "int4": 0.65}
"""Of a weight in memory."""
_MEMORY = 0.7
"""Share of the machine's memory that weights may take."""
log = logging.getLogger(__name__)


def make_network(
    architecture: str, folder: Path, shape: Mapping[str, Any], device: str, precision: str, use_torch: bool = False
) -> Network:
    """The language model of a model folder, loaded. architecture: "t5" or "llama".

    precision: "auto" is what `best_precision` finds on the CPU, and bfloat16 on a GPU.  use_torch: transformers on the
    CPU too. Raises MotionGPTError for a device or precision that is not available.
    """
    if precision not in PRECISIONS:
        raise MotionGPTError(f"There is no precision {precision}.", f"Use {', '.join(PRECISIONS)}.")
    gpu = device != "cpu" and has_gpu()
    if device == "cuda" and not gpu:
        raise MotionGPTError(
            "No CUDA GPU can be used.",
            'Install the package\'s extra "llm" with a CUDA build of torch, or use the CPU.',
            "no_device",
        )
    why = ""
    if not gpu and not use_torch:
        if precision == "auto":
            precision, why = _best(architecture, folder, shape)
        if precision in ONNX_PRECISIONS:
            if precision not in _onnx_precisions(folder):
                raise MotionGPTError(
                    f"The model in {folder} has no {precision} weights.", "Import it again, or use --precision auto."
                )
            return _reasoned(ONNX_NETWORKS[architecture](folder, shape, precision), why)
    if precision in ("int8", "int4"):
        raise MotionGPTError(f"{precision} weights run on the CPU only.", "Use bfloat16 on a GPU.")
    return _reasoned(_torch_network(architecture, folder, shape, "cuda" if gpu else "cpu", precision), why)


def _reasoned(network: Network, why: str) -> Network:
    network.why = why or network.why
    return network


def best_precision(architecture: str, folder: Path, shape: Mapping[str, Any]) -> str:
    """The precision for the CPU of this machine: measured at a model's first start here, and kept.

    Of what does not fit into memory nothing is measured, nor of a model whose folder has no small graph for it.
    """
    return _best(architecture, folder, shape)[0]


def _best(architecture: str, folder: Path, shape: Mapping[str, Any]) -> tuple[str, str]:
    """The best precision, and why; "" where nothing was measured."""
    found = _fitting(folder, [*_onnx_precisions(folder), *_half_precisions(architecture)])
    probe = (folder / f"{PROBE}.onnx").is_file()
    makes: dict[str, Callable[[], Steps]] = {}
    for name in found:
        if name in ONNX_PRECISIONS and probe:
            makes[name] = functools.partial(OnnxLlama, folder, shape, name, PROBE)
        elif name in ONNX_PRECISIONS:
            makes[name] = functools.partial(ONNX_NETWORKS[architecture], folder, shape, name)
        elif not probe:
            makes[name] = functools.partial(_torch_network, architecture, folder, shape, "cpu", name)
    if len(makes) == 1 or (architecture == "llama" and not probe and _bytes(folder, "int8") > 1e9):
        # Too large to be loaded in every precision: one that was imported without a probe.
        return ("int8" if "int8" in found else found[0]), ""
    card = folder / CARD_NAME
    fingerprint = hashlib.sha256(card.read_bytes()).hexdigest() if card.is_file() else str(folder.resolve())
    record = recorded(folder.name, fingerprint, processors(), list(makes), lambda: _seconds(makes, shape))
    return record.precision, record.why


def _seconds(makes: Mapping[str, Callable[[], Steps]], shape: Mapping[str, Any]) -> dict[str, float]:
    """Seconds per token; those of a probe for as many layers as the model has."""
    layers: list[int] = []

    def noted(make: Callable[[], Steps]) -> Steps:
        made = make()
        layers.append(getattr(made, "layers", 0))
        return made

    seconds = seconds_per_token({name: functools.partial(noted, make) for name, make in makes.items()})
    share = shape["layers"] / layers[0] if layers and layers[0] else 1.0
    return {name: value * share for name, value in seconds.items()}


def _onnx_precisions(folder: Path) -> list[str]:
    return [name for name, file in ONNX_PRECISIONS.items() if (folder / file).is_file()]


def _half_precisions(architecture: str) -> list[str]:
    """Half precisions that this processor multiplies directly, where the packages for them are installed."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers")):
        return []
    known = machine.instructions()
    return [name for name, flags in machine.HALF_INSTRUCTIONS.items() if known & set(flags)]


def _fitting(folder: Path, precisions: list[str]) -> list[str]:
    """Those whose weights fit into this machine's memory; the smallest if none does."""
    most = _MEMORY * machine.memory_bytes()
    fitting = [name for name in precisions if not most or _bytes(folder, name) <= most]
    return fitting or [min(precisions, key=_BYTES.__getitem__)]


def _bytes(folder: Path, precision: str) -> float:
    with SafetensorsFile(folder / WEIGHTS) as file:
        return _BYTES[precision] * sum(math.prod(info.shape) for info in file.tensors.values())


def _torch_network(architecture: str, folder: Path, shape: Mapping[str, Any], device: str, precision: str) -> Network:
    from .torch_networks import TORCH_NETWORKS

    dtype = precision if precision in ("float32", "float16") else "bfloat16"
    return TORCH_NETWORKS[architecture](folder, shape, device, dtype)


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
    gpu = device != "cpu" and has_gpu()
    if device == "cuda" and not gpu:
        raise MotionGPTError("No CUDA GPU can be used.", "Install a CUDA build of torch, or use the CPU.", "no_device")
    if precision in ("int8", "int4"):
        raise MotionGPTError(f"This model has no {precision} weights.", "Use float32, bfloat16, float16 or auto.")
    from .torch_bases import AdaptedNetwork

    chosen = ("bfloat16" if gpu else "float32") if precision == "auto" else precision
    return AdaptedNetwork(base, adapter, size, "cuda" if gpu else "cpu", chosen)


def has_gpu() -> bool:
    """Whether torch and transformers are installed and can use a GPU."""
    if any(importlib.util.find_spec(name) is None for name in ("torch", "transformers")):
        return False
    from .torch_networks import has_cuda

    return has_cuda()
