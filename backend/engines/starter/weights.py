"""The weights of the starter model's language model in its graphs, by the names of `backend.training.language.net`.

Graphs keep the names of tables, norms and biases. Matrices may have lost theirs when they were compressed: they are
told by the order in which the network multiplies by them. Nothing here depends on the sizes of the network.
"""

from collections.abc import Mapping
from pathlib import Path

from ....retarget.errors import MotionGPTError
from ....retarget.typing import Float32s
from ...checkpoints.onnx_graph import OnnxGraph
from ...checkpoints.onnx_weights import OnnxWeights, Weight
from ...model_folder import ModelCard, find_file
from .vocabulary import END, LEVELS, detail_name

_PREFIX = "model."
_ATTENTION = ("key", "value", "query", "out")
_FEED_FORWARD = ("gate", "up", "down")
_LEVELS = ("detail", "chosen", "detail_up", "detail_head")  # in older models not numbered


def graph_names(card: ModelCard) -> tuple[str, ...]:
    """The graphs with the language model's weights."""
    levels = int(card.settings.get("levels", LEVELS))
    return ("memory.onnx", "step.onnx", *(f"{detail_name(level)}.onnx" for level in range(1, levels)))


def read_weights(folder: Path, card: ModelCard) -> dict[str, Float32s]:
    """Every weight of the language model. Raises MotionGPTError ("no_model") where a graph holds something else."""
    found: dict[str, Float32s] = {}
    for graph in graph_names(card):
        for name, weight in _weights(OnnxGraph(find_file(folder, card, graph)), graph, card).items():
            if name not in found:
                found[name] = weight.read()
    return found


def change(graph: OnnxGraph, file: str, card: ModelCard, changes: Mapping[str, Float32s]) -> None:
    """Add something to some weights of a graph. changes: by the weight's name; others' are ignored."""
    for name, weight in _weights(graph, file, card).items():
        if name in changes:
            weight.write(weight.read() + changes[name])


def without_words(graph: OnnxGraph) -> None:
    """Let a step's logits be those of motion codes and END alone, a fifth of all. A head of another shape than that of
    an export is left as it is."""
    head = graph.source("logits")
    name = head.inputs[1] if head is not None and head.kind in ("Gemm", "MatMul") else ""
    if (cast := graph.source(name)) is not None and cast.kind == "Cast":
        name = cast.inputs[0]
    if head is None or name not in graph.tensors or len(graph.uses(name)) > 1 or len(head.inputs) > 2:
        return
    weight = graph.tensors[name]
    graph.tensors[name] = weight[: END + 1] if head.ints.get("transB", 0) else weight[:, : END + 1]
    graph.free("logits", 2)


def _weights(graph: OnnxGraph, file: str, card: ModelCard) -> dict[str, Weight]:
    weights = OnnxWeights(graph)
    matrices = weights.matrices()
    names = _matrix_names(file, len(matrices), card)
    if len(names) != len(matrices):
        raise MotionGPTError(
            f"The weights in {file} of the model {card.name} can't be told apart.",
            "Export the model again.",
            "no_model",
        )
    # The states of the text are multiplied beside their mean, in either order.
    matrices.sort(key=lambda matrix: matrix.input != "states")
    named = {_numbered(name): weight for name, weight in weights.named(_PREFIX).items()}
    return named | {f"{name}.weight": matrix.weight for name, matrix in zip(names, matrices, strict=True)}


def _matrix_names(file: str, count: int, card: ModelCard) -> list[str]:
    """What a graph multiplies by, in order. count: how many there are, which says how many layers the encoder has."""
    layers = range(int(card.settings["layers"]))
    if file == "memory.onnx":
        cross = [f"decoder.{i}.cross_attention.{part}" for i in layers for part in ("key", "value")]
        encoder = range((count - 2 - len(cross)) // (len(_ATTENTION) + len(_FEED_FORWARD)))
        inside = [name for i in encoder for name in (*_of(f"encoder.{i}.attention", _ATTENTION), *_after("encoder", i))]
        return ["from_text", "from_sentence", *inside, *cross]
    if file == "step.onnx":
        return [*(name for i in layers for name in _of_decoder(i)), "head"]
    level = 0 if file == "detail.onnx" else int(file.removeprefix("detail").removesuffix(".onnx")) - 1
    return [f"detail_up.{level}", f"detail_head.{level}"]


def _of(module: str, parts: tuple[str, ...]) -> list[str]:
    return [f"{module}.{part}" for part in parts]


def _after(side: str, layer: int) -> list[str]:
    return _of(f"{side}.{layer}.feed_forward", _FEED_FORWARD)


def _of_decoder(layer: int) -> list[str]:
    own = _of(f"decoder.{layer}.self_attention", _ATTENTION)
    return [*own, *_of(f"decoder.{layer}.cross_attention", ("query", "out")), *_after("decoder", layer)]


def _numbered(name: str) -> str:
    """The name of a weight of further levels, numbered as they are."""
    module, _, rest = name.partition(".")
    return f"{module}.0.{rest}" if module in _LEVELS and rest == "weight" else name
