"""Trained networks as ONNX graphs: exported, compressed, and added to a model's folder.

Sizes: matrices are stored in 8 bits by blocks (MatMulNBits: activations stay float), other large tensors in float16.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from ..model_folder import ModelCard, read_card, write_card

_OPSET = 18
_BLOCK = 64
_SMALL = 4096  # elements; tensors up to this size stay float32


def axis(name: str, most: int) -> Any:
    """An axis of any length from 1 to `most`."""
    return torch.export.Dim(name, min=1, max=most)


def export_graph(
    module: nn.Module,
    inputs: Mapping[str, Tensor | list[Tensor]],
    outputs: list[str],
    axes: dict[str, Any],
    path: Path,
    eight_bits: bool = False,
) -> None:
    """Write one graph with dynamic axes in one file, its large tensors in float16.

    inputs: an input that is a list is one for each of its entries, with numbers added to its name.
    eight_bits: store the weights of matrix products in 8 bits.
    """
    program = torch.onnx.export(
        module.eval(),
        (),
        kwargs=dict(inputs),
        input_names=_names(inputs),
        output_names=outputs,
        opset_version=_OPSET,
        dynamic_shapes={name: axes[name] for name in inputs},  # in their order
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    program.save(str(path))
    _join(path)
    if eight_bits:
        _quantize_matrices(path)
    _store_halves(path)


def _names(inputs: Mapping[str, Tensor | list[Tensor]]) -> list[str]:
    """What the inputs are called in the graph."""
    return [
        name if isinstance(value, Tensor) else f"{name}{number}"
        for name, value in inputs.items()
        for number in range(1 if isinstance(value, Tensor) else len(value))
    ]


def _join(path: Path) -> None:
    """Move constants into the one file, and drop the exporter's metadata, which names local source folders."""
    model = onnx.load(str(path))
    graph = model.graph
    for noted in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del noted.metadata_props[:]
    for extra in path.parent.glob(path.name + ".data"):
        extra.unlink()
    onnx.save(model, str(path))


def _quantize_matrices(path: Path) -> None:
    """Store the weights of matrix products in 8 bits, a scale for every 64."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    # 4: int8 by int8 products. Without it, weights are converted to floats at every step, which is ten times as slow.
    settings = {"block_size": _BLOCK, "is_symmetric": True, "bits": 8, "accuracy_level": 4}
    quantizer = MatMulNBitsQuantizer(onnx.load(str(path)), **settings)
    quantizer.process()
    quantizer.model.save_model_to_file(str(path), False)


def _store_halves(path: Path) -> None:
    """Keep large float32 constants of a graph as float16, with a Cast that onnxruntime folds away when it loads."""
    model = onnx.load(str(path))
    casts, kept = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and np.prod(tensor.dims) > _SMALL:
            half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), tensor.name + ".half")
            kept.append(half)
            casts.append(helper.make_node("Cast", [half.name], [tensor.name], to=TensorProto.FLOAT))
        else:
            kept.append(tensor)
    nodes = [*casts, *model.graph.node]
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    del model.graph.value_info[:]
    onnx.save(model, str(path))


def add_graph(
    folder: Path,
    name: str,
    export: Callable[[Path], None],
    settings: dict[str, dict[str, Any]],
    training: dict[str, Any],
    tasks: tuple[str, ...] = (),
    shared: dict[str, dict[str, str]] | None = None,
) -> ModelCard:
    """Add a graph to a model's folder: `export` writes it, the card lists it.

    settings: merged into the groups of the card's settings.  training: records of the training.  tasks: those that the
    graph enables.  shared: names the graph in a folder of shared files, which has it already; nothing is exported.
    Raises MotionGPTError if the folder is not a model.
    """
    card = read_card(folder)
    files = {file: check for file, check in card.files.items() if file != name}
    if shared is None:
        export(folder / name)
        files[name] = ""
    else:
        (folder / name).unlink(missing_ok=True)
    elsewhere = {place: {f: c for f, c in held.items() if f != name} for place, held in card.shared.items()}
    for place, held in (shared or {}).items():
        elsewhere[place] = {**elsewhere.get(place, {}), **held}
    card = msgspec.structs.replace(
        card,
        files=files,
        shared={place: held for place, held in elsewhere.items() if held},
        tasks=tuple(dict.fromkeys((*card.tasks, *tasks))),
        settings={**card.settings, **{k: {**card.settings.get(k, {}), **v} for k, v in settings.items()}},
        training={**card.training, **training},
    )
    return write_card(card, folder)
