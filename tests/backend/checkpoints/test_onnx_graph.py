"""Graphs, read and written without the package onnx, which says here whether they are right."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from motiongpt.backend.checkpoints.onnx_graph import OnnxGraph, has_blocks, unpack_blocks
from motiongpt.backend.model_folder import BUNDLED
from motiongpt.retarget.errors import MotionGPTError

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
from onnx import TensorProto, helper, numpy_helper

from motiongpt.backend.training.storage import Packed

GRAPHS = sorted(path.relative_to(BUNDLED).as_posix() for path in BUNDLED.glob("*/*.onnx"))


def saved(path: Path, *held: TensorProto) -> Path:
    """A graph that multiplies x by m.product, which has a table as well."""
    attributes = {"axis": -1, "alpha": 0.5, "name": "seven", "perm": [1, 0]}
    nodes = [
        helper.make_node("MatMul", ["x", "m.product"], ["y"], name="first"),
        helper.make_node("Strange", ["y", "", "m.table"], ["z", "rest"], domain="far.away", **attributes),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["b", w]) for n, w in (("x", 100), ("z", 70))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], held, doc_string="words")
    onnx.save(helper.make_model(graph, producer_name="someone"), str(path))
    return path


def weights(name: str, *shape: int) -> TensorProto:
    return numpy_helper.from_array(np.random.default_rng(len(name)).normal(size=shape).astype(np.float32), name)


@pytest.mark.parametrize("file", GRAPHS)
def test_bundled_graphs_are_written_as_they_were_read(file: str) -> None:
    path = BUNDLED / file
    before, after = onnx.load(str(path)), onnx.load_from_string(OnnxGraph(path).data)
    one, other = ({t.name: numpy_helper.to_array(t) for t in model.graph.initializer} for model in (before, after))
    assert one.keys() == other.keys()
    for name, values in one.items():
        assert values.dtype == other[name].dtype
        np.testing.assert_array_equal(values, other[name])
    for model in (before, after):
        del model.graph.initializer[:]
    assert before == after


def test_what_is_not_understood_is_kept(tmp_path: Path) -> None:
    truths = numpy_helper.from_array(np.array([True, False]), "truths")
    listed = helper.make_tensor("listed", TensorProto.INT64, [3], [1, -2, 3])  # not as raw bytes
    held = (weights("m.product", 100, 70), weights("m.table", 65, 71), truths, listed)
    path = saved(tmp_path / "g.onnx", *held)
    before, after = onnx.load(str(path)), onnx.load_from_string(OnnxGraph(path).data)
    assert {t.name: numpy_helper.to_array(t).tolist() for t in before.graph.initializer} == {
        t.name: numpy_helper.to_array(t).tolist() for t in after.graph.initializer
    }
    for model in (before, after):
        del model.graph.initializer[:]
    assert before == after


def test_parts_are_found_by_name(tmp_path: Path) -> None:
    graph = OnnxGraph(saved(tmp_path / "g.onnx", weights("m.product", 100, 70), weights("m.table", 65, 71)))
    first, second = graph.nodes
    assert graph.source("y") == first and graph.source("rest") == second and graph.source("x") is None
    assert graph.uses("y") == [second] and graph.uses("m.product") == [first] and graph.uses("z") == []
    assert (first.kind, second.inputs, second.ints) == ("MatMul", ("y", "", "m.table"), {"axis": -1})


def test_an_output_is_set_free_of_its_size(tmp_path: Path) -> None:
    graph = OnnxGraph(saved(tmp_path / "g.onnx", weights("m.product", 100, 70), weights("m.table", 65, 71)))
    graph.free("z", 2)
    model = onnx.load_from_string(graph.data)
    sizes = {end.name: end.type.tensor_type.shape.dim for end in (*model.graph.input, *model.graph.output)}
    assert [size.dim_value for size in sizes["x"]] == [0, 100] and [size.dim_value for size in sizes["z"]] == [0, 0]
    assert len({size.dim_param for size in (sizes["x"][0], *sizes["z"])}) == 3


@pytest.mark.parametrize("bits", [6, 8])
def test_blocks_are_unpacked_to_what_onnxruntime_unpacks(tmp_path: Path, bits: int) -> None:
    names = {"m.product": (100, 70), "m:table": (65, 71)}
    nodes = [helper.make_node("MatMul", ["x", "m.product"], ["y"]), helper.make_node("Neg", ["m:table"], ["z"])]
    shapes = {"x": ["b", 100], "y": ["b", 70], "z": [65, 71]}
    x, *outputs = (helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in shapes.items())
    held = [weights(name, *shape) for name, shape in names.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], outputs, held), opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )
    path = tmp_path / "g.onnx"
    onnx.save(model, str(path))
    assert not has_blocks(path)
    Packed(bits)(model)  # type: ignore[arg-type]
    onnx.save(model, str(path))
    assert has_blocks(path)
    graph = OnnxGraph(path)
    unpack_blocks(graph)
    assert [node.kind for node in graph.nodes] == ["MatMulNBits", "Neg"]
    given = {"x": np.random.default_rng(0).normal(size=(5, 100)).astype(np.float32)}
    results = [
        onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, given)
        for file in (str(path), graph.data)
    ]
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("content", [b"\x3a\xff\xff\x03no", b"\x3a\x02\x0a\x09", b"weights"], ids=str)
def test_what_is_no_graph_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "g.onnx").write_bytes(content)
    with pytest.raises(MotionGPTError, match="is no ONNX graph"):
        OnnxGraph(tmp_path / "g.onnx")
