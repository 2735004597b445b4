"""The graph of a decoding step, made quicker as it is loaded; its weights stay as they are.

Its shape is that of `backend.training.language.export`; inputs and outputs are found by their names. A graph of another
shape is left alone.
"""

import itertools

import numpy as np

from ...checkpoints.onnx_graph import Node, OnnxGraph
from .vocabulary import END

_SWAPPED = (0, 2, 1, 3)


def for_motion(graph: OnnxGraph) -> None:
    """Both changes, for what writes motion."""
    without_words(graph)
    # share_memory(graph)


def without_words(graph: OnnxGraph) -> None:
    """Let logits be those of motion codes and END alone, a fifth of all."""
    head = graph.source("logits")
    if head is None:
        return
    name = head.inputs[1]
    if (cast := graph.source(name)) is not None and cast.kind == "Cast":
        name = cast.inputs[0]
    by_row = head.kind == "Gemm" and bool(head.ints.get("transB", 0)) and len(head.inputs) == 2
    if name not in graph.tensors or len(graph.uses(name)) > 1 or not (by_row or head.kind == "MatMul"):
        return
    weight = graph.tensors[name]
    graph.tensors[name] = weight[: END + 1] if by_row else weight[:, : END + 1]
    graph.free("logits", 2)


def share_memory(graph: OnnxGraph) -> None:
    """Let answers to one prompt share its keys and values: `cross_k0` and the like, and `mask`, then have a row for
    every group of answers, all groups of one size, which is one large product in the place of many small ones."""
    found = [_attention(graph, layer) for layer in itertools.takewhile(
        lambda layer: graph.uses(f"cross_k{layer}"), itertools.count()
    )]  # fmt: skip
    layers = [one for one in found if one is not None]
    if not layers or len(layers) < len(found):
        return
    graph.tensors |= {"shared:any": np.array([-1]), "shared:one": np.array([1])}
    sizes = [Node.make("Shape", ["cross_k0"], f"shared:{axis}", start=axis, end=axis + 1) for axis in (0, 1, 3)]
    grouped = ["shared:0", "shared:any", "shared:1", "shared:3"]  # (groups, answers, heads, width)
    single = ["shared:any", "shared:1", "shared:one", "shared:3"]  # (B, heads, 1, width)
    shapes = [
        Node.make("Concat", parts, name, axis=0) for name, parts in (("shared:in", grouped), ("shared:out", single))
    ]
    for layer, (scores, mixed) in enumerate(layers):
        query, made, n = scores.inputs[0], mixed.outputs[0], f"shared:{layer}:"
        graph.replace(
            scores,
            [
                Node.make("Reshape", [query, "shared:in"], n + "apart"),
                Node.make("Transpose", [n + "apart"], n + "query", perm=_SWAPPED),
                scores.renamed({query: n + "query"}),
            ],
        )
        for user in graph.uses(made):
            graph.replace(user, [user.renamed({made: n + "made"})])
        graph.replace(
            mixed,
            [
                mixed,
                Node.make("Transpose", [made], n + "back", perm=_SWAPPED),
                Node.make("Reshape", [n + "back", "shared:out"], n + "made"),
            ],
        )
        for side in "kv":
            graph.free(f"cross_{side}{layer}", 4)
    graph.nodes[:0] = [*sizes, *shapes]
    graph.free("mask", 2)


def _attention(graph: OnnxGraph, layer: int) -> tuple[Node, Node] | None:
    """The products of a layer's attention to the prompt: of queries (B, heads, 1, width) and keys, and of weights and
    values; None where they are not found."""
    keys, values = graph.uses(f"cross_k{layer}"), graph.uses(f"cross_v{layer}")
    turned = graph.uses(keys[0].outputs[0]) if len(keys) == 1 and keys[0].kind == "Transpose" else []
    if [node.kind for node in (*turned, *values)] != ["MatMul", "MatMul"]:
        return None
    return turned[0], values[0]
