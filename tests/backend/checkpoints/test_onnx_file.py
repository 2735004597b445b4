"""The external data of ONNX graphs is found, wherever in the graph it is."""

from pathlib import Path

import pytest

from motiongpt.backend.checkpoints.onnx_file import external_files
from motiongpt.backend.model_folder import BUNDLED
from motiongpt.retarget.errors import MotionGPTError

onnx = pytest.importorskip("onnx", reason="onnx is not installed")
from onnx import TensorProto, helper


def tensor(location: str) -> TensorProto:
    one = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
    for key, value in (("offset", "0"), ("location", location)):
        one.external_data.add(key=key, value=value)
    return one


def places() -> dict[str, onnx.ModelProto]:
    """A graph with external data in each place that may hold a tensor."""
    inner = helper.make_graph([], "inner", [], [], [tensor("../inner")])
    sparse = onnx.SparseTensorProto(values=tensor("/sparse"), dims=[2])
    nodes = {
        "initializer": {},
        "attribute": {"value": tensor("a")},
        "attributes": {"values": [tensor("b")]},
        "subgraph": {"body": inner},
        "subgraphs": {"bodies": [inner]},
    }
    models = {}
    for name, attributes in nodes.items():
        node = helper.make_node("X", [], ["y"], **attributes)
        graph = helper.make_graph([node], "g", [], [], [tensor("w.bin")] if name == "initializer" else [])
        models[name] = helper.make_model(graph)
    models["sparse"] = helper.make_model(helper.make_graph([], "g", [], []))
    models["sparse"].graph.sparse_initializer.append(sparse)
    function = helper.make_function("d", "F", [], ["y"], [helper.make_node("X", [], ["y"], value=tensor("f"))], [])
    models["function"] = helper.make_model(helper.make_graph([], "g", [], []), functions=[function])
    return models


EXPECTED = {"initializer": "w.bin", "attribute": "a", "attributes": "b", "subgraph": "../inner",
            "subgraphs": "../inner", "sparse": "/sparse", "function": "f"}  # fmt: skip


@pytest.mark.parametrize("place", EXPECTED)
def test_external_data_is_found_in_every_place(tmp_path: Path, place: str) -> None:
    path = tmp_path / "g.onnx"
    path.write_bytes(places()[place].SerializeToString())
    assert external_files(path) == {EXPECTED[place]}


def test_the_bundled_graphs_have_none() -> None:
    graphs = list((BUNDLED / "starter").glob("*.onnx"))
    assert graphs and all(external_files(path) == set() for path in graphs)


@pytest.mark.parametrize(
    "content", [b"", b"weights", b"\x3a\xff\xff\xff\xff\x0f", b"\x3a\x05\x01", b"\x0b" * 9, b"\xff" * 30], ids=str
)
def test_what_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "g.onnx"
    path.write_bytes(content)
    with pytest.raises(MotionGPTError) as caught:
        external_files(path)
    assert caught.value.kind == "no_model"


def test_deep_nesting_ends_in_words(tmp_path: Path) -> None:
    graph = helper.make_graph([], "g", [], [], [tensor("w.bin")])
    for _ in range(25):
        graph = helper.make_graph([helper.make_node("If", [], ["y"], then_branch=graph)], "g", [], [])
    path = tmp_path / "g.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(MotionGPTError, match="nested too deeply"):
        external_files(path)
