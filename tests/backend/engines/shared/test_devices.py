"""Which precision an imported model is loaded in."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed")

from motiongpt.backend.bench.full_size import SHAPE, write_random_model
from motiongpt.backend.checkpoints.safetensors_file import SafetensorsWriter
from motiongpt.backend.checkpoints.tensors import TensorInfo
from motiongpt.backend.engines.measured import machine, records
from motiongpt.backend.engines.shared import devices
from motiongpt.backend.engines.shared.devices import best_precision, make_network
from motiongpt.backend.engines.shared.networks import PROBE, QUANTIZED, WEIGHTS
from motiongpt.backend.importers import onnx_graphs
from motiongpt.backend.importers.layouts import LlamaShape, llama_shapes
from motiongpt.backend.importers.model_writer import write_language_model
from motiongpt.backend.importers.onnx_graphs import llama_model
from motiongpt.retarget.errors import MotionGPTError

SMALL = replace(
    SHAPE, vocabulary=300, width=64, heads=2, head_width=32, feed_forward=64, encoder_layers=1, decoder_layers=1
)
LLAMA = LlamaShape(vocabulary=100, width=64, heads=2, layers=5, feed_forward=96)


@pytest.fixture(autouse=True)
def nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(records.CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(records, "_in_memory", {})
    monkeypatch.setattr(machine, "instructions", frozenset)  # no half precision


@pytest.fixture(scope="module")
def t5(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("t5")
    write_random_model(folder, SMALL)
    return folder


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A LLaMA of five layers, of which two are measured."""
    folder, random = tmp_path_factory.mktemp("llama"), np.random.default_rng(0)
    infos = {name: TensorInfo("F32", size) for name, size in llama_shapes(LLAMA).items()}
    with SafetensorsWriter(folder / WEIGHTS, infos) as writer:
        for name, info in infos.items():
            writer.write_array(name, random.standard_normal(info.shape, "f4") * np.float32(0.1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_graphs, "PROBE_WEIGHTS", 2 * (4 * 64**2 + 3 * 64 * 96))
        write_language_model(folder, llama_model(LLAMA))
    return folder


def timed(monkeypatch: pytest.MonkeyPatch, **seconds: float) -> list[list[str]]:
    """Let the measurement give these seconds; returns what it was asked to measure."""
    asked: list[list[str]] = []

    def measure(makes: Mapping[str, Any]) -> dict[str, float]:
        asked.append(list(makes))
        for make in makes.values():
            make().start([5, 6, 1], 1)
        return {name: seconds[name] for name in makes}

    monkeypatch.setattr(devices, "seconds_per_token", measure)
    return asked


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [
        ({"float32": 0.03, "int8": 0.01, "int4": 0.01}, "int8"),
        ({"float32": 0.03, "int8": 0.05, "int4": 0.04}, "float32"),
    ],
)
def test_auto_is_what_was_measured_to_be_best(
    t5: Path, seconds: dict[str, float], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = timed(monkeypatch, **seconds)
    for _ in range(2):
        network = make_network("t5", t5, asdict(SMALL), "cpu", "auto")
        assert network.precision == chosen and network.why == records.records()[0].why
    assert asked == [["float32", "int8", "int4"]]  # once
    assert make_network("t5", t5, asdict(SMALL), "cpu", "int4").precision == "int4"
    assert make_network("t5", t5, asdict(SMALL), "cpu", "int4").why == "4 bits"
    assert len(asked) == 1


def test_the_real_measurement_has_a_winner(t5: Path) -> None:
    assert best_precision("t5", t5, asdict(SMALL)) in ("float32", "int8", "int4")
    assert set(records.records()[0].seconds) == {"float32", "int8", "int4"}


def test_a_large_llama_is_measured_by_its_first_layers(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (llama / f"{PROBE}-int4.onnx").is_file()
    timed(monkeypatch, float32=0.02, int8=0.008, int4=0.007)
    assert best_precision("llama", llama, asdict(LLAMA)) == "int8"
    assert records.records()[0].seconds == pytest.approx(
        {"float32": 0.05, "int8": 0.02, "int4": 0.0175}
    )  # 5 of 2 layers


def test_what_does_not_fit_into_memory_is_not_measured(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = sum(int(np.prod(size)) for size in llama_shapes(LLAMA).values())
    asked = timed(monkeypatch, int8=0.05, int4=0.01)
    monkeypatch.setattr(machine, "memory_bytes", lambda: 2 * weights)
    assert best_precision("llama", llama, asdict(LLAMA)) == "int4"
    assert asked == [["int8", "int4"]]
    monkeypatch.setattr(machine, "memory_bytes", lambda: weights // 10)  # the smallest all the same
    assert best_precision("llama", llama, asdict(LLAMA)) == "int4"
    assert len(asked) == 1


def test_a_model_of_an_older_version_runs_without_4_bits(
    t5: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "older"
    folder.mkdir()
    for path in t5.iterdir():
        if "int4" not in path.name:
            (folder / path.name).write_bytes(path.read_bytes())
    assert not (folder / QUANTIZED[4]).exists()
    asked = timed(monkeypatch, float32=0.03, int8=0.01)
    assert make_network("t5", folder, asdict(SMALL), "cpu", "auto").precision == "int8"
    assert asked == [["float32", "int8"]]
    with pytest.raises(MotionGPTError, match="has no int4 weights"):
        make_network("t5", folder, asdict(SMALL), "cpu", "int4")


def test_unknown_precisions_are_refused(t5: Path) -> None:
    with pytest.raises(MotionGPTError, match="no precision int3"):
        make_network("t5", t5, asdict(SMALL), "cpu", "int3")


def test_what_runs_on_a_gpu_in_which_precision(t5: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a GPU that is imitated: the choice alone."""
    torch_networks = pytest.importorskip("motiongpt.backend.engines.shared.torch_networks", exc_type=ImportError)
    made: list[tuple[str, str]] = []

    class Noted:
        why = ""

        def __init__(self, folder: Path, shape: Mapping[str, Any], device: str, precision: str) -> None:
            made.append((device, precision))

    monkeypatch.setitem(torch_networks.TORCH_NETWORKS, "t5", Noted)
    monkeypatch.setattr(torch_networks, "has_cuda", lambda: True)
    for device in ("auto", "cuda"):
        for precision in ("auto", "bfloat16", "float16", "float32"):
            make_network("t5", t5, asdict(SMALL), device, precision)
    assert made == [("cuda", p) for p in ("bfloat16", "bfloat16", "float16", "float32")] * 2
    assert make_network("t5", t5, asdict(SMALL), "cpu", "float32").device == "cpu"
    with pytest.raises(MotionGPTError, match="run on the CPU only"):
        make_network("t5", t5, asdict(SMALL), "cuda", "int8")
    monkeypatch.setattr(torch_networks, "has_cuda", lambda: False)
    with pytest.raises(MotionGPTError, match="No CUDA GPU can be used"):
        make_network("t5", t5, asdict(SMALL), "cuda", "auto")
