"""Trained networks as ONNX graphs: exported, and added to a model's folder. `storage` makes them small."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import onnx
import torch
from torch import Tensor, nn

from ..model_folder import ModelCard, read_card, write_card
from .storage import Storage, halves

_OPSET = 18


def axis(name: str, most: int) -> Any:
    """An axis of any length from 1 to `most`."""
    return torch.export.Dim(name, min=1, max=most)


def export_graph(
    module: nn.Module,
    inputs: Mapping[str, Tensor | list[Tensor] | dict[str, Tensor]],
    outputs: list[str],
    axes: dict[str, Any],
    path: Path,
    store: Storage = halves,
) -> None:
    """Write one graph with dynamic axes in one file.

    inputs: an input that is a list is one for each of its entries, with numbers added to its name; of a dict, by their
    own names.
    store: how its weights are stored.
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
    _finish(path, store)


def _names(inputs: Mapping[str, Tensor | list[Tensor] | dict[str, Tensor]]) -> list[str]:
    """What the inputs are called in the graph."""
    found: list[str] = []
    for name, value in inputs.items():
        if isinstance(value, Tensor):
            found.append(name)
        else:
            found += value if isinstance(value, dict) else [f"{name}{number}" for number in range(len(value))]
    return found


def _finish(path: Path, store: Storage) -> None:
    """Drop the exporter's metadata, which names local source folders, and move constants into the one file."""
    model = onnx.load(str(path))
    graph = model.graph
    for noted in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del noted.metadata_props[:]
    store(model)
    for extra in path.parent.glob(path.name + ".data"):
        extra.unlink()
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
