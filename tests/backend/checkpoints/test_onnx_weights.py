"""Weights in graphs: every way to store them is read as onnxruntime reads it, and written so that it computes with the
new ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from motiongpt.backend.checkpoints.onnx_graph import OnnxGraph
from motiongpt.backend.checkpoints.onnx_weights import OnnxWeights

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper

from motiongpt.backend.training.storage import Packed

IN, OUT = 64, 24
Nodes = tuple[list, list]


def _weights(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(OUT, IN)).astype(np.float32) * 0.1


def _plain(w: np.ndarray) -> Nodes:
    return [numpy_helper.from_array(w.T.copy(), "w")], [helper.make_node("MatMul", ["x", "w"], ["y"])]


def _gemm(w: np.ndarray) -> Nodes:
    return [numpy_helper.from_array(w, "w")], [helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)]


def _half(w: np.ndarray) -> Nodes:
    cast = helper.make_node("Cast", ["w.half"], ["w"], to=TensorProto.FLOAT)
    half = numpy_helper.from_array(w.T.astype(np.float16), "w.half")
    return [half], [cast, helper.make_node("MatMul", ["x", "w"], ["y"])]


def _turned(w: np.ndarray) -> Nodes:
    turn = helper.make_node("Transpose", ["w"], ["turned"], perm=[1, 0])
    return [numpy_helper.from_array(w, "w")], [turn, helper.make_node("MatMul", ["x", "turned"], ["y"])]


def _steps(axis: int | None, block: int, signed: bool, zero: int) -> Callable[[np.ndarray], Nodes]:
    """8 bits with a scale in all, for each index of an axis, or for each block along it."""

    def make(w: np.ndarray) -> Nodes:
        values = w.T  # (IN, OUT)
        if axis is None:
            scale = np.float32(np.abs(values).max() / 127.0)
        elif block:
            scale = np.abs(values.reshape(IN // block, block, OUT)).max(axis=1) / 127.0
        else:
            scale = np.abs(values).max(axis=1 - axis) / 127.0
        spread = scale if axis is None else np.repeat(scale, block, 0) if block else np.expand_dims(scale, 1 - axis)
        kind = np.int8 if signed else np.uint8
        steps = np.round(values / spread + zero).astype(kind)
        zeros = np.full(np.shape(scale), zero, kind)
        held = [
            numpy_helper.from_array(steps, "w.steps"),
            numpy_helper.from_array(np.asarray(scale, np.float32), "w.scale"),
            numpy_helper.from_array(zeros, "w.zero"),
        ]
        more = {} if axis is None else {"axis": axis} | ({"block_size": block} if block else {})
        opened = helper.make_node("DequantizeLinear", ["w.steps", "w.scale", "w.zero"], ["w"], **more)
        return held, [opened, helper.make_node("MatMul", ["x", "w"], ["y"])]

    return make


def _blocks(w: np.ndarray) -> Nodes:
    apart = w.reshape(OUT, IN // 16, 16)
    scale = np.abs(apart).max(axis=2) / 127.0
    steps = np.round(apart / scale[..., None] + 128).astype(np.uint8)
    held = [numpy_helper.from_array(steps, "w_Q8"), numpy_helper.from_array(scale.astype(np.float32), "w_scales")]
    sizes = {"K": IN, "N": OUT, "bits": 8, "block_size": 16}
    return held, [
        helper.make_node("MatMulNBits", ["x", *(t.name for t in held)], ["y"], domain="com.microsoft", **sizes)
    ]


STORED = {
    "float32": _plain,
    "gemm": _gemm,
    "float16": _half,
    "transposed": _turned,
    "one scale": _steps(None, 0, True, 0),
    "a scale for each output": _steps(1, 0, True, 0),
    "a scale for each input": _steps(0, 0, False, 128),
    "a scale for each block": _steps(0, 16, True, 0),
    "blocks of MatMulNBits": _blocks,
}


def _graph(path: Path, make: Callable[[np.ndarray], Nodes], weights: np.ndarray) -> Path:
    held, nodes = make(weights)
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["b", w]) for n, w in (("x", IN), ("y", OUT)))
    graph = helper.make_graph(nodes, "g", [x], [y], held)
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=10), str(path))
    return path


def _run(graph: str | bytes, x: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()  # as it is written: optimised, 8-bit weights meet rounded activations
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})[0]


@pytest.mark.parametrize("name", STORED)
def test_weights_are_read_and_written_as_they_are_stored(tmp_path: Path, name: str):
    before = _weights(0)
    path = _graph(tmp_path / "g.onnx", STORED[name], before)
    graph = OnnxGraph(path)
    (matrix,) = OnnxWeights(graph).matrices()
    assert matrix.input == "x" and np.abs(matrix.weight.read() - before).max() < 0.004
    x = np.random.default_rng(1).normal(size=(5, IN)).astype(np.float32)
    assert np.allclose(_run(str(path), x), x @ matrix.weight.read().T, atol=1e-4)
    after = before + 2.0 * _weights(2)  # also larger than what its scales were made for
    matrix.weight.write(after)
    assert np.abs(matrix.weight.read() - after).max() < 0.012
    assert np.allclose(_run(graph.data, x), x @ matrix.weight.read().T, atol=1e-4)


@pytest.mark.parametrize("bits", [6, 8])
def test_what_an_export_packs_is_read_and_written(tmp_path: Path, bits: int) -> None:
    rng = np.random.default_rng(0)
    product, table = (rng.normal(size=shape).astype(np.float32) * 0.1 for shape in ((100, 70), (65, 71)))
    held = [numpy_helper.from_array(product, "m.product"), numpy_helper.from_array(table, "m.table")]
    nodes = [helper.make_node("MatMul", ["x", "m.product"], ["y"]), helper.make_node("Neg", ["m.table"], ["z"])]
    shapes = {"x": ["b", 100], "y": ["b", 70], "z": [65, 71]}
    x, *outputs = (helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in shapes.items())
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], outputs, held), opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )
    Packed(bits)(model)
    path = tmp_path / "g.onnx"
    onnx.save(model, str(path))
    graph = OnnxGraph(path)
    weights = OnnxWeights(graph)
    (matrix,), named = weights.matrices(), weights.named("m.")
    assert list(named) == ["table"]
    near = {6: 0.02, 8: 0.003}[bits]
    assert np.abs(matrix.weight.read() - product.T).max() < near and np.abs(named["table"].read() - table).max() < near
    matrix.weight.write(2.0 * product.T)
    named["table"].write(-table)
    session = onnxruntime.InferenceSession(graph.data, providers=["CPUExecutionProvider"])
    given = rng.normal(size=(5, 100)).astype(np.float32)
    made, whole = session.run(None, {"x": given})
    assert np.array_equal(-whole, named["table"].read()) and np.abs(whole - table).max() < near
    assert np.allclose(made, given @ matrix.weight.read().T, atol=0.05)  # activations are rounded to 8 bits


def test_names_are_those_that_the_graph_computes_with(tmp_path: Path):
    path = _graph(tmp_path / "g.onnx", _half, _weights(0))
    assert list(OnnxWeights(OnnxGraph(path)).named("w")) == [""]
    assert not OnnxWeights(OnnxGraph(path)).named("model.")
