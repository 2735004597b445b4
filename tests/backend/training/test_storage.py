"""Weights stored in few bits: how near they stay, that ONNX Runtime unpacks them when it loads, and sharing."""

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from onnx import TensorProto, helper, numpy_helper

from motiongpt.backend.training.storage import Packed
from motiongpt.retarget.errors import MotionGPTError

ROOM = {6: 0.27, 8: 0.34, 16: 0.51}  # of float32's; the 64 weights of a block also have a scale
APART = {6: 0.03, 8: 0.0075, 16: 0.0005}  # relative to the weights
_PROVIDERS = ["CPUExecutionProvider"]


def graph(product: np.ndarray, table: np.ndarray) -> onnx.ModelProto:
    """y = x product, z = the whole table."""
    nodes = [helper.make_node("MatMul", ["x", "product"], ["y"]), helper.make_node("Identity", ["table"], ["z"])]
    values = {"x": ["n", len(product)], "y": ["n", product.shape[1]], "z": list(table.shape)}
    infos = {name: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in values.items()}
    constants = [numpy_helper.from_array(product, "product"), numpy_helper.from_array(table, "table")]
    made = helper.make_graph(nodes, "graph", [infos["x"]], [infos["y"], infos["z"]], constants)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def drawn(*shape: int, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).normal(size=shape) * 0.05).astype(np.float32)


@pytest.mark.parametrize("bits", [6, 8, 16])
@pytest.mark.parametrize("inner", [320, 100])  # a whole number of blocks, and not
def test_weights_come_back_near_and_nothing_of_the_unpacking_is_left_to_run(bits, inner, tmp_path):
    product, table = drawn(inner, 640), drawn(33, 51, 3, seed=1)
    model = graph(product, table)
    Packed(6, {"product": bits, "table": bits})(model)
    onnx.checker.check_model(model)
    stored = model.SerializeToString()
    assert len(stored) < ROOM[bits] * 4 * (product.size + table.size) + 8000
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "run.onnx")
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(stored, options, providers=_PROVIDERS)
    x = drawn(5, inner, seed=2)
    y, z = session.run(None, {"x": x})
    assert np.square(z - table).mean() ** 0.5 < APART[bits] * table.std()
    rounding = 0.01  # of inputs in 8 bits
    assert np.square(y - x @ product).mean() ** 0.5 < (APART[bits] + rounding) * (x @ product).std()
    run = {node.op_type for node in onnx.load(str(tmp_path / "run.onnx")).graph.node}
    assert run <= {"MatMulNBits", "MatMul", "Identity"}


def test_a_product_whose_weights_are_used_twice_stays_a_product_of_floats():
    model = graph(drawn(128, 64), drawn(65, 65))
    model.graph.node.append(helper.make_node("Identity", ["product"], ["same"]))
    Packed(8)(model)
    assert "MatMul" in {node.op_type for node in model.graph.node}
    onnx.checker.check_model(model)


def test_weights_that_are_not_finite_are_refused():
    product = drawn(128, 64)
    product[3, 4] = np.nan
    with pytest.raises(MotionGPTError, match="product are not finite"):
        Packed(6)(graph(product, drawn(65, 65)))


def outputs(path: Path) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(str(path), providers=_PROVIDERS)
    return session.run(None, {"x": drawn(4, 96, seed=5)})
