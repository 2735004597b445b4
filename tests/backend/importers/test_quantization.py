"""Weights in 8 and 4 bits come back near what they were, and as ONNX Runtime reads them."""

import numpy as np
import pytest

from motiongpt.backend.importers.quantization import Quantized, quantize, quantized_infos


def restored(quantized: Quantized, bits: int) -> np.ndarray:
    """(out, in) by the formula that MatMulNBits documents."""
    if bits == 8:
        values = quantized.integers.astype(np.float64) - 128.0
    else:
        assert quantized.zeros is not None
        packed = quantized.integers
        values = np.stack([packed & 15, packed >> 4], axis=-1).reshape(*packed.shape[:-1], -1).astype(np.float64)
        zeros = np.stack([quantized.zeros & 15, quantized.zeros >> 4], axis=-1).reshape(len(packed), -1)
        values -= zeros[:, : packed.shape[1], None]
    return (values * quantized.scales[..., None]).reshape(len(values), -1)


@pytest.mark.parametrize(("bits", "spread"), [(8, 0.008), (4, 0.09)])
@pytest.mark.parametrize("columns", [32, 64, 96, 768])  # an odd number of blocks too
def test_rounding_moves_normal_weights_little(bits: int, spread: float, columns: int) -> None:
    weight = np.random.default_rng(columns).standard_normal((200, columns)).astype(np.float32)
    quantized = quantize(weight, bits)
    assert np.sqrt(((restored(quantized, bits) - weight) ** 2).mean()) < spread
    infos = quantized_infos("w", 200, columns, bits)
    assert infos[f"w.int{bits}"].shape == quantized.integers.shape and infos["w.scale"].shape == quantized.scales.shape
    if quantized.zeros is not None:
        assert infos["w.zero"].shape == quantized.zeros.shape


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("row", [[0.0] * 64, [3.0] * 64, [-2.0] * 64, [1e-25] * 64, [0.0] * 63 + [1.0]])
def test_blocks_without_spread(bits: int, row: list[float]) -> None:
    weight = np.array([row], np.float32)
    back = restored(quantize(weight, bits), bits)
    assert np.isfinite(back).all()
    assert np.abs(back - weight).max() <= np.abs(weight).max() / 100


@pytest.mark.parametrize("bits", [8, 4])
def test_onnx_runtime_multiplies_by_the_same_weights(bits: int) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    import onnxruntime

    random = np.random.default_rng(3)
    weight, x = random.standard_normal((48, 96)).astype(np.float32), random.standard_normal((5, 96)).astype(np.float32)
    quantized = quantize(weight, bits)
    parts = {"q": quantized.integers, "s": quantized.scales} | ({} if bits == 8 else {"z": quantized.zeros})
    block = quantized.integers.shape[2] * 8 // bits
    node = onnx.helper.make_node(
        "MatMulNBits", ["x", *parts], ["y"], domain="com.microsoft",
        K=96, N=48, bits=bits, block_size=block, accuracy_level=4,
    )  # fmt: skip
    graph = onnx.helper.make_graph(
        [node],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [5, 96])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [5, 48])],
        [onnx.numpy_helper.from_array(value, name) for name, value in parts.items()],
    )
    opsets = [onnx.helper.make_opsetid("", 21), onnx.helper.make_opsetid("com.microsoft", 1)]
    model = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    expected = x.astype(np.float64) @ restored(quantized, bits).T
    assert np.abs(session.run(None, {"x": x})[0] - expected).max() < 0.02 * np.abs(expected).max()
